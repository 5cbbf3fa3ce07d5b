"""The sets of further measurements, run on objects of one plane."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop.core.geometry import Box
from cytoloop.measurements.objects import Reader
from cytoloop.measurements.pixels import groups_of, pixels_of
from cytoloop.measurements.table import ColumnSpec, ObjectMeasurements

from . import intensity, shape, texture
from .catalogue import Wanted
from .neighbours import neighbours
from .region import Column, Region, layers_of

MAX_PIXELS = 2**22
"""Pixels of a piece that is looked at together; an object with a larger box has no further measurements (NaN)."""
SURROUNDINGS_PX = 96
"""How much of the picture around objects granularity looks at."""
UNITS = {"neighbour_1_px": "px", "neighbour_2_px": "px", "neighbour_angle_deg": "°"}
_OF_REGIONS: dict[str, Callable[[Region], Iterator[Column]]] = {
    "moments": shape.moments,
    "texture": texture.texture,
    "granularity": texture.granularity,
    "radial": intensity.radial,
    "colocalisation": intensity.colocalisation,
    "ring": intensity.ring,
}


def measure_features(
    geometries: Sequence[BaseGeometry],
    read: Reader,
    *,
    extent: tuple[int, int],
    channels: Sequence[str],
    wanted: Wanted,
    centres: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
) -> ObjectMeasurements:
    """Further measurements of polygons; NaN for lines, points, and objects too small or too large for one.

    Parameters
    ----------
    geometries, read, extent, channels
        As for ``measure_objects``.
    centres
        Centres (px) of ``geometries`` ``(n, 2)`` and of all objects of the plane ``(m, 2)``, for neighbours; where
        None, there are no others.
    """
    array = np.empty(len(geometries), dtype=object)
    array[:] = list(geometries)
    specs = feature_columns(wanted.sets, tuple(channels))
    values = {one.key: np.full(len(array), math.nan) for one in specs}
    functions = [_OF_REGIONS[one] for one in wanted.sets if one in _OF_REGIONS]
    if functions:
        for members, region in _regions(array, read, extent, tuple(channels), wanted):
            for function in functions:
                for column in function(region):
                    values[column.key][members] = column.values
    if "neighbours" in wanted.sets and len(array):
        alone = shapely.get_coordinates(shapely.centroid(array))
        own, everyone = (alone, alone) if centres is None else centres
        for column in neighbours(own, everyone, wanted.neighbour_px):
            values[column.key] = column.values
    return ObjectMeasurements(specs, values)


@lru_cache(maxsize=32)
def feature_columns(sets: tuple[str, ...], channels: tuple[str, ...]) -> tuple[ColumnSpec, ...]:
    """The columns of these sets, whatever the objects: as a small drawn example has them."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:24, :24]
    labels = ((y - 12) ** 2 + (x - 12) ** 2 < 64).astype(np.int32)
    picture = rng.random((len(channels), 24, 24))
    example = Region(labels, labels > 0, picture, picture, channels)
    found: list[ColumnSpec] = []
    for name in sets:
        if name in _OF_REGIONS:
            columns = _OF_REGIONS[name](example)
        else:
            columns = neighbours(rng.random((3, 2)), rng.random((3, 2)), 1.0)
        found += [ColumnSpec(one.key, one.label, UNITS.get(one.key, "")) for one in columns]
    return tuple(found)


def _regions(
    geometries: NDArray[np.object_],
    read: Reader,
    extent: tuple[int, int],
    channels: tuple[str, ...],
    wanted: Wanted,
) -> Iterator[tuple[NDArray[np.int64], Region]]:
    """Pieces of the image with the polygons in them, each polygon once."""
    polygons = np.flatnonzero(shapely.get_dimensions(geometries) == 2)
    bounds = shapely.bounds(geometries[polygons]).reshape(-1, 4)
    margin = SURROUNDINGS_PX if "granularity" in wanted.sets else wanted.ring_px + 1
    for group in groups_of(bounds, extent, MAX_PIXELS):
        if group.pixel_count > MAX_PIXELS:
            continue
        box = _widened(group.box, margin, extent)
        members = polygons[group.members]
        pixels = pixels_of(geometries, members, box)
        raw = read(box)
        picture = as_shares(raw, wanted.full_scale)
        size = (int(box.height), int(box.width))
        others = np.zeros(size, bool)
        others[pixels.rows, pixels.columns] = True
        for owners, labels in layers_of(pixels, size):
            yield owners, Region(labels, others, picture, raw, channels, wanted.ring_px)


def _widened(box: Box, margin: int, extent: tuple[int, int]) -> Box:
    return Box(
        max(0.0, box.x0 - margin),
        max(0.0, box.y0 - margin),
        min(float(extent[0]), box.x1 + margin),
        min(float(extent[1]), box.y1 + margin),
    )


def as_shares(pixels: NDArray[np.generic], full_scale: float | None) -> NDArray[np.float64]:
    """Pixel values as shares 0..1 of the full scale: of the type's largest value, where none is given."""
    if full_scale is None:
        full_scale = float(np.iinfo(str(pixels.dtype)).max) if pixels.dtype.kind in "iu" else 1.0
    return np.clip(np.nan_to_num(pixels.astype(np.float64) / full_scale), 0.0, 1.0)
