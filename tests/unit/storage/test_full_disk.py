"""SQLite on a disk without room: errors are told as such, and nothing that was told as saved is missing."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, Table, insert, select

from cytoloop.core.errors import StorageFullError
from cytoloop.storage.database import Database, sqlite_url

rows = Table("rows", MetaData(), Column("n", Integer, primary_key=True), Column("content", LargeBinary))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(sqlite_url(tmp_path / "small.sqlite"))
    opened.write(lambda c: rows.create(c))
    yield opened
    opened.close()


def limit(connection: Connection, pages: int) -> None:
    """What SQLite does when the file may not grow is what it does when the disk is full."""
    connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def add(number: int, size: int = 10) -> object:
    return lambda c: c.execute(insert(rows).values(n=number, content=b"x" * size))


def stored(database: Database) -> list[int]:
    with database.read() as c:
        return list(c.execute(select(rows.c.n).order_by(rows.c.n)).scalars())


def test_a_full_disk_is_told_and_work_goes_on_when_there_is_room(database: Database) -> None:
    def too_much(c: Connection) -> None:
        limit(c, 4)
        c.execute(insert(rows).values(n=1, content=b"x" * 1_000_000))

    with pytest.raises(StorageFullError, match="disk is full"):
        database.write(too_much)
    assert stored(database) == []
    database.write(lambda c: limit(c, 1_000_000))
    database.write(add(2))
    assert stored(database) == [2]


def test_what_was_told_as_saved_is_saved_though_a_neighbour_filled_the_disk(database: Database) -> None:
    started, go = threading.Event(), threading.Event()
    told: dict[int, bool] = {}

    def held(c: Connection) -> None:
        limit(c, 6)
        started.set()
        go.wait(10)

    def run(number: int, size: int) -> None:
        try:
            database.write(add(number, size))
            told[number] = True
        except StorageFullError:
            told[number] = False

    first = threading.Thread(target=database.write, args=(held,))
    first.start()
    started.wait(10)
    others = [threading.Thread(target=run, args=(n, 1_000_000 if n == 2 else 10)) for n in (1, 2, 3)]
    for one in others:
        one.start()
    go.set()
    for one in (first, *others):
        one.join(30)
    assert told[2] is False
    assert [number for number, saved in sorted(told.items()) if saved] == stored(database)


def test_a_transaction_that_sqlite_gave_up_takes_its_group_with_it(database: Database) -> None:
    started, go = threading.Event(), threading.Event()
    outcomes: dict[str, BaseException | None] = {}

    def held(c: Connection) -> None:
        started.set()
        go.wait(10)

    def gave_up(c: Connection) -> None:
        c.exec_driver_sql("ROLLBACK")
        raise RuntimeError("as if the disk had failed")

    def run(name: str, work: object) -> None:
        try:
            database.write(work)
            outcomes[name] = None
        except Exception as error:
            outcomes[name] = error

    first = threading.Thread(target=run, args=("held", held))
    first.start()
    started.wait(10)
    threads = [first]
    for place, (name, work) in enumerate((("before", add(1)), ("gave up", gave_up), ("after", add(2))), start=1):
        threads.append(threading.Thread(target=run, args=(name, work)))
        threads[-1].start()
        while database._writer._queue.qsize() < place:  # one after the other
            time.sleep(0.01)
    go.set()
    for one in threads:
        one.join(30)
    assert outcomes["held"] is None
    assert all(isinstance(outcomes[name], RuntimeError) for name in ("before", "gave up", "after"))
    assert stored(database) == []
    database.write(add(9))
    assert stored(database) == [9]
