"""Bring a database to the newest schema, by the numbered migrations beside this file."""

from pathlib import Path

from sqlalchemy import inspect, text

from .database import Database
from .locks import Held, hold

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(database: Database, revision: str = "head") -> None:
    """Apply every migration that the database does not have yet; harmless when there is none.

    Several processes may do so at once: the others wait for the first.
    """
    if revision == "head" and _stands_at(database) == newest():
        return
    from alembic import command  # takes half a second, and most starts have nothing to do
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.telling_outages(), database.engine.begin() as connection:
        hold(connection, Held.MIGRATION, 0)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def newest() -> str:
    """The number of the last migration, which its file's name begins with."""
    return max(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*.py")).partition("_")[0]


def _stands_at(database: Database) -> str | None:
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
