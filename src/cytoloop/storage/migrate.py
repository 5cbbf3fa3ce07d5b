"""Bring a database to the newest schema, by the numbered migrations beside this file."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from .database import Database
from .locks import Held, hold

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(database: Database, revision: str = "head") -> None:
    """Apply every migration that the database does not have yet; harmless when there is none.

    Several processes may do so at once: the others wait for the first.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.telling_outages(), database.engine.begin() as connection:
        hold(connection, Held.MIGRATION, 0)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
