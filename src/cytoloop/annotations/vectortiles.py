"""Vector tiles of a layer: outlines while they can be told apart, clustered points where they cannot.

A tile of zoom ``k`` shows ``512 * 2**k`` image px a side. Before geometry is read, the counts per cell
tell how crowded it is.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from cytoloop.core.geometry import Box, Plane

from .cells import GRID_PX, key_center
from .counts import version_of_window
from .geometry import LINES, Kind
from .mvt import TileLayer, encode_lines, encode_points, encode_polygons
from .store import count_objects, in_cells, levels_in_use, select_objects
from .tables import annotation, stat

MAX_OUTLINES = 5000
"""Objects whose outlines a tile carries."""
MAX_CLUSTERED = 60_000
"""Objects that are counted one by one into clusters; beyond that, the counts per cell serve."""
MAX_COUNTED = 200_000
"""Objects near a tile up to which those that touch it are counted exactly."""
CLUSTER_GRID = 64
MARGIN = 1 / 32
"""Objects this far (of the tile's side) outside are carried too, so that strokes do not end at borders."""


@dataclass(frozen=True, slots=True)
class TileAddress:
    """A tile of the display grid: ``zoom`` 0 is full resolution."""

    zoom: int
    x: int
    y: int

    @property
    def size_px(self) -> int:
        return GRID_PX << self.zoom

    @property
    def box(self) -> Box:
        size = self.size_px
        return Box(self.x * size, self.y * size, (self.x + 1) * size, (self.y + 1) * size)


def tile_tag(connection: Connection, layer_id: int, tile: TileAddress) -> str:
    """Rises when something in the tile changes: the heart of its ETag."""
    margin = tile.size_px * MARGIN
    box = tile.box
    window = Box(box.x0 - margin, box.y0 - margin, box.x1 + margin, box.y1 + margin)
    return f"{version_of_window(connection, layer_id, window)}"


def vector_tile(connection: Connection, layer_id: int, tile: TileAddress, plane: Plane) -> bytes:
    """The tile, empty bytes where there is nothing.

    Layer ``objects``: features with id, ``term`` (0: none), ``score`` (-1: none), ``status`` and ``kind``.
    Layer ``clusters``: points with ``count`` and the commonest ``term``.
    """
    box, margin = tile.box, tile.size_px * MARGIN
    window = Box(box.x0 - margin, box.y0 - margin, box.x1 + margin, box.y1 + margin)
    crowd = _objects_near(connection, layer_id, window)
    if crowd == 0:
        return b""
    if MAX_OUTLINES < crowd <= MAX_COUNTED:
        # The cells around the window hold objects outside it too: count those that really touch it.
        crowd = count_objects(connection, select_objects(connection, layer_id, window=window))
    if crowd <= MAX_OUTLINES:
        return _outlines(connection, layer_id, tile, window, plane)
    if crowd <= MAX_CLUSTERED:
        return _clusters_of_objects(connection, layer_id, tile, window, plane)
    return _clusters_of_cells(connection, layer_id, tile, window)


def _objects_near(connection: Connection, layer_id: int, window: Box) -> int:
    cells = in_cells(stat.c.cell, window, levels_in_use(connection, layer_id))
    total = connection.execute(
        select(func.coalesce(func.sum(stat.c.n), 0)).where(stat.c.layer_id == layer_id).where(cells)
    ).scalar_one()
    return int(total)


def _outlines(connection: Connection, layer_id: int, tile: TileAddress, window: Box, plane: Plane) -> bytes:
    query = select_objects(connection, layer_id, window=window, z=plane.z, t=plane.t)
    columns = ("id", "term_id", "score", "status", "kind", "geom")
    rows = connection.execute(query.with_only_columns(*(annotation.c[name] for name in columns)))
    found = rows.all()
    if not found:
        return b""
    ids, terms, scores, statuses, kinds, blobs = (list(column) for column in zip(*found, strict=True))
    geometries = shapely.from_wkb(np.array(blobs, dtype=object))
    properties = {
        "term": np.array([term or 0 for term in terms], np.int64),
        "score": np.array([-1.0 if score is None else score for score in scores], np.float64),
        "status": np.array(statuses, np.int64),
        "kind": np.array(kinds, np.int64),
    }
    layer = TileLayer("objects", tile.box.x0, tile.box.y0, tile.size_px)
    return _encode(
        layer,
        geometries,
        np.array(ids, np.int64),
        properties,
        tolerance_px=0.5 * 2**tile.zoom,
    )


def _encode(
    layer: TileLayer,
    geometries: NDArray[np.object_],
    ids: NDArray[np.int64],
    properties: dict[str, NDArray[Any]],
    *,
    tolerance_px: float,
) -> bytes:
    """All kinds of geometry. Layers of one name: viewers read them as one each, so names differ."""
    kinds = properties["kind"]
    is_point, is_line = kinds == Kind.POINT, np.isin(kinds, LINES)
    areas = ~(is_point | is_line)
    parts: list[bytes] = []
    if areas.any():
        simple = geometries[areas]
        if tolerance_px > 0.5:
            simple = shapely.simplify(simple, tolerance_px, preserve_topology=False)
        pieces, owner = shapely.get_parts(simple, return_index=True)
        kept = ~shapely.is_empty(pieces)
        pieces, owner = pieces[kept], owner[kept]
        if len(pieces):
            _, coordinates, (rings, polygons) = shapely.to_ragged_array(pieces)
            chosen = {name: column[areas][owner] for name, column in properties.items()}
            parts.append(
                encode_polygons(
                    layer,
                    coordinates,
                    np.asarray(rings, np.int64),
                    np.asarray(polygons, np.int64),
                    ids[areas][owner],
                    chosen,
                )
            )
    if is_line.any():
        _, coordinates, (offsets,) = shapely.to_ragged_array(geometries[is_line])
        chosen = {name: column[is_line] for name, column in properties.items()}
        lines = TileLayer("lines", layer.x0, layer.y0, layer.size_px)
        parts.append(encode_lines(lines, coordinates, np.asarray(offsets, np.int64), ids[is_line], chosen))
    if is_point.any():
        chosen = {name: column[is_point] for name, column in properties.items()}
        points = TileLayer("points", layer.x0, layer.y0, layer.size_px)
        coordinates = shapely.get_coordinates(geometries[is_point])
        parts.append(encode_points(points, coordinates, ids[is_point], chosen))
    return b"".join(parts)


def _clusters_of_objects(connection: Connection, layer_id: int, tile: TileAddress, window: Box, plane: Plane) -> bytes:
    query = select_objects(connection, layer_id, window=window, z=plane.z, t=plane.t)
    rows = connection.execute(query.with_only_columns(annotation.c.cx, annotation.c.cy, annotation.c.term_id)).all()
    if not rows:
        return b""
    centers = np.array([(row[0], row[1]) for row in rows], np.float64)
    terms = np.array([row[2] or 0 for row in rows], np.int64)
    return _clusters(tile, centers, terms, np.ones(len(terms), np.int64))


def _clusters_of_cells(connection: Connection, layer_id: int, tile: TileAddress, window: Box) -> bytes:
    cells = in_cells(stat.c.cell, window, levels_in_use(connection, layer_id))
    rows = connection.execute(
        select(stat.c.cell, stat.c.term_id, stat.c.n)
        .where(stat.c.layer_id == layer_id)
        .where(cells)
        .where(stat.c.n > 0)
    ).all()
    centers = key_center(np.array([row[0] for row in rows], np.int64))
    return _clusters(
        tile,
        centers,
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.int64),
    )


