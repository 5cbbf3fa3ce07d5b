"""Which pixels belong to which object: neighbours are rasterised together, overlapping ones apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import rasterio.features
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import MergeAlg

from cytoloop.core.geometry import Box

BLOCK_PX = 1024
"""Objects whose centres lie in one square of this size are looked at together."""


@dataclass(frozen=True, slots=True)
class Group:
    """Objects looked at together, by number, ascending, and the box that holds them, whole px."""

    members: NDArray[np.int64]
    box: Box

    @property
    def pixel_count(self) -> float:
        return self.box.width * self.box.height


@dataclass(frozen=True, slots=True)
class PixelList:
    """Pixels of objects, ``(m,)`` each: the owner's number, and row and column from the box's corner."""

    owner: NDArray[np.int64]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]

    def joined(self, other: "PixelList") -> "PixelList":
        """Both lists as one."""
        return _concatenated([self, other])


def groups_of(bounds: NDArray[np.float64], extent: tuple[int, int], max_pixels: int) -> Iterator[Group]:
    """Neighbours together, as long as their box stays below ``max_pixels``.

    ``bounds (n, 4)`` are x0, y0, x1, y1 in px. Objects that do not touch the image come in no group.
    """
    width, height = extent
    low = np.maximum(np.floor(bounds[:, :2]), 0)
    high = np.minimum(np.maximum(np.ceil(bounds[:, 2:]), low + 1), (width, height))
    inside = np.flatnonzero((high > low).all(axis=1))
    centers = (bounds[inside, :2] + bounds[inside, 2:]) / 2 // BLOCK_PX
    order = np.lexsort((centers[:, 0], centers[:, 1]))
    inside, centers = inside[order], centers[order]
    if len(inside) == 0:
        return
    breaks = np.flatnonzero((np.diff(centers, axis=0) != 0).any(axis=1)) + 1
    for members in np.split(inside, breaks):
        yield from _bounded(members, low, high, max_pixels)


def _bounded(
    members: NDArray[np.int64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    max_pixels: int,
) -> Iterator[Group]:
    corner, end = low[members].min(axis=0), high[members].max(axis=0)
    box = Box(float(corner[0]), float(corner[1]), float(end[0]), float(end[1]))
    if len(members) == 1 or box.width * box.height <= max_pixels:
        yield Group(np.sort(members), box)
        return
    sizes = (high[members] - low[members]).prod(axis=1)
    large = sizes > max_pixels / 4
    for one in members[large] if large.any() and not large.all() else ():
        yield from _bounded(np.array([one]), low, high, max_pixels)
    rest = members[~large] if large.any() and not large.all() else members
    if len(rest) == len(members):
        half = len(members) // 2
        yield from _bounded(members[:half], low, high, max_pixels)
        yield from _bounded(members[half:], low, high, max_pixels)
    else:
        yield from _bounded(rest, low, high, max_pixels)


def pixels_of(geometries: NDArray[np.object_], members: NDArray[np.int64], box: Box) -> PixelList:
    """The pixels of some objects inside a box.

    A polygon has the pixels whose centres are inside; a line those at steps of a pixel along it; a point
    the one that it is on. Overlapping objects have the shared pixels both.
    """
    dimension = shapely.get_dimensions(geometries[members])
    lists = [_of_lines(geometries, members[dimension == 1], box)]
    lists.append(_of_points(geometries, members[dimension == 0], box))
    lists.extend(_of_polygons(geometries, members[dimension == 2], box))
    return _concatenated(lists)


def _concatenated(lists: Sequence[PixelList]) -> PixelList:
    return PixelList(
        np.concatenate([one.owner for one in lists]),
        np.concatenate([one.rows for one in lists]),
        np.concatenate([one.columns for one in lists]),
    )


def _of_polygons(geometries: NDArray[np.object_], members: NDArray[np.int64], box: Box) -> Iterator[PixelList]:
    if len(members) == 0:
        return
    labels = _burnt(geometries[members], box, MergeAlg.replace, range(1, len(members) + 1))
    covers = _burnt(geometries[members], box, MergeAlg.add, [1] * len(members))
    shared = covers > 1
    if not shared.any():
        yield _listed(labels, members)
        return
    bounds = shapely.bounds(geometries[members])
    doubtful = _touch_any(shared, bounds, box)
    clear = np.concatenate([[0], np.where(doubtful, 0, np.arange(1, len(members) + 1))])
    yield _listed(clear[labels], members)
    for chosen in _disjoint(bounds, np.flatnonzero(doubtful)):
        part = members[chosen]
        yield _listed(_burnt(geometries[part], box, MergeAlg.replace, range(1, len(part) + 1)), part)


def _burnt(geometries: NDArray[np.object_], box: Box, how: MergeAlg, values: Sequence[int]) -> NDArray[np.int32]:
    return rasterio.features.rasterize(
        zip(geometries, values, strict=True),
        out_shape=(int(box.height), int(box.width)),
        transform=Affine.translation(box.x0, box.y0),
        merge_alg=how,
        dtype="int32",
    )


def _listed(labels: NDArray[np.integer], members: NDArray[np.int64]) -> PixelList:
    flat = np.flatnonzero(labels)
    rows, columns = np.divmod(flat, labels.shape[1])
    return PixelList(members[labels.ravel()[flat] - 1], rows, columns)


def _touch_any(marked: NDArray[np.bool_], bounds: NDArray[np.float64], box: Box) -> NDArray[np.bool_]:
    """Which boxes hold a marked pixel."""
    table = np.zeros((marked.shape[0] + 1, marked.shape[1] + 1), np.int64)
    table[1:, 1:] = marked.cumsum(axis=0).cumsum(axis=1)
    corner = np.array([box.x0, box.y0])
    limits = np.array([marked.shape[1], marked.shape[0]])
    x0, y0 = np.clip(np.floor(bounds[:, :2] - corner), 0, limits).astype(np.int64).T
    x1, y1 = np.clip(np.ceil(bounds[:, 2:] - corner), 0, limits).astype(np.int64).T
    return table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0] > 0


def _disjoint(bounds: NDArray[np.float64], rest: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Parts of ``rest`` whose boxes do not touch each other."""
    while len(rest):
        chosen: list[int] = []
        left: list[int] = []
        taken = np.empty((0, 4))
        for one in rest.tolist():
            x0, y0, x1, y1 = bounds[one]
            apart = (taken[:, 0] > x1) | (taken[:, 2] < x0) | (taken[:, 1] > y1) | (taken[:, 3] < y0)
            if apart.all():
                chosen.append(one)
                taken = bounds[chosen]
            else:
                left.append(one)
        yield np.array(chosen)
        rest = np.array(left, np.int64)


def _of_lines(geometries: NDArray[np.object_], members: NDArray[np.int64], box: Box) -> PixelList:
    steps = np.maximum(1, np.ceil(shapely.length(geometries[members])).astype(np.int64))
    owner = np.repeat(members, steps + 1)
    first = np.repeat(np.cumsum(steps + 1) - (steps + 1), steps + 1)
    share = (np.arange(len(owner)) - first) / np.repeat(steps, steps + 1)
    spots = shapely.line_interpolate_point(geometries[owner], share, normalized=True)
    return _at(shapely.get_coordinates(spots), owner, box)


def _of_points(geometries: NDArray[np.object_], members: NDArray[np.int64], box: Box) -> PixelList:
    spots, index = shapely.get_coordinates(geometries[members], return_index=True)
    return _at(spots, members[index], box)


def _at(spots: NDArray[np.float64], owner: NDArray[np.int64], box: Box) -> PixelList:
    columns = np.floor(spots[:, 0] - box.x0).astype(np.int64)
    rows = np.floor(spots[:, 1] - box.y0).astype(np.int64)
    inside = (columns >= 0) & (rows >= 0) & (columns < box.width) & (rows < box.height)
    return PixelList(owner[inside], rows[inside], columns[inside])
