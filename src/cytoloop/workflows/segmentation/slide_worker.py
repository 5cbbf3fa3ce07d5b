"""What a worker does for a whole slide before its tiles (where to look) and after them (objects across borders)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from cytoloop.core.geometry import Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.jobs.worker import Reporter
from cytoloop.learning.method import Method, parse_parameters
from cytoloop.learning.registry import MethodRegistry
from cytoloop.learning.slides.merging import Merged, Strips, all_of, merged_rows
from cytoloop.workflows.images.analysis import overview, projection_in
from cytoloop.workflows.images.files import ImageFiles, open_files

from .outlines import object_table, read_strips, write_table
from .wanted import Foreground, wanted_in

FOREGROUND_PX = 4096
"""Longer side of the reduced image in which the foreground is found."""
PART_OBJECTS = 20_000
"""Objects that are stored in one transaction at most: others want to write in between."""


def foreground_step(width: int, height: int) -> float:
    """How many full-resolution pixels of an image one pixel of its foreground stands for."""
    return max(1.0, max(width, height) / FOREGROUND_PX)


def find_foreground(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Find the foreground on a reduced view of the slide; it goes to the PNG file ``call["output"]``.

    ``call``: the image's files; ``models``, ``pixels``; ``method`` and ``parameters`` of what finds it; ``z``, ``t``.
    Returns ``step``: how many full-resolution pixels one of the PNG stands for; ``share``: how much is foreground.
    """
    method = MethodRegistry.of_call(call).by_name(call["method"])
    pyramid = open_files(ImageFiles.of_call(call), reporter)
    try:
        reporter.progress(0.1, "Looking for the specimen")
        parameters = parse_parameters(method, call["parameters"])
        found = foreground_of(pyramid, Plane(call["z"], call["t"]), method, parameters)
    finally:
        pyramid.source.close()
    found.save(Path(call["output"]))
    return {"step": found.step, "share": float(found.mask.mean())}


def foreground_of(pyramid: Pyramid, plane: Plane, method: Method, parameters: Any) -> Foreground:
    """Where to look on an image, as a method finds it on a reduced view of the whole."""
    seen = overview(pyramid, plane, FOREGROUND_PX, projection_in(method))
    found = method.segment(seen, parameters, method.calibrate(seen, parameters))
    return Foreground(found.labels > 0, foreground_step(pyramid.info.width, pyramid.info.height))


def join_strips(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Make one set of the objects that neighbouring tiles both see; it goes to files of at most 20,000 objects.

    ``call``: ``rows``, from the top: ``reach`` (the y from which later rows see pixels) and ``files`` of the row's
    strips; ``regions``: whether to join regions instead of matching objects; ``region``, ``foreground`` as in
    ``wanted_in``; ``output``: the files' beginning.
    """
    wanted = wanted_in(call)
    count, total, waiting = 0, 0, (np.empty(0, dtype=object), np.empty(0))
    for number, found in enumerate(merged_rows(_rows(call["rows"]), regions=call["regions"])):
        reporter.progress(number / (len(call["rows"]) + 1), "Joining objects across tiles")
        polygons, scores = wanted.clipped(*found) if call["regions"] else wanted.kept(*found)
        total += len(polygons)
        waiting = (np.concatenate([waiting[0], polygons]), np.concatenate([waiting[1], scores]))
        while len(waiting[0]) >= PART_OBJECTS:
            _write_part(call["output"], count, (waiting[0][:PART_OBJECTS], waiting[1][:PART_OBJECTS]))
            waiting = waiting[0][PART_OBJECTS:], waiting[1][PART_OBJECTS:]
            count += 1
    if len(waiting[0]):
        _write_part(call["output"], count, waiting)
        count += 1
    return {"parts": count, "objects": total}


def part_path(beginning: str, number: int) -> Path:
    """The file of one part of the joined objects."""
    return Path(f"{beginning}.{number}.parquet")


def _write_part(beginning: str, number: int, merged: Merged) -> None:
    write_table(part_path(beginning, number), object_table(*merged))


def _rows(rows: list[dict[str, Any]]) -> Iterator[tuple[float, Strips]]:
    number = 0
    for row in rows:
        parts = [read_strips(Path(name), number + offset) for offset, name in enumerate(row["files"])]
        number += len(parts)
        yield row["reach"], all_of(parts)
