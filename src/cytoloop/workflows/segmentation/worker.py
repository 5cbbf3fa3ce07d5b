"""What a worker process does for a segmentation: tiles, and for slides what comes before and after them."""

import json
from pathlib import Path
from typing import Any

from cytoloop.core.geometry import Box, Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.jobs.worker import Reporter
from cytoloop.learning.method import Calibration, Method, Pixels, finds_regions, parse_parameters
from cytoloop.learning.registry import MethodRegistry
from cytoloop.learning.slides.grid import Tile
from cytoloop.workflows.images.analysis import calibrate, projection_in, read_pixels
from cytoloop.workflows.images.files import ImageFiles, open_files

from .outlines import object_outlines, object_table, region_outlines, strip_table, write_table
from .slide_worker import find_foreground, join_strips
from .wanted import wanted_in


def run(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """One step of a segmentation; ``call["step"]`` says which."""
    match call["step"]:
        case "foreground":
            return find_foreground(call, reporter)
        case "strips":
            return join_strips(call, reporter)
        case "store":
            return {}
        case _:
            return segment_tile(call, reporter)


def segment_tile(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Segment one tile; outlines go to Parquet files: to ``strips`` those that a neighbour sees too, else ``output``.

    ``call``: what ``ImageFiles.as_call`` told; ``models`` and ``pixels`` folders or null; ``method``, ``parameters``;
    ``core`` and ``read`` boxes, in px of the analysis, and its ``downsample``; ``z``, ``t``; ``region`` and
    ``foreground`` as in ``wanted_in``; ``whole`` whether the tile is the image's only one; ``strips`` null where no
    tile is beside it.
    """
    method = MethodRegistry.of_call(call).by_name(call["method"])
    files = ImageFiles.of_call(call)
    pyramid = open_files(files, reporter)
    tile = Tile(Box(*call["core"]), Box(*call["read"]))
    try:
        reporter.progress(0.05, "Reading pixels")
        plane = Plane(call["z"], call["t"])
        pixels = read_pixels(pyramid, tile.read, plane, projection_in(method), call["downsample"])
        parameters = parse_parameters(method, call["parameters"])
        reporter.progress(0.3, "Finding objects")
        calibration = _calibration(call, method, parameters, pyramid, pixels)
        found = method.segment(pixels, parameters, calibration)
    finally:
        pyramid.source.close()
    reporter.progress(0.9, "Tracing outlines")
    outlines = region_outlines if finds_regions(method) else object_outlines
    outlined = outlines(found, tile, wanted_in(call), call["downsample"])
    if call["strips"] is not None:
        write_table(Path(call["strips"]), strip_table(outlined.strips))
    write_table(Path(call["output"]), object_table(outlined.polygons, outlined.scores))
    return {"objects": len(outlined.scores)}


_KEPT = 16
_calibrations: dict[str, Calibration] = {}
"""What this process found for the images it worked on last: the tiles of a slide share one calibration."""


def _calibration(
    call: dict[str, Any], method: Method, parameters: Any, pyramid: Pyramid, pixels: Pixels
) -> Calibration:
    plane, downsample = Plane(call["z"], call["t"]), call["downsample"]
    if call["whole"]:
        return calibrate(method, parameters, pyramid, plane, pixels)
    names = ("original", "blob", "series", "method", "parameters", "z", "t", "downsample")
    key = json.dumps([call.get(name) for name in names], sort_keys=True)
    if key not in _calibrations:
        while len(_calibrations) >= _KEPT:
            del _calibrations[next(iter(_calibrations))]
        _calibrations[key] = calibrate(method, parameters, pyramid, plane, None, downsample)
    return _calibrations[key]
