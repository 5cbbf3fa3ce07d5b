"""What an error of a database means: that work may be tried again, that it does not answer, or has no room left."""

import logging
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from cytoloop.core.errors import DISK_FULL, StorageFullError, UnavailableError

logger = logging.getLogger(__name__)

_PASSING = {"40001", "40P01", "23505", "23503"}
"""Serialization failure, deadlock, and keys that another writer took or removed meanwhile: seen at the next try."""


_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_SHMSIZE)
"""Besides the plain code those of files beside the database that could not grow."""


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def is_passing(error: DBAPIError) -> bool:
    """Whether another writer was in the way, so that the same work may succeed now."""
    return _state(error) in _PASSING


def is_full(error: BaseException) -> bool:
    """Whether the disk of the database has no room left."""
    if not isinstance(error, DBAPIError):
        return False
    return _state(error) == "53100" or getattr(error.orig, "sqlite_errorcode", None) in _FULL


def is_outage(error: BaseException) -> bool:
    """Whether the database could not be reached, went away, or has no room for another connection."""
    if isinstance(error, PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = _state(error)
    if state is None:
        # Errors of the database itself carry a state; these are of the connection to it.
        return error.connection_invalidated or type(error.orig).__name__ in {"OperationalError", "InterfaceError"}
    return state.startswith(("08", "53", "57P", "28", "3D"))


@contextmanager
def telling_full_disks() -> Generator[None]:
    """Turn an error for want of room into ``StorageFullError``."""
    try:
        yield
    except DBAPIError as error:
        if not is_full(error):
            raise
        logger.warning("The disk of the database is full")
        raise StorageFullError(DISK_FULL) from None


@contextmanager
def telling_outages(place: str) -> Generator[None]:
    """Turn errors of the connection into ``UnavailableError``, which names the database without its password."""
    try:
        with telling_full_disks():
            yield
    except Exception as error:
        if not is_outage(error):
            raise
        raise outage(error, place) from None


def outage(error: BaseException, place: str) -> UnavailableError:
    """The error to raise; the cause is logged."""
    cause = getattr(error, "orig", None) or error
    text = str(cause).strip().splitlines()
    logger.warning("The database %s does not answer: %s", place, text[-1] if text else type(cause).__name__)
    return UnavailableError(
        "The database does not answer. What was being saved may not have been. Try again in a moment; if this goes on, "
        f"see that PostgreSQL runs and that the database URL is right ({place})."
    )
