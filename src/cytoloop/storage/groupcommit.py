"""One writer for SQLite: a thread that runs writes in order and commits those that wait together."""

import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from .aftercommit import collecting

Work = Callable[[Connection], Any]

GROUP_LIMIT = 64
"""Writes committed together at most: beyond that the first waits too long for the last."""


class GroupCommitWriter:
    """Runs each write in a savepoint of a common transaction."""

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
                    mine = collecting(connection)
                    result, error = _run_in_savepoint(connection, work)
                    if error is not None and not _in_transaction(connection):
                        raise error  # SQLite gave up all of it (disk full, say): what went before is undone too
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
    savepoint = connection.begin_nested()
    try:
        result = work(connection)
        savepoint.commit()
    except BaseException as error:
        with suppress(DBAPIError):  # the savepoint is gone where SQLite undid the transaction by itself
            savepoint.rollback()
        return None, error
    return result, None


def _in_transaction(connection: Connection) -> bool:
    return cast("sqlite3.Connection", connection.connection.driver_connection).in_transaction
