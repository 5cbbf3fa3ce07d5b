"""Tiles of a layer: outlines while they can be told apart, clustered points, then counts of each class.

Before geometry is read, the counts per cell tell how crowded a tile is.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from cytoloop.core.geometry import Box, Plane

from . import classraster
from .classraster import class_raster
from .geometry import LINES, Kind
from .model import Status
from .mvt import TileLayer, encode_lines, encode_points, encode_polygons
from .points import Records, read_points
from .store import count_objects, select_objects
from .tables import annotation, stat
from .tileaddress import MARGIN, TileAddress
from .windows import in_cells, levels_in_use

MAX_OUTLINES = 5000
"""Objects whose outlines a tile carries."""
MAX_CLUSTERED = 40_000
"""Objects that are drawn as clustered points; beyond that, the tile is a raster of classes."""
MAX_COUNTED = 200_000
"""Objects near a tile up to which those that touch it are counted exactly."""
CLUSTER_GRID = 64
MEDIA_TYPE = "application/vnd.mapbox-vector-tile"


@dataclass(frozen=True, slots=True)
class Tile:
    """What a tile holds; empty bytes where there is nothing."""

    content: bytes
    media_type: str = MEDIA_TYPE


def display_tile(connection: Connection, layer_id: int, tile: TileAddress, plane: Plane) -> Tile:
    """Outlines, clustered points or, where it is more crowded than that, counts of each class.

    Layer ``objects``: features with id, ``term`` (0: none), ``score`` (-1: none), ``status``, ``kind``, and
    ``suggested`` (1: a program gave the class).
    Layer ``clusters``: points with ``count``, ``term`` and ``status``, one for each class in a square.
    """
    window = tile.widened(tile.size_px * MARGIN)
    crowd = _objects_near(connection, layer_id, window)
    if crowd == 0:
        return Tile(b"")
    if MAX_OUTLINES < crowd <= MAX_COUNTED:
        # The cells around the window hold objects outside it too: count those that really touch it.
        crowd = count_objects(connection, select_objects(connection, layer_id, window=window))
    if crowd <= MAX_OUTLINES:
        return Tile(_outlines(connection, layer_id, tile, window, plane))
    if crowd <= MAX_CLUSTERED:
        return Tile(_clusters(tile, read_points(connection, layer_id, window=tile.box, z=plane.z, t=plane.t)))
    return Tile(class_raster(connection, layer_id, tile, plane, crowd), classraster.MEDIA_TYPE)


def _objects_near(connection: Connection, layer_id: int, window: Box) -> int:
    cells = in_cells(stat, layer_id, window, levels_in_use(connection, layer_id))
    total = connection.execute(select(func.coalesce(func.sum(stat.c.n), 0)).where(cells)).scalar_one()
    return int(total)


def _outlines(connection: Connection, layer_id: int, tile: TileAddress, window: Box, plane: Plane) -> bytes:
    query = select_objects(connection, layer_id, window=window, z=plane.z, t=plane.t)
    columns = ("id", "term_id", "score", "status", "kind", "term_score", "geom")
    rows = connection.execute(query.with_only_columns(*(annotation.c[name] for name in columns)))
    found = rows.all()
    if not found:
        return b""
    ids, terms, scores, statuses, kinds, term_scores, blobs = (list(column) for column in zip(*found, strict=True))
    geometries = shapely.from_wkb(np.array(blobs, dtype=object))
    properties = {
        "term": np.array([term or 0 for term in terms], np.int64),
        "score": np.array([-1.0 if score is None else score for score in scores], np.float64),
        "status": np.array(statuses, np.int64),
        "kind": np.array(kinds, np.int64),
        "suggested": np.array([one is not None for one in term_scores], np.int64),
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


def _clusters(tile: TileAddress, records: Records) -> bytes:
    """For each class, points on a grid of ``CLUSTER_GRID`` squares a side, where their objects are on average."""
    box = tile.box
    records = records[records["status"] != Status.REJECTED]
    centers = np.stack([records["x"], records["y"]], axis=1)
    position = np.floor((centers - [box.x0, box.y0]) / (tile.size_px / CLUSTER_GRID)).astype(np.int64)
    inside = ((position >= 0) & (position < CLUSTER_GRID)).all(axis=1)
    if not inside.any():
        return b""
    centers, position, records = centers[inside], position[inside], records[inside]
    terms, code = np.unique(records["term"], return_inverse=True)
    predicted = (records["status"] == Status.PREDICTED).astype(np.int64)
    square = position[:, 1] * CLUSTER_GRID + position[:, 0]
    groups, member = np.unique((square * len(terms) + code) * 2 + predicted, return_inverse=True)
    counts = np.bincount(member)
    mean = np.stack([np.bincount(member, centers[:, axis]) / counts for axis in (0, 1)], axis=1)
    properties = {
        "count": counts.astype(np.int64),
        "term": terms[groups // 2 % len(terms)],
        "status": (groups % 2) * int(Status.PREDICTED),
    }
    return encode_points(TileLayer("clusters", box.x0, box.y0, tile.size_px), mean, groups, properties)
