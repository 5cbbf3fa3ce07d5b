"""Polygons, lines and points as layers of a vector tile.

Tile space has its origin top left and y down, like the image; ``size_px`` image pixels span ``EXTENT``
units. Nothing is clipped: viewers clip, and an object keeps its whole outline.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .varints import (
    Unsigned,
    encode_varints,
    field,
    property_value,
    varint,
    varint_lengths,
    zigzag,
)

EXTENT = 4096
MOVE_TO, LINE_TO, CLOSE_PATH = 1, 2, 7
POINT, LINE, POLYGON = 1, 2, 3

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TileLayer:
    """The frame of a layer: its name and the tile's place and size in image px."""

    name: str
    x0: float
    y0: float
    size_px: float

    def quantised(self, coordinates: NDArray[np.float64]) -> Whole:
        """Image px ``(n, 2)`` in tile units."""
        scaled = (coordinates - [self.x0, self.y0]) * (EXTENT / self.size_px)
        return np.rint(scaled).astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Rings:
    """Vertices ``(m, 2)`` and, for each, the ring it belongs to; for each ring its polygon."""

    points: Whole
    ring_of_point: Whole
    polygon_of_ring: Whole

    @property
    def sizes(self) -> Whole:
        return np.bincount(self.ring_of_point, minlength=len(self.polygon_of_ring))

    @property
    def starts(self) -> Whole:
        return np.cumsum(self.sizes) - self.sizes

    def keep(self, kept: NDArray[np.bool_]) -> "_Rings":
        """Only some of the rings, renumbered."""
        number = np.cumsum(kept) - 1
        chosen = kept[self.ring_of_point]
        return _Rings(
            self.points[chosen],
            number[self.ring_of_point[chosen]],
            self.polygon_of_ring[kept],
        )


def encode_polygons(
    layer: TileLayer,
    coordinates: NDArray[np.float64],
    ring_offsets: Whole,
    polygon_offsets: Whole,
    ids: ArrayLike,
    properties: Mapping[str, ArrayLike],
) -> bytes:
    """Polygons in shapely's ragged form (``to_ragged_array``) as one layer.

    Parameters
    ----------
    coordinates
        ``(m, 2)`` px of all rings, each closed.
    ring_offsets
        ``(rings + 1,)`` into ``coordinates``.
    polygon_offsets
        ``(polygons + 1,)`` into ``ring_offsets``; the first ring of each is its shell.
    ids, properties
        One value for each polygon. Polygons that shrink to nothing in tile units are left out.
    """
    polygons = len(polygon_offsets) - 1
    rings = _quantised_rings(layer, coordinates, ring_offsets, polygon_offsets)
    shells = np.zeros(len(rings.polygon_of_ring), bool)
    shells[polygon_offsets[:-1]] = True
    rings = _wound(rings, shells, polygons)
    if len(rings.points) == 0:
        return b""
    features, rings_per_feature = np.unique(rings.polygon_of_ring, return_counts=True)
    values = _ring_commands(rings, np.cumsum(rings_per_feature) - rings_per_feature)
    sizes = np.add.reduceat(3 + 2 * rings.sizes, np.cumsum(rings_per_feature) - rings_per_feature)
    return _layer_message(layer.name, ids, properties, features, POLYGON, values, sizes)


def _quantised_rings(
    layer: TileLayer,
    coordinates: NDArray[np.float64],
    ring_offsets: Whole,
    polygon_offsets: Whole,
) -> _Rings:
    """Rings in tile units, open, without consecutive duplicates."""
    points = layer.quantised(coordinates)
    ring_of_point = np.repeat(np.arange(len(ring_offsets) - 1), np.diff(ring_offsets))
    first, last = ring_offsets[:-1], ring_offsets[1:] - 1
    kept = np.ones(len(points), bool)
    kept[1:] = (points[1:] != points[:-1]).any(axis=1)
    kept[first] = True
    kept[last] = False
    before_last = last - 1
    kept[before_last] &= (points[before_last] != points[first]).any(axis=1)
    polygon_of_ring = np.repeat(np.arange(len(polygon_offsets) - 1), np.diff(polygon_offsets))
    return _Rings(points[kept], ring_of_point[kept], polygon_of_ring)


