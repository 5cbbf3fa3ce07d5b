"""Small helpers for statements that touch many rows."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table

Value = TypeVar("Value")

IN_LIST_LIMIT = 5000
"""Values in one IN list: well below every engine's limit on bound parameters."""


def batches(values: Sequence[Value], size: int = IN_LIST_LIMIT) -> Iterator[Sequence[Value]]:
    """The values in runs of at most ``size``."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def insert_rows(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
) -> None:
    """Insert plain tuples by the driver's executemany, without a compiled statement's work for each row."""
    names = ", ".join(columns)
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    marks = ", ".join(mark for _ in columns)
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({names}) VALUES ({marks})",  # noqa: S608 - names come from our tables
        list(rows),
    )
