"""Derived counts and packed places, kept in the same transaction as the objects; and tile versions."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from sqlalchemy import Connection, func, select, update

from cytoloop.core.geometry import Box
from cytoloop.storage.rows import add_counts

from .cells import GRID_PX
from .points import record_points
from .rows import Row
from .tables import ANNOTATION_COLUMNS, layer, stat, status_count, tile_version

ANYWHERE = (-(2**31), -(2**31))
"""The pseudo-tile that counts changes too large to be told tile by tile."""
MAX_TILES_TOLD = 4096

_CELL, _TERM, _STATUS, _BOX = (ANNOTATION_COLUMNS.index(name) for name in ("cell", "term_id", "status", "x0"))


def record_difference(connection: Connection, layer_id: int, removed: Sequence[Row], added: Sequence[Row]) -> int:
    """Bring counts, tile versions and the layer's generation up to date; returns the new generation."""
    _count(connection, layer_id, removed, added)
    _count_states(connection, layer_id, removed, added)
    record_points(connection, layer_id, removed, added)
    _bump_tiles(connection, layer_id, [*removed, *added])
    generation = connection.execute(
        update(layer)
        .where(layer.c.id == layer_id)
        .values(generation=layer.c.generation + 1)
        .returning(layer.c.generation)
    ).scalar_one()
    return int(generation)


def _count(connection: Connection, layer_id: int, removed: Iterable[Row], added: Iterable[Row]) -> None:
    difference: Counter[tuple[int, int]] = Counter()
    for row in added:
        difference[row[_CELL], row[_TERM] or 0] += 1
    for row in removed:
        difference[row[_CELL], row[_TERM] or 0] -= 1
    add_counts(connection, stat, [(layer_id, *key, n) for key, n in difference.items() if n])


def _count_states(connection: Connection, layer_id: int, removed: Iterable[Row], added: Iterable[Row]) -> None:
    difference = Counter(row[_STATUS] for row in added)
    difference.subtract(row[_STATUS] for row in removed)
    add_counts(connection, status_count, [(layer_id, status, n) for status, n in difference.items() if n])


def _bump_tiles(connection: Connection, layer_id: int, rows: Sequence[Row]) -> None:
    if not rows:
        return
    boxes = np.array([row[_BOX : _BOX + 4] for row in rows], dtype=np.float64)
    spans = np.unique(np.floor(boxes / GRID_PX).astype(np.int64), axis=0)
    sizes = (spans[:, 2] - spans[:, 0] + 1) * (spans[:, 3] - spans[:, 1] + 1)
    tiles: set[tuple[int, int]] = set()
    if int(sizes.sum()) > MAX_TILES_TOLD:
        tiles.add(ANYWHERE)
    else:
        for x0, y0, x1, y1 in spans.tolist():
            tiles.update((ty, tx) for ty in range(y0, y1 + 1) for tx in range(x0, x1 + 1))
    add_counts(connection, tile_version, [(layer_id, ty, tx, 1) for ty, tx in tiles])


def version_of_window(connection: Connection, layer_id: int, window: Box) -> int:
    """A number that rises whenever something in the window changed.

    It is the sum of tile versions: their maximum would miss changes that commit out of order.
    """
    inside = (
        tile_version.c.ty.between(int(window.y0 // GRID_PX), int(window.y1 // GRID_PX))
        & tile_version.c.tx.between(int(window.x0 // GRID_PX), int(window.x1 // GRID_PX))
    ) | ((tile_version.c.ty == ANYWHERE[0]) & (tile_version.c.tx == ANYWHERE[1]))
    total = connection.execute(
        select(func.coalesce(func.sum(tile_version.c.n), 0)).where(tile_version.c.layer_id == layer_id).where(inside)
    ).scalar_one()
    return int(total)