def _wound(rings: _Rings, shells: NDArray[np.bool_], polygons: int) -> _Rings:
    """Shells with positive area (clockwise on screen), holes with negative; empty rings left out."""
    sizes, starts = rings.sizes, rings.starts
    count = len(rings.points)
    following = np.arange(1, count + 1)
    filled = sizes > 0
    following[(starts + sizes - 1)[filled]] = starts[filled]
    x, y = rings.points[:, 0], rings.points[:, 1]
    cross = x * y[following] - x[following] * y
    area = np.bincount(rings.ring_of_point, cross, minlength=len(sizes))
    usable = (sizes >= 3) & (area != 0)
    shell_usable = np.zeros(polygons, bool)
    shell_usable[rings.polygon_of_ring[shells]] = usable[shells]
    usable &= shell_usable[rings.polygon_of_ring]
    backward = ((area > 0) != shells)[rings.ring_of_point]
    order = np.arange(count)
    mirrored = (2 * starts + sizes - 1)[rings.ring_of_point] - order
    order[backward] = mirrored[backward]
    turned = _Rings(rings.points[order], rings.ring_of_point, rings.polygon_of_ring)
    return turned.keep(usable)


def _ring_commands(rings: _Rings, first_rings: Whole) -> Unsigned:
    """Move to, line to and close for each ring; the cursor starts at 0 in each feature."""
    sizes, starts = rings.sizes, rings.starts
    steps = np.diff(rings.points, axis=0, prepend=rings.points[:1])
    begins = starts[first_rings]
    steps[begins] = rings.points[begins]
    lengths = 3 + 2 * sizes
    offsets = np.cumsum(lengths) - lengths
    values = np.empty(int(lengths.sum()), np.uint64)
    values[offsets] = 1 << 3 | MOVE_TO
    values[offsets + 3] = ((sizes - 1) << 3 | LINE_TO).astype(np.uint64)
    values[offsets + lengths - 1] = 1 << 3 | CLOSE_PATH
    _write_steps(values, steps, rings.ring_of_point, starts, offsets)
    return values


def _write_steps(values: Unsigned, steps: Whole, part_of_point: Whole, starts: Whole, offsets: Whole) -> None:
    within = np.arange(len(steps)) - starts[part_of_point]
    position = offsets[part_of_point] + 1 + 2 * within + (within > 0)
    encoded = zigzag(steps)
    values[position] = encoded[:, 0]
    values[position + 1] = encoded[:, 1]


def encode_lines(
    layer: TileLayer,
    coordinates: NDArray[np.float64],
    offsets: Whole,
    ids: ArrayLike,
    properties: Mapping[str, ArrayLike],
) -> bytes:
    """Lines as one layer; ``offsets (lines + 1,)`` into ``coordinates (m, 2)`` px."""
    points = layer.quantised(coordinates)
    if len(points) == 0:
        return b""
    starts, sizes = offsets[:-1], np.diff(offsets)
    line_of_point = np.repeat(np.arange(len(sizes)), sizes)
    steps = np.diff(points, axis=0, prepend=points[:1])
    steps[starts] = points[starts]
    lengths = 2 + 2 * sizes
    places = np.cumsum(lengths) - lengths
    values = np.empty(int(lengths.sum()), np.uint64)
    values[places] = 1 << 3 | MOVE_TO
    values[places + 3] = ((sizes - 1) << 3 | LINE_TO).astype(np.uint64)
    _write_steps(values, steps, line_of_point, starts, places)
    chosen = np.arange(len(sizes))
    return _layer_message(layer.name, ids, properties, chosen, LINE, values, lengths)


