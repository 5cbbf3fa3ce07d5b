"""Databases of every earlier revision, with data in them, brought up to date on both engines."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, Table, func, select, text
from sqlalchemy import types as sql

from cytoloop.annotations import layers
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import ChangeSet, NewAnnotation, Status
from cytoloop.annotations.points import FACTS, RECORD, read_records
from cytoloop.annotations.store import annotation_by_id, apply_change
from cytoloop.storage.database import Database, metadata, sqlite_url
from cytoloop.storage.migrate import MIGRATIONS, migrate, newest

from ..databases import ENGINES, Databases  # noqa: TID252 - tests are no package


def revisions() -> list[str]:
    """Every revision but the newest, oldest first."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    found = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()]
    return list(reversed(found[1:]))


def test_the_newest_revision_is_known_without_asking_for_all() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert newest() == ScriptDirectory.from_config(config).get_current_head()


def test_a_database_that_is_up_to_date_needs_no_migrations(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "some.sqlite")
    code = f"""
import sys
from cytoloop.storage.database import Database
from cytoloop.storage.migrate import migrate
database = Database({url!r})
migrate(database)
print("alembic" in sys.modules)
"""
    told = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(2)]
    assert [one.stdout.strip() for one in told] == ["True", "False"]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Both, whatever ``--engine`` says."""
    return request.param


@pytest.fixture
def empty(databases: Databases, tmp_path: Path) -> Iterator[Database]:
    database = Database(databases.url(tmp_path, migrated=False))
    yield database
    database.close()


KEY = 7
"""The number of every row that has one, and of what it refers to."""
OUTLINE = shapely.box(10, 20, 30, 45)
PLACE = (KEY, KEY, 0.1 + KEY, 0.1 + KEY, 0.1 + KEY, KEY, KEY, int(Status.ACCEPTED))
"""The one object as ``point_block`` has it since revision 0006."""
KNOWN = (int(Kind.POLYGON), KEY, KEY, *(0.1 + KEY for _ in range(6)))
"""What else ``point_block`` has of it since revision 0008."""
GIVEN = {
    ("annotation", "geom"): shapely.to_wkb(OUTLINE),
    ("annotation", "status"): int(Status.ACCEPTED),
    ("annotation", "kind"): int(Kind.POLYGON),
    ("annotation", "details"): '{"tags": ["a"]}',
    ("annotation_revision", "geom"): shapely.to_wkb(OUTLINE),
    ("id_block", "name"): "annotation",
    ("id_block", "next"): 100,
    ("layer", "kind"): "user",
    ("point_block", "points"): np.array([PLACE], RECORD).tobytes(),
    ("point_block", "facts"): np.array([KNOWN], FACTS).tobytes(),
    ("status_count", "status"): int(Status.ACCEPTED),
    ("status_count", "n"): 1,
}


def value_for(table: Table, column: Column[Any]) -> Any:
    if (table.name, column.name) in GIVEN:
        return GIVEN[table.name, column.name]
    match column.type:
        case sql.JSON():
            return '{"some": ["JSON", 1]}'
        case sql.Boolean():
            return True
        case sql.DateTime():
            return "2026-01-02 03:04:05.000006"
        case sql.Uuid() | sql.CHAR():
            return f"{KEY:032x}"
        case sql.LargeBinary():
            return b"bytes"
        case sql.String():
            return f"{table.name} Müller"[: column.type.length or 100]
        case sql.Integer():
            return KEY
        case sql.Float() | sql.Numeric():
            return 0.1 + KEY
        case _:
            raise AssertionError(f"no value for {column!r}")


def tables_of(connection: Connection) -> list[Table]:
    """The tables as they are in the database."""
    found = MetaData()
    found.reflect(connection)
    return [one for one in found.sorted_tables if one.name != "alembic_version"]


def fill(connection: Connection) -> None:
    """One row in each table, with a value in each column, by plain SQL."""
    for table in tables_of(connection):
        values = {column.name: value_for(table, column) for column in table.columns}
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join(f":{name}" for name in values)
        connection.execute(text(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'), values)


def contents(connection: Connection) -> dict[str, dict[str, Any]]:
    """The one row of every table, by column; tables that came after the rows were written have none."""
    found: dict[str, dict[str, Any]] = {}
    for table in tables_of(connection):
        row = connection.execute(text(f'SELECT * FROM "{table.name}"')).mappings().one_or_none()
        if row is not None:
            found[table.name] = {name: bytes(one) if isinstance(one, memoryview) else one for name, one in row.items()}
    return found


@pytest.mark.parametrize("revision", revisions())
def test_a_database_of_an_earlier_revision_keeps_its_data(empty: Database, revision: str) -> None:
    migrate(empty, revision)
    empty.write(fill)
    with empty.read() as connection:
        before = contents(connection)
    assert len(before) > 15
    migrate(empty)
    with empty.read() as connection:
        after = contents(connection)
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    for table, row in before.items():
        assert row.items() <= after[table].items(), table
    assert after["status_count"] == {"layer_id": KEY, "status": int(Status.ACCEPTED), "n": 1} or revision >= "0003"


@pytest.mark.parametrize("revision", revisions())
def test_the_program_works_with_what_an_earlier_revision_held(empty: Database, revision: str) -> None:
    migrate(empty, revision)
    empty.write(fill)
    migrate(empty)
    with empty.read() as connection:
        layer = layers.layer_by_id(connection, KEY)
        found = annotation_by_id(connection, KEY)
    assert found.geometry.equals_exact(OUTLINE)
    assert (found.status, found.kind, found.version) == (Status.ACCEPTED, Kind.POLYGON, KEY)
    new = ChangeSet("Draw", creates=[NewAnnotation(shapely.box(0, 0, 5, 5), Kind.POLYGON)])
    applied = empty.write(lambda connection: apply_change(connection, new, layer=layer, user_id=KEY))
    assert applied.created_ids == [100]
    with empty.read() as connection:
        table = metadata.tables["annotation"]
        assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 2
        assert sum(layers.state_counts(connection, [KEY])[KEY].values()) == 2
        points, facts = read_records(connection, KEY)
    assert points["id"].tolist() == [KEY, 100]
    assert facts[["kind", "version", "creator", "score", "x0"]][0].item() == (
        found.kind,
        KEY,
        KEY,
        0.1 + KEY,
        0.1 + KEY,
    )


@pytest.mark.parametrize("engine", ["postgresql"])
def test_several_may_migrate_at_once(empty: Database) -> None:
    threads = [threading.Thread(target=migrate, args=(empty,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with empty.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
