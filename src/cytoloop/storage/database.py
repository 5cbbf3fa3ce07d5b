"""The database: many readers, and writes that are grouped into few commits where that is faster.

SQLite has one writer at a time: writers on connections of their own wait for each other, and each pays
for a sync of its own. One thread that commits those that wait together spares both. So on SQLite
every write goes through that thread. PostgreSQL takes writes on connections of its pool.
"""

import queue
import sqlite3
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool

from cytoloop.core.errors import InvalidInputError

Result = TypeVar("Result")
Work = Callable[[Connection], Any]

metadata = MetaData()
"""Holds every domain's tables; migrations are checked against it."""

GROUP_LIMIT = 64
"""Writes committed together at most: beyond that the first waits too long for the last."""


_AFTER_COMMIT = "cytoloop_after_commit"


def after_commit(connection: Connection, action: Callable[[], None]) -> None:
    """Do something once the write that uses this connection is durable, and not if it fails.

    For telling others what changed: told earlier, they would read what was before.
    """
    connection.info[_AFTER_COMMIT].append(action)


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return f"sqlite:///{path}"


class Database:
    """A database by URL: ``sqlite:///file`` or ``postgresql+psycopg://...``.

    Raises
    ------
    InvalidInputError
        The URL is not understood, or its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(url)
            self._engine = _engine(url)
        except Exception as error:
            raise InvalidInputError(
                f"The database URL cannot be used ({error}). Use sqlite:///FILE or postgresql://HOST/NAME."
            ) from error
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self._writer = _GroupCommitWriter(self._engine) if self.is_sqlite else None

    @property
    def engine(self) -> Engine:
        """For migrations only."""
        return self._engine

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A connection with a consistent view, for reading."""
        with self._engine.connect() as connection:
            yield connection

    def write(self, work: Callable[[Connection], Result]) -> Result:
        """Run ``work`` in a transaction and return its result once that is durable.

        An exception in ``work`` undoes that work alone and is raised here.
        """
        if self._writer is not None:
            return cast("Result", self._writer.submit(work).result())
        with self._engine.begin() as connection:
            actions: list[Callable[[], None]] = []
            connection.info[_AFTER_COMMIT] = actions
            result = work(connection)
        for action in actions:
            action()
        return result

    def close(self) -> None:
        """Finish pending writes and close every connection."""
        if self._writer is not None:
            self._writer.stop()
        self._engine.dispose()


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        return create_engine(parsed, pool_size=8, max_overflow=16, pool_pre_ping=True)
    engine = create_engine(
        parsed,
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=40,
        connect_args={"check_same_thread": False, "timeout": 30.0},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Transactions are begun by hand below: the driver's own begin comes too late for reads.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        # Outlines make rows of a kilobyte: with pages of 16 KiB a bulk commit costs half of what it does with 4.
        "page_size=16384",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "cache_size=-65536",
        "temp_store=MEMORY",
        "mmap_size=268435456",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


class _GroupCommitWriter:
    """One thread that runs writes in order and commits those that wait together."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: queue.SimpleQueue[tuple[Work, Future[Any]] | None] = queue.SimpleQueue()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="database-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work) -> Future[Any]:
        if self._stopped:
            raise RuntimeError("The database is closed.")
        if threading.current_thread() is self._thread:
            raise RuntimeError("A write may not start another write; pass the connection on.")
        future: Future[Any] = Future()
        self._queue.put((work, future))
        return future

    def stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            self._queue.put(None)
            self._thread.join()

    def _run(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            group, goes_on = self._gather(first)
            self._commit(group)
            if not goes_on:
                return

    def _gather(self, first: tuple[Work, Future[Any]]) -> tuple[list[tuple[Work, Future[Any]]], bool]:
        group = [first]
        while len(group) < GROUP_LIMIT:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return group, True
            if item is None:
                return group, False
            group.append(item)
        return group, True

    def _commit(self, group: list[tuple[Work, Future[Any]]]) -> None:
        outcomes: list[tuple[Future[Any], Any, BaseException | None]] = []
        actions: list[Callable[[], None]] = []
        try:
            with self._engine.begin() as connection:
                for work, future in group:
                    mine: list[Callable[[], None]] = []
                    connection.info[_AFTER_COMMIT] = mine
                    result, error = _run_in_savepoint(connection, work)
                    outcomes.append((future, result, error))
                    actions += mine if error is None else []
        except BaseException as error:
            # The commit itself failed (disk full, say): nothing of the group is there.
            for _, future in group:
                future.set_exception(error)
            return
        for action in actions:
            action()
        for future, result, error in outcomes:
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)


def _run_in_savepoint(connection: Connection, work: Work) -> tuple[Any, BaseException | None]:
    try:
        with connection.begin_nested():
            return work(connection), None
    except BaseException as error:
        return None, error
