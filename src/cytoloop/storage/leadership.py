"""Which one of several processes does what only one may do.

A lock of a session of PostgreSQL: it is free as soon as the connection of the process that had it ends,
however that process ended.
"""

import logging
import time
from typing import TYPE_CHECKING, Any, Protocol

from .database import Database
from .locks import Held, key_of

if TYPE_CHECKING:
    import psycopg

logger = logging.getLogger(__name__)

CHECK_EVERY_S = 1.0
"""How often the lock is asked for, and its connection whether it still lives."""


class Leadership(Protocol):
    """Held by one process at a time."""

    def held(self) -> bool:
        """Whether this process has it now; takes it where it is free."""
        ...

    def release(self) -> None:
        """Leave it to another."""
        ...


class SoleLeadership:
    """Where there is one process, it leads."""

    def held(self) -> bool:
        return True

    def release(self) -> None:
        """There is nobody to leave it to."""


class PostgresLeadership:
    """Held by the process whose connection has the lock. Not for several threads."""

    def __init__(self, database: Database, what: Held) -> None:
        self._database = database
        self._what = what
        self._connection: psycopg.Connection[Any] | None = None
        self._has_lock = False
        self._checked = float("-inf")

    def held(self) -> bool:
        if time.monotonic() - self._checked < CHECK_EVERY_S:
            return self._has_lock
        try:
            self._has_lock = self._asked()
        except Exception as error:
            if self._has_lock:
                logger.warning("The lock of the database is lost (%s)", type(error).__name__)
            self.release()
        self._checked = time.monotonic()
        return self._has_lock

    def _asked(self) -> bool:
        import psycopg

        if self._connection is None:
            self._connection = psycopg.connect(**self._database.connect_arguments, autocommit=True)
        if self._has_lock:
            self._connection.execute(b"SELECT 1")
            return True
        row = self._connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (key_of(self._what), 0)).fetchone()
        return row is not None and bool(row[0])

    def release(self) -> None:
        connection, self._connection = self._connection, None
        self._has_lock = False
        if connection is not None:
            connection.close()


def leadership_of(database: Database, what: Held) -> Leadership:
    """The leadership that fits a database."""
    return SoleLeadership() if database.is_sqlite else PostgresLeadership(database, what)
