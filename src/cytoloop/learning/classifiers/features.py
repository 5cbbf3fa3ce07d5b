"""Features of objects: shape, intensity, surroundings and texture, from their outlines and the pixels around them."""

import math
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop.core.geometry import Box
from cytoloop.measurements.intensities import statistics_of
from cytoloop.measurements.objects import MAX_READ_PIXELS, Reader, measure_objects
from cytoloop.measurements.pixels import Group, PixelList, groups_of, pixels_of

from .specification import FILTERS, INTENSITIES, PATTERNS, SHAPES, SURROUNDINGS, FeatureSpec
from .textures import MARGIN_PX, filtered, patterns, planes_of

RING_PX = 5.0
"""Width of the surroundings whose mean is compared with the object's."""
_STATISTIC_COLUMNS = [("mean", "std", "min", "max", "median", "q25", "q75", "sum").index(one) for one in INTENSITIES]


def object_features(
    geometries: Sequence[BaseGeometry],
    read: Reader,
    *,
    extent: tuple[int, int],
    spec: FeatureSpec,
    pixel_um: tuple[float, float] | None = None,
) -> NDArray[np.float32]:
    """Features of objects on one plane of an image.

    Shapes are those of ``measure_objects``. Of each plane of the spec: statistics of the pixels inside, the mean of
    a ring of 5 px around the object and the difference to it, mean and spread of Gaussian derivatives at two scales,
    and the shares of local binary patterns.

    Parameters
    ----------
    geometries
        Outlines in full-resolution px.
    read
        Gives the pixels ``(c, h, w)`` of a box of whole px inside the image.
    extent
        Width and height of the image, px.
    spec
        What to compute.
    pixel_um
        Width and height of a pixel, µm; needed where the spec's unit is µm.

    Returns
    -------
    ``(n, f) float32`` in the order of ``spec.names``; NaN where a number is not defined, as for an object off the
    image, or the texture of one that is too large to be read at once.
    """
    array = np.empty(len(geometries), dtype=object)
    array[:] = list(geometries)
    found = np.full((len(geometries), len(spec.names)), math.nan)
    if len(array) == 0:
        return found.astype(np.float32)
    found[:, : len(SHAPES)] = _shapes(array, extent, spec, pixel_um)
    each = len(INTENSITIES) + len(SURROUNDINGS) + 2 * len(FILTERS) + PATTERNS
    inside = found[:, len(SHAPES) :].reshape(len(array), len(spec.planes), each)
    most = MAX_READ_PIXELS // max(1, len(spec.planes))
    for group in groups_of(shapely.bounds(array).reshape(-1, 4), extent, most):
        box = _widened(group.box, extent)
        if box.width * box.height > 2 * most:
            continue
        planes = planes_of(read(box), spec.colours)
        inside[group.members] = _of_group(array, group, box, planes, each)
    found[~np.isfinite(found)] = math.nan
    return np.clip(found, -3e38, 3e38).astype(np.float32)


def _shapes(
    array: NDArray[np.object_], extent: tuple[int, int], spec: FeatureSpec, pixel_um: tuple[float, float] | None
) -> NDArray[np.float64]:
    width, height = pixel_um if spec.unit == "um" and pixel_um is not None else (None, None)
    measured = measure_objects(
        list(array),
        lambda box: np.zeros((0, int(box.height), int(box.width)), np.uint8),
        extent=extent,
        channels=(),
        pixel_width_um=width,
        pixel_height_um=height,
    ).values
    unit = "px" if width is None else "um"
    areas = ("area", "convex_area")
    keys = [one if one in measured else f"{one}_{unit}{'2' if one in areas else ''}" for one in SHAPES]
    return np.stack([measured[one] for one in keys], axis=1)


def _widened(box: Box, extent: tuple[int, int]) -> Box:
    width, height = extent
    x0, y0 = max(0.0, box.x0 - MARGIN_PX), max(0.0, box.y0 - MARGIN_PX)
    return Box(x0, y0, min(width, box.x1 + MARGIN_PX), min(height, box.y1 + MARGIN_PX))


def _of_group(
    array: NDArray[np.object_], group: Group, box: Box, planes: NDArray[np.float32], each: int
) -> NDArray[np.float64]:
    """``(members, planes, each)``."""
    members = group.members
    own = _with_stand_ins(array, members, box)
    rings = np.array(array)
    rings[members] = shapely.difference(shapely.buffer(array[members], RING_PX, quad_segs=4), array[members])
    filled = members[~shapely.is_empty(rings[members])]
    around = pixels_of(rings, filled, box)
    place, ring_place = np.searchsorted(members, own.owner), np.searchsorted(members, around.owner)
    found = np.full((len(members), len(planes), each), math.nan)
    for number, plane in enumerate(planes):
        statistics = statistics_of(plane[own.rows, own.columns], place, len(members))
        ring = statistics_of(plane[around.rows, around.columns], ring_place, len(members))[:, 0]
        columns = [statistics[:, _STATISTIC_COLUMNS], ring[:, None], (statistics[:, 0] - ring)[:, None]]
        spots = (picture[own.rows, own.columns] for picture in filtered(plane))
        columns += [_mean_and_spread(values, place, len(members)) for values in spots]
        columns.append(_shares(patterns(plane)[own.rows, own.columns], place, len(members)))
        found[:, number] = np.concatenate(columns, axis=1)
    return found


def _with_stand_ins(array: NDArray[np.object_], members: NDArray[np.int64], box: Box) -> PixelList:
    """The pixels of objects; of one too small to hold a pixel's centre, the pixel at its centroid."""
    own = pixels_of(array, members, box)
    missing = np.setdiff1d(members, own.owner)
    if len(missing) == 0:
        return own
    spots = np.array(array)
    spots[missing] = shapely.centroid(array[missing])
    return own.joined(pixels_of(spots, missing, box))


def _mean_and_spread(values: NDArray[np.float32], owner: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    number = np.bincount(owner, minlength=count).astype(np.float64)
    number[number == 0] = math.nan
    exact = values.astype(np.float64)
    mean = np.bincount(owner, exact, minlength=count) / number
    squares = np.bincount(owner, (exact - mean[owner]) ** 2, minlength=count) / number
    return np.stack([mean, np.sqrt(squares)], axis=1)


def _shares(codes: NDArray[np.int64], owner: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    counts = np.bincount(owner * PATTERNS + codes, minlength=count * PATTERNS).reshape(count, PATTERNS)
    total = counts.sum(axis=1, keepdims=True).astype(np.float64)
    total[total == 0] = math.nan
    return counts / total
