"""Statistics of measurements by class, image, group of images, well or cluster."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from cytoloop.core.errors import TooLargeError
from cytoloop.measurements.exploring.groups import Statistics, describe
from cytoloop.measurements.table import ColumnSpec
from cytoloop.workflows.exchange.downloads import class_names, column_title
from cytoloop.workflows.spatial.questions import csv_text

from .populations import Grouping, Groups, Population, grouped

MAX_GROUPS = 5_000
MAX_COLUMNS = 500
NAMES = ("mean", "sd", "median", "minimum", "first_quartile", "third_quartile", "maximum")


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Statistics of columns in groups; ``counts (k,)`` are all objects of each group, with a value or not."""

    groups: Groups
    counts: tuple[int, ...]
    columns: tuple[ColumnSpec, ...]
    statistics: tuple[Statistics, ...]
    """One a column."""


def group_table(
    connection: Connection, population: Population, by: Grouping, keys: Sequence[str] | None, project_id: int
) -> GroupTable:
    """Statistics of these columns, or of all that hold numbers but places.

    Raises
    ------
    TooLargeError
        There are more than 5,000 groups.
    """
    groups = grouped(population, by, class_names(connection, project_id))
    if len(groups.names) > MAX_GROUPS:
        count = len(groups.names)
        raise TooLargeError(f"{count:,} groups are more than a table takes ({MAX_GROUPS:,}). Group otherwise.")
    places = {"x", "y", "z", "t"}
    chosen = [one.key for one in population.columns if one.key not in places] if keys is None else list(keys)
    columns = tuple(population.column(key) for key in chosen[:MAX_COLUMNS])
    count = len(groups.names)
    statistics = tuple(describe(population.values(one.key).astype(np.float64), groups.of, count) for one in columns)
    counts = np.bincount(groups.of, minlength=count)
    return GroupTable(groups, tuple(int(one) for one in counts), columns, statistics)


def group_csv(table: GroupTable, by: Grouping) -> str:
    """A row for each group and measurement."""
    header = [by, "images", "objects", "measurement", "unit", "n", *NAMES]
    rows: list[list[object]] = []
    for group, name in enumerate(table.groups.names):
        for column, found in zip(table.columns, table.statistics, strict=True):
            numbers = [float(getattr(found, one)[group]) for one in NAMES]
            own = [name, table.groups.image_counts[group], table.counts[group], column_title(column), column.unit]
            rows.append([*own, int(found.n[group]), *numbers])
    return csv_text(header, rows)
