"""Objects without their outlines, packed: short records, cell by cell, kept in step with their rows.

Counting, clustering and spatial questions need the place and the class of very many objects, lists of objects the rest
of their numbers too. A block holds the records of one cell side by side, so that a million are read in a fraction
of a second: the places in one column of the table, the other facts in another, in the same order.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, TextClause, delete, func, select

from cytoloop.core.geometry import Box
from cytoloop.storage.rows import batches, insert_rows

from .rows import Row
from .tables import ANNOTATION_COLUMNS, annotation, point_block
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
FACTS = np.dtype(
    [
        ("kind", "i1"),
        ("version", "<i4"),
        ("creator", "<i8"),
        ("score", "<f8"),
        ("term_score", "<f8"),
        ("x0", "<f8"),
        ("y0", "<f8"),
        ("x1", "<f8"),
        ("y1", "<f8"),
    ]
)
"""What else is known of it: its author, its scores (NaN: none) and its bounding box (px)."""

Records = NDArray[np.void]

_SOURCES = ("id", "term_id", "cx", "cy", "area", "z", "t", "status")
_PLACES = tuple(ANNOTATION_COLUMNS.index(name) for name in _SOURCES)
_FACT_SOURCES = ("kind", "version", "creator_id", "score", "term_score", "x0", "y0", "x1", "y1")
_FACT_PLACES = tuple(ANNOTATION_COLUMNS.index(name) for name in _FACT_SOURCES)
_CELL = ANNOTATION_COLUMNS.index("cell")
_ID = ANNOTATION_COLUMNS.index("id")
_NAMES = ("layer_id", "cell", "points", "facts")

Block = tuple[int, bytes, bytes]
"""A cell with its places and its facts."""


def record_points(connection: Connection, layer_id: int, removed: Sequence[Row], added: Sequence[Row]) -> None:
    """Bring the blocks up to date with rows that went and rows that came."""
    if removed:
        _take_out(connection, layer_id, removed)
    _append(connection, layer_id, _packed(added))


def _record_of(row: Row) -> tuple[object, ...]:
    key, term, *rest = (row[place] for place in _PLACES)
    return (key, term or 0, *rest)


def _facts_of(row: Row) -> tuple[object, ...]:
    return tuple(math.nan if row[place] is None else row[place] for place in _FACT_PLACES)


def _packed(rows: Sequence[Row]) -> list[Block]:
    """The records of rows, one block a cell."""
    ordered = sorted(rows, key=lambda row: row[_CELL])
    points = np.array([_record_of(row) for row in ordered], RECORD)
    facts = np.array([_facts_of(row) for row in ordered], FACTS)
    cells = [row[_CELL] for row in ordered]
    starts = [index for index, cell in enumerate(cells) if index == 0 or cells[index - 1] != cell]
    runs = pairwise([*starts, len(cells)])
    return [(cells[start], points[start:end].tobytes(), facts[start:end].tobytes()) for start, end in runs]


def _append(connection: Connection, layer_id: int, blocks: Sequence[Block]) -> None:
    if not blocks:
        return
    is_sqlite = connection.dialect.name == "sqlite"
    marks = ", ".join(("?" if is_sqlite else "%s") for _ in _NAMES)
    longer = ", ".join(f"{name} = {_joined(name, cast=is_sqlite)}" for name in ("points", "facts"))
    connection.exec_driver_sql(
        f"INSERT INTO {point_block.name} ({', '.join(_NAMES)}) VALUES ({marks}) "  # noqa: S608 - our names
        f"ON CONFLICT (layer_id, cell) DO UPDATE SET {longer}",
        [(layer_id, *block) for block in blocks],
    )


def _joined(column: str, *, cast: bool) -> str:
    """SQLite's || gives text of the same bytes, and the cast makes them bytes again."""
    joined = f"{point_block.name}.{column} || excluded.{column}"
    return f"CAST({joined} AS BLOB)" if cast else joined


def _take_out(connection: Connection, layer_id: int, removed: Iterable[Row]) -> None:
    by_cell = sorted(removed, key=lambda row: row[_CELL])
    gone = {cell: [row[_ID] for row in rows] for cell, rows in groupby(by_cell, key=lambda row: row[_CELL])}
    columns = point_block.c
    for batch in batches(list(gone)):
        here = (columns.layer_id == layer_id) & columns.cell.in_(batch)
        found = connection.execute(select(columns.cell, columns.points, columns.facts).where(here)).all()
        connection.execute(delete(point_block).where(here))
        left = [(layer_id, cell, *_without(points, facts, gone[cell])) for cell, points, facts in found]
        kept = [one for one in left if one[2]]
        if kept:
            insert_rows(connection, point_block, _NAMES, kept)


def _without(points: bytes, facts: bytes, ids: Sequence[int]) -> tuple[bytes, bytes]:
    records = np.frombuffer(points, RECORD)
    kept = ~np.isin(records["id"], ids)
    return records[kept].tobytes(), np.frombuffer(facts, FACTS)[kept].tobytes()


def read_records(connection: Connection, layer_id: int, *, window: Box | None = None) -> tuple[Records, Records]:
    """Places and facts ``(n,)`` of a layer's objects, by id.

    With a window (px) at least of those that lie in it whole.
    """
    query = select(point_block.c.points, point_block.c.facts).where(_here(connection, layer_id, window))
    blocks = connection.execute(query.order_by(point_block.c.cell)).all()
    points = np.frombuffer(b"".join(one.points for one in blocks), RECORD)
    facts = np.frombuffer(b"".join(one.facts for one in blocks), FACTS)
    order = np.argsort(points["id"], kind="stable")
    return points[order], facts[order]


def records_by_number(
    connection: Connection, layer_id: int, part: slice, *, descending: bool
) -> tuple[Records, Records]:
    """Places and facts of the objects from ``part.start`` to before ``part.stop`` in the order of their numbers.

    They are read from their rows, whatever the size of the layer.
    """
    number = annotation.c.id
    # the numbers have an index of their own; the sum keeps the engine from sorting the whole layer instead
    numbers = select(number).where(annotation.c.layer_id + 0 == layer_id)
    numbers = numbers.order_by(number.desc() if descending else number)
    numbers = numbers.offset(part.start).limit(part.stop - part.start)
    columns = [annotation.c[name] for name in ANNOTATION_COLUMNS]
    query = select(*columns).where(number.in_(numbers)).order_by(number.desc() if descending else number)
    rows = [tuple(row) for row in connection.execute(query)]
    return np.array([_record_of(row) for row in rows], RECORD), np.array([_facts_of(row) for row in rows], FACTS)


def _here(connection: Connection, layer_id: int, window: Box | None) -> ColumnElement[bool] | TextClause:
    if window is None:
        return point_block.c.layer_id == layer_id
    return in_cells(point_block, layer_id, window, levels_in_use(connection, layer_id))


def read_points(
    connection: Connection,
    layer_id: int,
    *,
    window: Box | None = None,
    z: int | None = None,
    t: int | None = None,
) -> Records:
    """Records of a layer; with a window (px, edges included) those whose centre lies in it."""
    # a centre lies in the bounding box, so the half cell that the ranges add reaches every one
    query = select(point_block.c.points).where(_here(connection, layer_id, window))
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
