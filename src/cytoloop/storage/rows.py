"""Small helpers for statements that touch many rows."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table

Value = TypeVar("Value")

COPY_FROM = 16
"""Rows from which on COPY is quicker than single statements on PostgreSQL."""

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
    """Insert plain tuples without a compiled statement's work for each row: by COPY where they are many.

    On SQLite, and for few rows, it is the driver's executemany.
    """
    rows = list(rows)
    names = ", ".join(columns)
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite and len(rows) >= COPY_FROM:
        _copy(connection, table, columns, rows)
        return
    marks = ", ".join("?" if is_sqlite else "%s" for _ in columns)
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({names}) VALUES ({marks})",  # noqa: S608 - names come from our tables
        rows,
    )


def _copy(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """The rows in PostgreSQL's binary form: nothing is written as text and read again."""
    dialect = connection.dialect
    types = [table.c[name].type.compile(dialect).split("(")[0].lower() for name in columns]
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def add_counts(connection: Connection, table: Table, rows: Iterable[tuple[int, ...]]) -> None:
    """Add to counters: rows of the table's key and a number, which is added to its column ``n``."""
    keys = [column.name for column in table.primary_key]
    names = [*keys, "n"]
    sums = f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET n = {table.name}.n + excluded.n"
    target = f"INSERT INTO {table.name} ({', '.join(names)})"
    ordered = sorted(rows)
    if not ordered:
        return
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in names)
        connection.exec_driver_sql(f"{target} VALUES ({marks}) {sums}", ordered)
        return
    types = [table.c[name].type.compile(connection.dialect) for name in names]
    arrays = ", ".join(f"%s::{one}[]" for one in types)
    columns = tuple(list(one) for one in zip(*ordered, strict=True))
    connection.exec_driver_sql(f"{target} SELECT * FROM unnest({arrays}) {sums}", columns)  # noqa: S608 - our names
