"""Which cells a window of a layer reads."""

from collections.abc import Sequence

from sqlalchemy import Boolean, ColumnElement, Connection, bindparam, func, literal_column, select

from cytoloop.core.geometry import Box

from .cells import SHIFT, key_level, key_ranges
from .tables import stat


def levels_in_use(connection: Connection, layer_id: int) -> list[int]:
    """Quadtree levels that hold objects: a window reads only those. One look-up a level that is used."""
    used: list[int] = []
    next_level = 0
    while True:
        first = connection.execute(_FIRST_CELL, {"layer": layer_id, "low": next_level << (2 * SHIFT)}).scalar_one()
        if first is None:
            return used
        used.append(key_level(first))
        next_level = used[-1] + 1


_FIRST_CELL = (
    select(func.min(stat.c.cell))
    .where(stat.c.layer_id == bindparam("layer"))
    .where(stat.c.cell >= bindparam("low"))
    .where(stat.c.n > 0)
)


def in_cells(column: ColumnElement[int], window: Box, levels: Sequence[int]) -> ColumnElement[bool]:
    """The condition that a cell is one of those that hold what touches the window.

    Written out with its numbers: they are our own, and a statement of a hundred parameters compiles slowly.
    """
    ranges = key_ranges(window, levels)
    name = str(column)
    alternatives = " OR ".join(f"{name} BETWEEN {low} AND {high}" for low, high in ranges)
    return literal_column(f"({alternatives or '1 = 0'})", Boolean)
