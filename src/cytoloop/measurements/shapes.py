"""Sizes and shapes: exact ones of outlines, and ellipse-like ones of the pixels inside.

Lengths are in whatever unit the coordinates are: scale the geometry first where pixels are not square.
"""

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

CRACK_FACTOR = math.pi / 8 * (1 + math.sqrt(2))
"""0.948: makes lengths through the midpoints of pixel edges right on average over all directions. The
result is that of Crofton's formula in four directions, as in ``skimage.measure.perimeter_crofton``."""
_HULL_PAIRS = 4_000_000
"""Vertex pairs of convex hulls that are looked at together; bounds the memory."""


def scaled(geometries: NDArray[np.object_], x_factor: float, y_factor: float) -> NDArray[np.object_]:
    """Geometries with x and y multiplied; unchanged for 1, 1."""
    if x_factor == 1 and y_factor == 1:
        return geometries
    return shapely.transform(geometries, lambda xy: xy * (x_factor, y_factor))


def perimeters(geometries: NDArray[np.object_], x_factor: float = 1.0, y_factor: float = 1.0) -> NDArray[np.float64]:
    """Length of all rings of polygons, holes included; NaN for others.

    Exact for outlines as people draw them. An outline along pixel edges (traced from a mask) is a
    staircase, up to 41 % too long: its length is taken through the midpoints of the edges, times
    ``CRACK_FACTOR``. A rectangle stays exact.

    Parameters
    ----------
    geometries
        ``(n,)`` geometries in px.
    x_factor, y_factor
        Size of a pixel in the wanted unit.
    """
    lengths = shapely.length(scaled(geometries, x_factor, y_factor))
    cut = (x_factor + y_factor) / 2 - math.hypot(x_factor, y_factor) / 2
    corners = _staircase_corners(geometries)
    stairs = corners > 4
    lengths[stairs] = CRACK_FACTOR * (lengths[stairs] - cut * corners[stairs])
    return np.where(_are_polygons(geometries), lengths, math.nan)


def _staircase_corners(geometries: NDArray[np.object_]) -> NDArray[np.int64]:
    """Corners of outlines that run along pixel edges; 0 for all others."""
    count = len(geometries)
    coordinates, owner = shapely.get_coordinates(geometries, return_index=True)
    whole = (coordinates == np.round(coordinates)).all(axis=1)
    rings, ring_owner = shapely.get_rings(geometries, return_index=True)
    points, ring_of_point = shapely.get_coordinates(rings, return_index=True)
    step = np.diff(points, axis=0)
    inside_ring = np.diff(ring_of_point) == 0
    slanted = (step != 0).all(axis=1) & inside_ring
    stairs = np.zeros(count, bool)
    stairs[ring_owner] = True
    stairs[owner[~whole]] = False
    stairs[ring_owner[ring_of_point[:-1][slanted]]] = False
    heading = (step[:, 0] != 0).astype(np.int8)
    turns = (heading[1:] != heading[:-1]) & inside_ring[1:] & inside_ring[:-1]
    per_ring = np.bincount(ring_of_point[1:-1][turns], minlength=len(rings))
    per_ring += per_ring % 2  # the corner at the start is seen once or not at all
    corners = np.bincount(ring_owner, per_ring, minlength=count).astype(np.int64)
    return np.where(stairs, corners, 0)


def feret_diameters(
    geometries: NDArray[np.object_],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Largest and smallest distance of two parallel lines that enclose each object, ``(n,)`` each.

    Exact, on the convex hull (rotating calipers: Toussaint 1983, MELECON). 0 for points; the smallest is 0 for
    straight lines.
    """
    hulls = shapely.convex_hull(geometries)
    points, owner = shapely.get_coordinates(hulls, return_index=True)
    counts = np.bincount(owner, minlength=len(geometries))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    largest, smallest = np.zeros(len(geometries)), np.zeros(len(geometries))
    order = np.argsort(counts, kind="stable")
    begin = int(np.searchsorted(counts[order], 2))
    while begin < len(order):
        end = _chunk_end(counts[order], begin)
        rows = order[begin:end]
        places = np.minimum(np.arange(int(counts[rows[-1]])), counts[rows, None] - 1)
        hull = points[starts[rows, None] + places]
        largest[rows], smallest[rows] = _calipers(hull)
        begin = end
    return largest, smallest


def _chunk_end(counts: NDArray[np.int64], begin: int) -> int:
    """How many hulls of ascending size fit together once they are padded to the largest."""
    room = _HULL_PAIRS // (counts[begin:] ** 2 + 1)
    fits = room >= np.arange(1, len(room) + 1)
    return begin + max(1, int(np.argmin(fits)) if not fits.all() else len(fits))


def _calipers(hull: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Feret diameters of hulls ``(n, m, 2)`` whose last point is repeated as padding."""
    if hull.shape[1] > 2_000:  # one huge round hull: every pair would not fit in memory
        hull = hull[:, :: -(-hull.shape[1] // 2_000)]
    away = hull[:, :, None] - hull[:, None, :]
    largest = np.sqrt((away**2).sum(axis=-1).max(axis=(1, 2)))
    edge = np.roll(hull, -1, axis=1) - hull
    length = np.hypot(edge[..., 0], edge[..., 1])
    across = np.abs(away[..., 0] * edge[:, None, :, 1] - away[..., 1] * edge[:, None, :, 0])
    width = np.divide(across.max(axis=1), length, out=np.full(length.shape, np.inf), where=length > 0)
    smallest = width.min(axis=1)
    return largest, np.where(np.isfinite(smallest), smallest, 0.0)


@dataclass(frozen=True, slots=True)
class Ellipses:
    """The ellipses with the same second moments, ``(n,)`` each: full axes, 0..1, degrees (-90..90]."""

    major: NDArray[np.float64]
    minor: NDArray[np.float64]
    eccentricity: NDArray[np.float64]
    orientation_deg: NDArray[np.float64]


def ellipses(sums: NDArray[np.float64], x_factor: float = 1.0, y_factor: float = 1.0) -> Ellipses:
    """Ellipses of the pixels inside objects; NaN without pixels.

    The same numbers as ``skimage.measure.regionprops``, but for the orientation, which is the angle from
    the x axis to the major axis, counter-clockwise as seen on screen.

    Parameters
    ----------
    sums
        ``(n, 6)``: number of pixels and sums of x, y, x², y², xy of their centres, px, from any origin.
    """
    number, x, y, xx, yy, xy = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_x, mean_y = x / number, y / number
        var_x = np.maximum(xx / number - mean_x**2, 0) * x_factor**2
        var_y = np.maximum(yy / number - mean_y**2, 0) * y_factor**2
        cov = (xy / number - mean_x * mean_y) * x_factor * y_factor
        spread = np.sqrt(((var_x - var_y) / 2) ** 2 + cov**2)
        large = (var_x + var_y) / 2 + spread
        small = np.maximum((var_x + var_y) / 2 - spread, 0)
        eccentricity = np.where(large > 0, np.sqrt(1 - small / large), 0.0)
        eccentricity[number == 0] = math.nan
    angle = np.degrees(0.5 * np.arctan2(-2 * cov, var_x - var_y))
    angle = np.where(angle <= -90, 90.0, angle)
    angle = np.where(spread > 1e-9 * np.maximum(large, 1e-300), angle, math.nan)
    return Ellipses(4 * np.sqrt(large), 4 * np.sqrt(small), eccentricity, angle)


def _are_polygons(geometries: NDArray[np.object_]) -> NDArray[np.bool_]:
    return shapely.get_dimensions(geometries) == 2
