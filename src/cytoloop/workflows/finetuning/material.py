"""From accepted objects of an image to pairs of pictures and labels, in a worker."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop.annotations.raster import polygons_to_labels
from cytoloop.core.geometry import Box, Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.jobs.worker import Reporter
from cytoloop.learning.classical.channels import channel_plane, chosen_channel
from cytoloop.learning.training.incomplete import UNKNOWN
from cytoloop.workflows.images.analysis import read_pixels
from cytoloop.workflows.images.files import ImageFiles, open_files
from cytoloop.workflows.training.datasets import write_pair

from .plan import Unmarked

WHOLE_PX = 16_000_000
"""Images up to this are learnt from whole; of larger ones windows around objects."""
WINDOW_PX = 1024
MOST_WINDOWS = 60
"""Of a large image: those that hold most objects."""
TRAINING_SHARE = 0.7
"""Where only one image is learnt from, the share of its objects on the side that is."""
HELD_MARK = "held"
"""Ends the name of a pair that is held out although its image is not."""
_LEAST_LEFT = 0.5
"""Share of an object that other objects must leave of it; less is a second outline of the same thing."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What is known of a plane, in full-resolution px: objects, places that hold none, areas annotated completely."""

    objects: Sequence[BaseGeometry]
    empty: Sequence[BaseGeometry]
    complete: Sequence[BaseGeometry]


ROLES = ("object", "empty", "complete")


def cut(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Write pairs of one image into ``call["output"]``.

    ``call``: what ``ImageFiles.as_call`` told; ``objects`` (Parquet: z, t, role, wkb); ``stem`` of the pairs' names;
    ``unmarked``; ``channel``; ``divided``: whether a part of the image is held out.
    """
    folder = Path(call["output"])
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    table = pq.read_table(call["objects"])
    pyramid = open_files(ImageFiles.of_call(call), reporter)
    written = objects = 0
    try:
        planes = sorted(set(zip(table["z"].to_pylist(), table["t"].to_pylist(), strict=True)))
        for number, (z, t) in enumerate(planes):
            reporter.progress(number / len(planes), "Cutting out what was annotated")
            marks = _marks(table.filter((pc.field("z") == z) & (pc.field("t") == t)))
            if not marks.objects and not marks.complete:
                continue
            for name, box in _boxes(marks, pyramid, divided=call["divided"]):
                stem = f"{call['stem']}-z{z}-t{t}{name}"
                objects += _write(folder, stem, pyramid, box, Plane(z, t), marks, call)
                written += 1
    finally:
        pyramid.source.close()
    return {"pairs": written, "objects": objects}


def _marks(table: pa.Table) -> Marks:
    chosen = [
        list(shapely.from_wkb(table.filter(pc.field("role") == role)["wkb"].to_pylist())) if len(table) else []
        for role in ROLES
    ]
    return Marks(*chosen)


def _boxes(marks: Marks, pyramid: Pyramid, *, divided: bool) -> Iterator[tuple[str, Box]]:
    """Names (appended to the stem) and places of the pairs of a plane."""
    info = pyramid.info
    whole = Box(0, 0, info.width, info.height)
    boxes = [("", whole)] if info.width * info.height <= WHOLE_PX else list(_windows(marks, whole))
    if not divided:
        yield from boxes
        return
    if len(boxes) > 1:
        learnt = max(1, round(len(boxes) * TRAINING_SHARE))
        for number, (name, box) in enumerate(boxes):
            yield (name if number < learnt else f"{name}-{HELD_MARK}"), box
        return
    yield from _halves(marks, boxes[0][1])


def _windows(marks: Marks, whole: Box) -> Iterator[tuple[str, Box]]:
    """Windows of a grid that hold objects, those with most of them; in order of their places."""
    points = shapely.get_coordinates(shapely.centroid([*marks.objects, *marks.complete]))
    places, counts = np.unique((points // WINDOW_PX).astype(int), axis=0, return_counts=True)
    for column, row in sorted(places[np.argsort(-counts, kind="stable")[:MOST_WINDOWS]].tolist()):
        x, y = column * WINDOW_PX, row * WINDOW_PX
        yield f"-x{x}-y{y}", Box(x, y, x + WINDOW_PX, y + WINDOW_PX).intersection(whole)


def _halves(marks: Marks, whole: Box) -> Iterator[tuple[str, Box]]:
    """An image in two along its longer side, so that most objects lie in the first part."""
    wide = whole.width >= whole.height
    side = whole.width if wide else whole.height
    points = shapely.get_coordinates(shapely.centroid(list(marks.objects)))[:, 0 if wide else 1]
    cut_at = round(float(np.quantile(points, TRAINING_SHARE))) if len(points) else round(side * TRAINING_SHARE)
    cut_at = min(max(cut_at, round(side * 0.3)), round(side * 0.85))
    if wide:
        parts = Box(0, 0, cut_at, whole.height), Box(cut_at, 0, whole.width, whole.height)
    else:
        parts = Box(0, 0, whole.width, cut_at), Box(0, cut_at, whole.width, whole.height)
    yield "", parts[0]
    yield f"-{HELD_MARK}", parts[1]


def _write(
    folder: Path, stem: str, pyramid: Pyramid, box: Box, plane: Plane, marks: Marks, call: dict[str, Any]
) -> int:
    """Write one pair; how many objects it has."""
    pixels = read_pixels(pyramid, box, plane)
    picture: NDArray[np.generic] = pixels.array
    if not pixels.rgb:
        picture = channel_plane(pixels, chosen_channel(pixels, call["channel"]))[0]
    labels = labels_of(marks, box, Unmarked(call["unmarked"]))
    write_pair(folder, stem, picture, labels)
    return int(np.unique(labels[labels > 0]).size)


def labels_of(marks: Marks, box: Box, unmarked: Unmarked) -> NDArray[np.int32]:
    """Labels ``(h, w) int32`` of a box: above 0 = objects, 0 = background, -1 = not known.

    Of two outlines of the same thing the later one counts.
    """
    shape = (int(box.height), int(box.width))

    def drawn(geometries: Sequence[BaseGeometry]) -> NDArray[np.uint32]:
        return polygons_to_labels(geometries, shape, x0=box.x0, y0=box.y0)

    objects = drawn(marks.objects).astype(np.int32)
    labels = np.full(shape, 0 if unmarked is Unmarked.BACKGROUND else UNKNOWN, np.int32)
    labels[drawn(marks.complete) > 0] = 0
    labels[drawn(marks.empty) > 0] = 0
    covered = _covered(objects, marks.objects, box)
    labels[objects > 0] = np.where(covered[objects], UNKNOWN, objects)[objects > 0]
    return labels


def _covered(objects: NDArray[np.int32], outlines: Sequence[BaseGeometry], box: Box) -> NDArray[np.bool_]:
    """By number: whether later objects lie on most of one, ``(n + 1,) bool``."""
    found = np.zeros(len(outlines) + 1, bool)
    if len(outlines):
        inside = shapely.area(shapely.intersection(list(outlines), shapely.box(*box.as_tuple())))
        left = np.bincount(objects.ravel(), minlength=len(outlines) + 1)[1:]
        found[1:] = left < _LEAST_LEFT * inside
    return found