def _clusters(
    tile: TileAddress,
    centers: NDArray[np.float64],
    terms: NDArray[np.int64],
    weights: NDArray[np.int64],
) -> bytes:
    """Points gathered on a grid of ``CLUSTER_GRID`` cells a side; each where its objects are on average."""
    box = tile.box
    position = np.floor((centers - [box.x0, box.y0]) / (tile.size_px / CLUSTER_GRID)).astype(np.int64)
    inside = ((position >= 0) & (position < CLUSTER_GRID)).all(axis=1)
    if not inside.any():
        return b""
    centers, terms, weights = centers[inside], terms[inside], weights[inside]
    cell = position[inside, 1] * CLUSTER_GRID + position[inside, 0]
    distinct, member = np.unique(cell, return_inverse=True)
    counts = np.bincount(member, weights)
    mean = np.stack(
        [np.bincount(member, centers[:, axis] * weights) / counts for axis in (0, 1)],
        axis=1,
    )
    layer = TileLayer("clusters", box.x0, box.y0, tile.size_px)
    properties = {
        "count": counts.astype(np.int64),
        "term": _commonest(member, terms, weights, len(distinct)),
    }
    return encode_points(layer, mean, distinct, properties)


def _commonest(
    member: NDArray[np.int64],
    terms: NDArray[np.int64],
    weights: NDArray[np.int64],
    groups: int,
) -> NDArray[np.int64]:
    """For each group the term with the largest weight."""
    names, code = np.unique(terms, return_inverse=True)
    votes = np.zeros((groups, len(names)), np.int64)
    np.add.at(votes, (member, code), weights)
    return names[votes.argmax(axis=1)]
