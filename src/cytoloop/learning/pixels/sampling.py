"""From scribbles to labelled pixels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop.core.geometry import Box
from cytoloop.measurements.pixels import pixels_of

from .filters import feature_maps
from .specification import PixelSpec
from .training import PixelSamples
from .windows import windows_at

TILE_PX = 512
Reader = Callable[[Box], NDArray[np.float32]]
"""Gives the pictures ``(p, h, w)`` of a box of whole px, those of the analysis."""


@dataclass(frozen=True, slots=True)
class Scribbles:
    """Drawn labels on one plane: outlines in px of the analysis, classes ``(n,)``, ids ``(n,)``, oldest first."""

    outlines: Sequence[BaseGeometry]
    classes: NDArray[np.int64]
    ids: NDArray[np.int64]


def with_width(outlines: Sequence[BaseGeometry], line_px: float) -> NDArray[np.object_]:
    """Lines and points as areas of a width; areas stay as they are."""
    found = np.empty(len(outlines), dtype=object)
    found[:] = list(outlines)
    thin = shapely.get_dimensions(found) < 2
    found[thin] = shapely.buffer(found[thin], line_px / 2)
    return found


@dataclass(frozen=True, slots=True)
class LabelledPixels:
    """Pixels ``(n,)`` each: row, column, class, and the scribble's id. No pixel is there twice."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    classes: NDArray[np.int64]
    groups: NDArray[np.int64]

    def at(self, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> "LabelledPixels":
        """Those of an index or a mask."""
        return LabelledPixels(self.rows[chosen], self.columns[chosen], self.classes[chosen], self.groups[chosen])


def labelled_pixels(scribbles: Scribbles, extent: Box) -> LabelledPixels:
    """The pixels of areas inside an image; where scribbles overlap, the newest counts."""
    areas = np.empty(len(scribbles.outlines), dtype=object)
    areas[:] = [_one_pixel_at_least(one) for one in scribbles.outlines]
    parts: list[tuple[NDArray[np.int64], ...]] = []
    for number in range(len(areas)):
        x0, y0, x1, y1 = (float(one) for one in shapely.bounds(areas[number]))
        box = Box(np.floor(x0), np.floor(y0), np.ceil(x1), np.ceil(y1)).intersection(extent)
        if box.is_empty:
            continue
        found = pixels_of(areas, np.array([number]), box)
        parts.append((found.rows + int(box.y0), found.columns + int(box.x0), found.owner))
    if not parts:
        empty = np.zeros(0, np.int64)
        return LabelledPixels(empty, empty, empty, empty)
    rows, columns, owner = (np.concatenate(one) for one in zip(*parts, strict=True))
    place = rows * int(extent.x1) + columns
    _, newest = np.unique(place[::-1], return_index=True)
    chosen = np.sort(len(place) - 1 - newest)
    owner = owner[chosen]
    return LabelledPixels(rows[chosen], columns[chosen], scribbles.classes[owner], scribbles.ids[owner])


def _one_pixel_at_least(outline: BaseGeometry) -> BaseGeometry:
    """An outline so thin that it may hold no pixel's centre, widened."""
    return outline if outline.area >= 4 else outline.buffer(0.8)


def sampled(pixels: LabelledPixels, most: int, rng: np.random.Generator) -> LabelledPixels:
    """At most so many pixels of each class."""
    kept: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    for one in np.unique(pixels.classes):
        members = np.flatnonzero(pixels.classes == one)
        kept.append(members if len(members) <= most else rng.choice(members, most, replace=False))
    return pixels.at(np.sort(np.concatenate(kept)))


def pixel_samples(
    pixels: LabelledPixels, chosen: LabelledPixels, read: Reader, extent: Box, spec: PixelSpec, classes: int
) -> PixelSamples:
    """Features of chosen pixels, tile by tile; ``pixels`` are all that are labelled.

    ``read`` is asked for boxes inside ``extent`` only.
    """
    order = np.lexsort((chosen.columns // TILE_PX, chosen.rows // TILE_PX))
    chosen = chosen.at(order)
    tile = (chosen.rows // TILE_PX) * (int(extent.x1) // TILE_PX + 1) + chosen.columns // TILE_PX
    values: list[NDArray[np.float32]] = [np.zeros((0, len(spec.names)), np.float32)]
    runs = np.split(np.arange(len(tile)), np.flatnonzero(np.diff(tile)) + 1)
    values += [_of_tile(chosen.at(members), read, extent, spec) for members in runs if len(members)]
    middles = _middles(pixels, chosen, spec, extent) if spec.patch_px else None
    return PixelSamples(np.concatenate(values), chosen.classes, chosen.groups, classes, middles)


def _of_tile(pixels: LabelledPixels, read: Reader, extent: Box, spec: PixelSpec) -> NDArray[np.float32]:
    halo = spec.halo_px
    x0, y0 = int(pixels.columns.min()) - halo, int(pixels.rows.min()) - halo
    x1, y1 = int(pixels.columns.max()) + 1 + halo, int(pixels.rows.max()) + 1 + halo
    box = Box(max(extent.x0, x0), max(extent.y0, y0), min(extent.x1, x1), min(extent.y1, y1))
    planes = read(box)
    rows, columns = pixels.rows - int(box.y0), pixels.columns - int(box.x0)
    if spec.patch_px:
        middle = spec.patch_px // 2
        return windows_at(planes, rows - middle, columns - middle, spec.patch_px)
    return np.ascontiguousarray(feature_maps(planes, spec)[:, rows, columns].T)


def _middles(pixels: LabelledPixels, chosen: LabelledPixels, spec: PixelSpec, extent: Box) -> NDArray[np.int8]:
    """Classes of the pixels in the middle of the windows, ``(n, side * side)``, -1 where not labelled."""
    side, width = spec.patch_core_px, int(extent.x1)
    place = pixels.rows * width + pixels.columns
    order = np.argsort(place)
    place, known = place[order], pixels.classes[order]
    steps = np.arange(side) - side // 2
    rows = chosen.rows[:, None, None] + steps[:, None]
    columns = chosen.columns[:, None, None] + steps
    wanted = np.where((columns >= 0) & (columns < width), rows * width + columns, -1).reshape(len(chosen.rows), -1)
    at = np.minimum(np.searchsorted(place, wanted), max(0, len(place) - 1))
    return np.where(place[at] == wanted, known[at], -1).astype(np.int8)
