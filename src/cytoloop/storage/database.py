"""The database: many readers, and writes in transactions that can be told apart from each other's.

SQLite has one writer at a time: writers on connections of their own wait for each other, and each pays
for a sync of its own. One thread that commits those that wait together spares both. So on SQLite
every write goes through that thread. PostgreSQL takes writes on connections of its pool; work that must
see all that was done before says so with ``locks.hold``, and a write that lost a race is tried again.
"""

import random
import threading
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, MetaData
from sqlalchemy.exc import DBAPIError

from .aftercommit import after_commit, collecting
from .engines import aside_engine, connect_arguments, engine_of, parsed_url, place_of
from .groupcommit import GroupCommitWriter
from .outages import is_passing, telling_full_disks, telling_outages

__all__ = ["Database", "after_commit", "apart", "metadata", "sqlite_url"]

Result = TypeVar("Result")

metadata = MetaData()
"""Holds every domain's tables; migrations are checked against it."""

MAX_TRIES = 8
"""How often a write that lost a race is tried before its error is told."""

_ASIDE = "cytoloop_aside"


def apart(connection: Connection, work: Callable[[Connection], Result]) -> Result:
    """Run one statement in a transaction of its own, which stands whatever becomes of the one at hand.

    For counters that writers must not hold until they commit. On SQLite it is part of the transaction:
    nobody else writes meanwhile.
    """
    aside: Engine | None = connection.info.get(_ASIDE)
    if aside is None:
        return work(connection)
    with aside.connect() as own:
        return work(own)


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return f"sqlite:///{path}"


class Database:
    """A database by URL: ``sqlite:///file`` or ``postgresql://...``.

    Raises
    ------
    InvalidInputError
        The URL is not understood, or its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        self._url = parsed_url(url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self.place = place_of(self._url)
        """Where it is, for people: without user and password."""
        self._engine = engine_of(self._url)
        self._writing = threading.local()
        self._writer = GroupCommitWriter(self._engine) if self.is_sqlite else None
        self._aside = None if self.is_sqlite else aside_engine(self._url)
        self._reading = self._engine
        if not self.is_sqlite:
            self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @property
    def engine(self) -> Engine:
        """For migrations only."""
        return self._engine

    @property
    def connect_arguments(self) -> dict[str, Any]:
        """What the driver's own ``connect`` needs, for connections that are kept open."""
        return connect_arguments(self._engine, self._url)

    def telling_outages(self) -> AbstractContextManager[None]:
        """Within it, errors of the connection and for want of room become ``UnavailableError``."""
        return telling_full_disks() if self.is_sqlite else telling_outages(self.place)

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A connection with a consistent view, for reading."""
        with self.telling_outages(), self._reading.connect() as connection:
            yield connection

    def write(self, work: Callable[[Connection], Result]) -> Result:
        """Run ``work`` in a transaction and return its result once that is durable.

        An exception in ``work`` undoes that work alone and is raised here. On PostgreSQL ``work`` is run again
        when another writer was in the way, so what it does to files must bear a repetition.
        """
        if self._writer is not None:
            with self.telling_outages():
                return cast("Result", self._writer.submit(work).result())
        if getattr(self._writing, "now", False):
            raise RuntimeError("A write may not start another write; pass the connection on.")
        self._writing.now = True
        try:
            with self.telling_outages():
                result, actions = self._repeated(work)
        finally:
            self._writing.now = False
        for action in actions:
            action()
        return result

    def _repeated(self, work: Callable[[Connection], Result]) -> tuple[Result, list[Callable[[], None]]]:
        for tried in range(1, MAX_TRIES + 1):
            try:
                with self._engine.begin() as connection:
                    connection.info[_ASIDE] = self._aside
                    actions = collecting(connection)
                    return work(connection), actions
            except DBAPIError as error:
                if tried == MAX_TRIES or not is_passing(error):
                    raise
            # Those that met do not meet again at the same moment.
            time.sleep(random.uniform(0, 0.005 * 2**tried))
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        """Finish pending writes and close every connection."""
        if self._writer is not None:
            self._writer.stop()
        if self._aside is not None:
            self._aside.dispose()
        self._engine.dispose()
