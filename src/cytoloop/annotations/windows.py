"""Which cells a window of a layer reads."""

from collections.abc import Sequence

from sqlalchemy import Connection, Table, TextClause, bindparam, func, select, text

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


MAX_LISTED = 6000
"""Cells that a condition names one by one, as in a tile of 32,768 px; a larger window needs most of a layer anyway."""


def in_cells(table: Table, layer_id: int, window: Box, levels: Sequence[int]) -> TextClause:
    """The condition that a row is of the layer and in one of the cells that hold what touches the window.

    Written out with its numbers: they are our own, and a statement of a hundred parameters compiles slowly. Cells are
    listed, because SQLite searches a table that is its own index by a list and not by alternative ranges, for which it
    would read the whole layer.
    """
    cell, ranges = f"{table.name}.cell", key_ranges(window, levels)
    if sum(high - low + 1 for low, high in ranges) <= MAX_LISTED:
        listed = ", ".join(str(key) for low, high in ranges for key in range(low, high + 1))
        chosen = f"{cell} IN ({listed})" if listed else "1 = 0"
    else:
        chosen = " OR ".join(f"{cell} BETWEEN {low} AND {high}" for low, high in ranges)
    # plain text: an expression of a type is compared with 1 on SQLite, and then no index is searched
    return text(f"({table.name}.layer_id = {layer_id} AND ({chosen}))")
