"""What a worker process does for one row of a comparison."""

from pathlib import Path
from typing import Any

import orjson

from cytoloop.core.geometry import Box, Plane
from cytoloop.jobs.worker import Reporter
from cytoloop.learning.registry import MethodRegistry
from cytoloop.workflows.images.analysis import read_pixels
from cytoloop.workflows.images.files import ImageFiles, open_files

from .comparing import Cell, Row, found_by, picture_of, row_method


def run(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Segment a box by one row; numbers go to ``call["output"]`` + ``.json``, the picture to + ``.jpg``.

    ``call``: what ``ImageFiles.as_call`` told; ``models`` and ``pixels`` folders or null; ``row`` as JSON;
    ``box`` (px); ``z``, ``t``; ``name`` of the image.
    """
    methods = MethodRegistry.of_call(call)
    method = row_method(methods, Row.from_json(call["row"]))
    files = ImageFiles.of_call(call)
    box, plane = Box(*call["box"]), Plane(call["z"], call["t"])
    pyramid = open_files(files, reporter)
    try:
        reporter.progress(0.1, "Finding objects")
        found = found_by(method, pyramid, box, plane)
        picture = picture_of(read_pixels(pyramid, box, plane), found.labels)
    finally:
        pyramid.source.close()
    diameter = found.diameter_px if found.objects else None
    cell = Cell(call["name"], found.objects, diameter, found.seconds, None, None)
    output = Path(call["output"])
    output.with_suffix(".jpg").write_bytes(picture)
    output.with_suffix(".json").write_bytes(orjson.dumps(cell.as_json()))
    return {"objects": found.objects}
