"""Locks within a transaction, for work that decides by what it reads.

On SQLite there is one writer, so there is nothing to lock. On PostgreSQL whoever holds a lock has it to
the end of its transaction, and sees all that those did who held it before. They are taken from the top
down: ontology, project, image.
"""

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any

from sqlalchemy import Connection, func, select

_NAMESPACE = 0x43590000
"""Keeps these apart from locks that others take in the same database."""


class Held(IntEnum):
    """What a lock stands for; each has numbers of its own."""

    ACCOUNTS = 1
    ONTOLOGY = 2
    PROJECT = 3
    IMAGE = 4
    MIGRATION = 5
    DISPATCHER = 6


def key_of(what: Held) -> int:
    """The first of PostgreSQL's two numbers of a lock."""
    return _NAMESPACE + what


def hold(connection: Connection, what: Held, *numbers: int) -> None:
    """Take locks to the end of the transaction; waits for those who have them."""
    _take(connection, func.pg_advisory_xact_lock, what, numbers)


def share(connection: Connection, what: Held, *numbers: int) -> None:
    """Take locks that others may share, and ``hold`` may not."""
    _take(connection, func.pg_advisory_xact_lock_shared, what, numbers)


def _take(connection: Connection, function: Callable[..., Any], what: Held, numbers: Iterable[int]) -> None:
    if connection.dialect.name == "sqlite":
        return
    for number in sorted(set(numbers)):
        # Numbers beyond 31 bits share a lock with others, which costs a wait at worst.
        connection.execute(select(function(key_of(what), number % 2**31)))
