"""A database as one file, and back: a consistent state, taken while others go on writing."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import OperationalError

from cytoloop.core.errors import ConflictError, InvalidInputError, UnavailableError

from .engines import parsed_url, place_of


def snapshot_name(url_text: str) -> str:
    """What the file of this kind of database is called."""
    return "database.sqlite" if _is_sqlite(parsed_url(url_text)) else "database.dump"


def write_snapshot(url_text: str, path: Path) -> None:
    """Write the database's state of this moment.

    SQLite by its online backup; PostgreSQL by ``pg_dump``, which has to be installed, not older than the server.
    """
    url = parsed_url(url_text)
    if not _is_sqlite(url):
        _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={path}")
        return
    source = Path(url.database or "")
    if not source.is_file():
        raise InvalidInputError(f"There is no database at {source}. Name the home folder with --home.")
    with closing(sqlite3.connect(source, timeout=60)) as read, closing(sqlite3.connect(path)) as written:
        read.backup(written)


def check_empty(url_text: str) -> None:
    """Raise ``ConflictError`` where the database holds something."""
    url = parsed_url(url_text)
    if _is_sqlite(url):
        if Path(url.database or "").exists():
            raise ConflictError(f"There is a database at {url.database} already. Restore into an empty folder.")
        return
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            query = text("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")
            if connection.execute(query).scalar_one():
                raise ConflictError(f"The database {place_of(url)} is not empty. Restore into a new one.")
    except OperationalError:
        raise UnavailableError(f"The database {place_of(url)} cannot be reached. Is it running?") from None
    finally:
        engine.dispose()


def read_snapshot(url_text: str, path: Path) -> None:
    """Fill a database that ``check_empty`` found to be empty or not there."""
    url = parsed_url(url_text)
    if not _is_sqlite(url):
        _run(
            "pg_restore", url, "--no-owner", "--no-privileges", "--single-transaction", f"--dbname={url.database}", path
        )
        return
    _check_sqlite(path)
    target = Path(url.database or "")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    shutil.copyfile(path, part)
    part.replace(target)


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _check_sqlite(path: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as opened:
            found = opened.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise InvalidInputError(f"{path} is not a whole database ({error}). Use another backup.") from error
    if found != "ok":
        raise InvalidInputError(f"{path} is damaged ({found[:200]}). Use another backup.")


def _run(program: str, url: URL, *arguments: str | Path) -> None:
    """One of PostgreSQL's programs; where to connect goes by the environment, so that no list of processes shows it."""
    if shutil.which(program) is None:
        raise UnavailableError(f"{program} is not installed. Install PostgreSQL's client programs (postgresql-client).")
    values = {
        "PGHOST": url.host or url.query.get("host"),
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    environment = os.environ | {key: str(value) for key, value in values.items() if value}
    done = subprocess.run([program, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnavailableError(f"{program} failed on {place_of(url)}: {done.stderr.strip()[-500:]}")