def encode_points(
    layer: TileLayer,
    coordinates: NDArray[np.float64],
    ids: ArrayLike,
    properties: Mapping[str, ArrayLike],
) -> bytes:
    """Points ``(n, 2)`` px as one layer."""
    count = len(coordinates)
    if count == 0:
        return b""
    values = np.empty((count, 3), np.uint64)
    values[:, 0] = 1 << 3 | MOVE_TO
    values[:, 1:] = zigzag(layer.quantised(coordinates))
    chosen = np.arange(count)
    return _layer_message(layer.name, ids, properties, chosen, POINT, values.ravel(), np.full(count, 3))


def _tags(properties: Mapping[str, ArrayLike], features: Whole) -> tuple[Unsigned, list[bytes]]:
    """For each feature the pairs (key, value) as indices, and the encoded values."""
    tags = np.empty((len(features), 2 * len(properties)), np.uint64)
    encoded: list[bytes] = []
    for index, column in enumerate(properties.values()):
        distinct, place = np.unique(np.asarray(column)[features], return_inverse=True)
        tags[:, 2 * index] = index
        tags[:, 2 * index + 1] = place + len(encoded)
        encoded += [property_value(value.item()) for value in distinct]
    return tags, encoded


def _layer_message(
    name: str,
    ids: ArrayLike,
    properties: Mapping[str, ArrayLike],
    features: Whole,
    geometry_type: int,
    values: Unsigned,
    sizes: Whole,
) -> bytes:
    """A layer. ``values`` holds the geometry of all features, ``sizes`` how many each has."""
    tags, encoded_values = _tags(properties, features)
    body = _feature_messages(np.asarray(ids, np.uint64)[features], tags, geometry_type, values, sizes)
    keys = b"".join(field(3, key.encode()) for key in properties)
    content = (
        field(1, name.encode())
        + body
        + keys
        + b"".join(encoded_values)
        + varint(5 << 3)
        + varint(EXTENT)
        + varint(15 << 3)
        + varint(2)
    )
    return field(3, content)


def _feature_messages(ids: Unsigned, tags: Unsigned, geometry_type: int, values: Unsigned, sizes: Whole) -> bytes:
    """Feature fields: a header of varints (lengths, id, tags, type) before each geometry."""
    ends = np.cumsum(sizes)
    starts = ends - sizes
    value_lengths = varint_lengths(values)
    geometry_bytes = np.add.reduceat(value_lengths, starts).astype(np.uint64)
    tag_bytes = varint_lengths(tags).sum(axis=1).astype(np.uint64)
    inner = (
        1
        + varint_lengths(ids)
        + 1
        + varint_lengths(tag_bytes)
        + tag_bytes.astype(np.int64)
        + 2
        + 1
        + varint_lengths(geometry_bytes)
        + geometry_bytes.astype(np.int64)
    )
    constant = np.ones(len(ids), np.uint64)
    header = np.column_stack(
        [
            constant * np.uint64(2 << 3 | 2),
            inner.astype(np.uint64),
            constant * np.uint64(1 << 3),
            ids,
            constant * np.uint64(2 << 3 | 2),
            tag_bytes,
            tags,
            constant * np.uint64(3 << 3),
            constant * np.uint64(geometry_type),
            constant * np.uint64(4 << 3 | 2),
            geometry_bytes,
        ]
    )
    width = header.shape[1]
    everything = np.empty(header.size + len(values), np.uint64)
    lengths = np.empty(len(everything), np.int64)
    at_header = ((np.arange(len(ids)) * width + starts)[:, None] + np.arange(width)).ravel()
    at_geometry = np.arange(len(values)) + np.repeat((np.arange(len(ids)) + 1) * width, sizes)
    everything[at_header] = header.ravel()
    lengths[at_header] = varint_lengths(header.ravel())
    everything[at_geometry] = values
    lengths[at_geometry] = value_lengths
    return encode_varints(everything, lengths)
