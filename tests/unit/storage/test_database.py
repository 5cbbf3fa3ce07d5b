import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select

import cytoloop.annotations.tables
import cytoloop.jobs.tables
import cytoloop.projects.tables
from cytoloop.core.errors import InvalidInputError
from cytoloop.storage.database import Database, metadata
from cytoloop.storage.migrate import migrate

from ...databases import Databases  # noqa: TID252 - tests are no package

numbers = Table("numbers", MetaData(), Column("n", Integer, primary_key=True))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    opened.write(lambda c: numbers.create(c))
    yield opened
    opened.close()


def count(database: Database) -> int:
    with database.read() as c:
        return c.execute(select(func.count()).select_from(numbers)).scalar_one()


def test_an_error_undoes_its_own_work_alone(database: Database) -> None:
    started, go = threading.Event(), threading.Event()

    def blocking(c: object) -> None:
        started.set()
        go.wait(5)

    def failing(c: object) -> None:
        c.execute(insert(numbers).values(n=1))
        raise ZeroDivisionError

    def fine(c: object) -> str:
        c.execute(insert(numbers).values(n=2))
        return "kept"

    outcomes: list[object] = []

    def run(work: object) -> None:
        try:
            outcomes.append(database.write(work))
        except ZeroDivisionError as error:
            outcomes.append(type(error))

    # The first write holds the writer, so that the next two are committed as one group.
    threads = [threading.Thread(target=run, args=(blocking,))]
    threads[0].start()
    started.wait(5)
    threads += [threading.Thread(target=run, args=(work,)) for work in (failing, fine)]
    for thread in threads[1:]:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert ZeroDivisionError in outcomes
    assert "kept" in outcomes
    assert count(database) == 1


def test_many_writers_lose_nothing(database: Database) -> None:
    def work(first: int) -> None:
        for n in range(first, first + 25):
            database.write(lambda c, n=n: c.execute(insert(numbers).values(n=n)))

    threads = [threading.Thread(target=work, args=(first * 25,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(database) == 200


def test_a_write_within_a_write_is_an_error_not_a_deadlock(database: Database) -> None:
    with pytest.raises(RuntimeError, match="may not start another"):
        database.write(lambda _: database.write(lambda c: c))


def test_a_bad_url_is_told() -> None:
    with pytest.raises(InvalidInputError, match="sqlite:///FILE"):
        Database("nonsense")


def test_migrations_give_the_tables_that_the_code_declares(databases: Databases, tmp_path: Path) -> None:
    database = Database(databases.url(tmp_path, migrated=False))
    migrate(database)
    migrate(database)
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()
    assert {"annotation", "job", "project"} <= set(metadata.tables)
    assert cytoloop.annotations.tables.annotation.name in metadata.tables
    assert cytoloop.jobs.tables.job.name in metadata.tables
    assert cytoloop.projects.tables.project.name in metadata.tables
