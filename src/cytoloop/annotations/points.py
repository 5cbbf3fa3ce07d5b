"""Where objects are, packed: one short record for each, cell by cell, kept in step with their rows.

Counting, clustering and spatial questions need the place and the class of very many objects and no outlines. A
block holds the records of one cell side by side, so that a million are read in a fraction of a second.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, func, select

from cytoloop.core.geometry import Box
from cytoloop.storage.rows import batches, insert_rows

from .rows import Row
from .tables import ANNOTATION_COLUMNS, point_block
from .windows import in_cells, levels_in_use

RECORD = np.dtype(
    [
        ("id", "<i8"),
        ("term", "<i8"),
        ("x", "<f8"),
        ("y", "<f8"),
        ("area", "<f8"),
        ("z", "<i4"),
        ("t", "<i4"),
        ("status", "i1"),
    ]
)
"""An object: its class (0: none), its centre of mass (px), area (px^2), plane and state."""

Records = NDArray[np.void]

_SOURCES = ("id", "term_id", "cx", "cy", "area", "z", "t", "status")
_PLACES = tuple(ANNOTATION_COLUMNS.index(name) for name in _SOURCES)
_CELL = ANNOTATION_COLUMNS.index("cell")
_ID = ANNOTATION_COLUMNS.index("id")
_NAMES = ("layer_id", "cell", "points")


def record_points(connection: Connection, layer_id: int, removed: Sequence[Row], added: Sequence[Row]) -> None:
    """Bring the blocks up to date with rows that went and rows that came."""
    if removed:
        _take_out(connection, layer_id, removed)
    _append(connection, layer_id, _packed(added))


def _record_of(row: Row) -> tuple[object, ...]:
    key, term, *rest = (row[place] for place in _PLACES)
    return (key, term or 0, *rest)


def _packed(rows: Sequence[Row]) -> list[tuple[int, bytes]]:
    """The records of rows, one block a cell."""
    ordered = sorted(rows, key=lambda row: row[_CELL])
    content = np.array([_record_of(row) for row in ordered], RECORD).tobytes()
    cells = [row[_CELL] for row in ordered]
    starts = [index for index, cell in enumerate(cells) if index == 0 or cells[index - 1] != cell]
    size = RECORD.itemsize
    return [(cells[start], content[start * size : end * size]) for start, end in pairwise([*starts, len(cells)])]


def _append(connection: Connection, layer_id: int, blocks: Sequence[tuple[int, bytes]]) -> None:
    if not blocks:
        return
    # SQLite's || gives text of the same bytes, and the cast makes them bytes again.
    joined = f"{point_block.name}.points || excluded.points"
    if connection.dialect.name == "sqlite":
        marks, joined = "?, ?, ?", f"CAST({joined} AS BLOB)"
    else:
        marks = "%s, %s, %s"
    connection.exec_driver_sql(
        f"INSERT INTO {point_block.name} ({', '.join(_NAMES)}) VALUES ({marks}) "  # noqa: S608 - our names
        f"ON CONFLICT (layer_id, cell) DO UPDATE SET points = {joined}",
        [(layer_id, cell, content) for cell, content in blocks],
    )


def _take_out(connection: Connection, layer_id: int, removed: Iterable[Row]) -> None:
    by_cell = sorted(removed, key=lambda row: row[_CELL])
    gone = {cell: [row[_ID] for row in rows] for cell, rows in groupby(by_cell, key=lambda row: row[_CELL])}
    for batch in batches(list(gone)):
        here = (point_block.c.layer_id == layer_id) & point_block.c.cell.in_(batch)
        found = connection.execute(select(point_block.c.cell, point_block.c.points).where(here)).all()
        connection.execute(delete(point_block).where(here))
        left = [(layer_id, cell, _without(content, gone[cell])) for cell, content in found]
        kept = [one for one in left if one[2]]
        if kept:
            insert_rows(connection, point_block, _NAMES, kept)


def _without(content: bytes, ids: Sequence[int]) -> bytes:
    records = np.frombuffer(content, RECORD)
    return records[~np.isin(records["id"], ids)].tobytes()


def read_points(
    connection: Connection,
    layer_id: int,
    *,
    window: Box | None = None,
    z: int | None = None,
    t: int | None = None,
) -> Records:
    """Records of a layer; with a window (px, edges included) those whose centre lies in it."""
    query = select(point_block.c.points)
    if window is None:
        query = query.where(point_block.c.layer_id == layer_id)
    else:
        query = query.where(in_cells(point_block, layer_id, window, levels_in_use(connection, layer_id)))
    # a centre lies in the bounding box, so the half cell that the ranges add reaches every one
    blocks = connection.execute(query.order_by(point_block.c.cell)).scalars()
    records = np.frombuffer(b"".join(blocks), RECORD)
    kept = np.ones(len(records), bool)
    if window is not None:
        x, y = records["x"], records["y"]
        kept &= (x >= window.x0) & (x <= window.x1) & (y >= window.y0) & (y <= window.y1)
    if z is not None:
        kept &= records["z"] == z
    if t is not None:
        kept &= records["t"] == t
    return records if kept.all() else records[kept]


def count_points(connection: Connection, layer_id: int) -> int:
    """How many records a layer has."""
    total = select(func.coalesce(func.sum(func.length(point_block.c.points)), 0))
    return int(connection.execute(total.where(point_block.c.layer_id == layer_id)).scalar_one()) // RECORD.itemsize
