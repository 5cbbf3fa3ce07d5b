"""Engines of SQLAlchemy for a database URL, tuned for each kind of database."""

import os
import sqlite3
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool

from cytoloop.core.errors import InvalidInputError

POOL_SIZE, POOL_OVERFLOW = 5, 10
"""Connections that one process keeps to PostgreSQL, and more that it opens under load."""

_DRIVERS = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg", "sqlite": "sqlite"}
_HINT = "Use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME, with signs like @ and / in the password escaped."


def parsed_url(text: str) -> URL:
    """The URL, or ``InvalidInputError``, which repeats nothing of it: there may be a password in any part."""
    try:
        url = make_url(text)
    except Exception:
        raise InvalidInputError(f"The database URL cannot be understood. {_HINT}") from None
    if url.get_backend_name() != "sqlite" and set("/@") & set(url.database or ""):
        # The rest of a password with an "@" that was not escaped is no name, and names are shown to people.
        raise InvalidInputError(f"The database URL cannot be understood. {_HINT}")
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    if url.drivername not in _DRIVERS.values():
        raise InvalidInputError(f"The database URL names a kind of database that is not supported. {_HINT}")
    return url


def place_of(url: URL) -> str:
    """Where the database is, for people: without user and password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    host = url.host or url.query.get("host") or "this machine"
    return f"{url.database} on {host}{f':{url.port}' if url.port else ''}"


def engine_of(url: URL) -> Engine:
    """The engine for a URL of ``parsed_url``."""
    return _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url, POOL_SIZE, POOL_OVERFLOW)


def aside_engine(url: URL) -> Engine:
    """An engine for PostgreSQL whose single statements are transactions, and need no sync of their own.

    The log of the database is in order: what a later, synced commit relies on is durable with it.
    """
    engine = _postgresql(url, 1, 2, options="-c synchronous_commit=off")
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def connect_arguments(engine: Engine, url: URL) -> dict[str, Any]:
    """What the driver's own ``connect`` needs, for connections outside of the pool."""
    _, arguments = engine.dialect.create_connect_args(url)
    return {**_patience(), **arguments}


def _patience() -> dict[str, Any]:
    return {
        "connect_timeout": 5,
        # A peer that vanished without a word is noticed after a minute.
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "application_name": f"cytoloop {os.getpid()}",
    }


def _postgresql(url: URL, size: int, overflow: int, **arguments: Any) -> Engine:
    given = {key: value for key, value in {**_patience(), **arguments}.items() if key not in url.query}
    try:
        return create_engine(
            url,
            pool_size=size,
            max_overflow=overflow,
            pool_pre_ping=True,
            connect_args=given,
            # Parameters are people's data and digests of their secrets: they have no place in a log.
            hide_parameters=True,
        )
    except ImportError:
        raise InvalidInputError(
            "The driver for PostgreSQL is not installed. Install it with: pip install 'cytoloop[postgres]'"
        ) from None


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
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
