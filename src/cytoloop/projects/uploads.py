"""Uploads: what was promised and how much has safely arrived."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, select, update

from cytoloop.core.clock import utc_now
from cytoloop.core.errors import NotFoundError

from .tables import upload


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in; bytes below ``offset_bytes`` are on disk for good.

    A ``held`` file waits for others of its folder before it is imported with them.
    """

    id: str
    project_id: int
    user_id: int
    filename: str
    relative_path: str
    size_bytes: int
    offset_bytes: int
    held: bool
    state: str
    error: str | None
    image_ids: list[str]


_COLUMNS = [upload.c[name] for name in Upload.__slots__]


def create_upload(
    connection: Connection,
    *,
    project_id: int,
    user_id: int,
    filename: str,
    relative_path: str,
    size_bytes: int,
    held: bool = False,
) -> Upload:
    """Record a promised file."""
    key = uuid4().hex
    connection.execute(
        insert(upload).values(
            id=key,
            project_id=project_id,
            user_id=user_id,
            filename=filename,
            relative_path=relative_path,
            size_bytes=size_bytes,
            offset_bytes=0,
            held=held,
            state="receiving",
            image_ids=[],
            created_at=utc_now(),
        )
    )
    return upload_by_id(connection, key)


def upload_by_id(connection: Connection, upload_id: str, *, held: bool = False) -> Upload:
    """The upload, or ``NotFoundError``; ``held`` to the end of the transaction, for work that depends on its state."""
    query = select(*_COLUMNS).where(upload.c.id == upload_id)
    row = connection.execute(query.with_for_update() if held else query).mappings().first()
    if row is None:
        raise NotFoundError("There is no such upload; it may have been cancelled.")
    return Upload(**row)


def update_upload(connection: Connection, upload_id: str, **fields: Any) -> None:
    connection.execute(update(upload).where(upload.c.id == upload_id).values(**fields))


def delete_upload(connection: Connection, upload_id: str) -> None:
    connection.execute(delete(upload).where(upload.c.id == upload_id))


def unfinished_uploads(connection: Connection) -> list[Upload]:
    """Uploads whose bytes are still arriving or not yet imported."""
    rows = connection.execute(select(*_COLUMNS).where(upload.c.state.in_(["receiving", "importing"]))).mappings()
    return [Upload(**row) for row in rows]
