"""Image records: stored file sets, and their places in projects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from cytoloop.core.clock import utc_now
from cytoloop.core.errors import ConflictError, NotFoundError
from cytoloop.core.ids import new_uuid
from cytoloop.storage.locks import Held, hold

from .tables import image, project_image


@dataclass(frozen=True, slots=True)
class StoredImage:
    """One stored file set. ``info`` and ``display`` are the JSON of what was found on import.

    ``original`` and ``prepared`` are paths: absolute for files registered in place, else relative to the
    blob of ``content_key``.
    """

    id: int
    content_key: str
    sha256: str
    original: str
    prepared: str | None
    in_place: bool
    series: int
    info: dict[str, Any]
    display: dict[str, Any]
    size_bytes: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ProjectImage:
    """An image in a project; ``stored`` is there once it was imported."""

    id: int
    uuid: UUID
    project_id: int
    name: str
    state: str
    error: str | None
    size_bytes: int
    position: int
    stored: StoredImage | None


def stored_of(image: ProjectImage) -> StoredImage:
    """The image's files, or ``ConflictError`` while there are none."""
    if image.stored is None:
        raise ConflictError(f"{image.name} is not imported yet; wait until it is.")
    return image.stored


_JOINED = select(
    project_image,
    *(column.label(f"stored_{column.name}") for column in image.columns),
).outerjoin(image, image.c.id == project_image.c.image_id)


def _project_image(row: RowMapping) -> ProjectImage:
    stored = None
    if row["stored_id"] is not None:
        stored = StoredImage(**{name: row[f"stored_{name}"] for name in StoredImage.__slots__})
    return ProjectImage(
        id=row["id"],
        uuid=row["uuid"],
        project_id=row["project_id"],
        name=row["name"],
        state=row["state"],
        error=row["error"],
        size_bytes=row["size_bytes"],
        position=row["position"],
        stored=stored,
    )


def add_project_image(connection: Connection, *, project_id: int, name: str, size_bytes: int) -> ProjectImage:
    """A place for an image that is being imported."""
    hold(connection, Held.PROJECT, project_id)
    last = connection.execute(
        select(func.coalesce(func.max(project_image.c.position), -1)).where(project_image.c.project_id == project_id)
    ).scalar_one()
    uuid = new_uuid()
    connection.execute(
        insert(project_image).values(
            uuid=uuid,
            project_id=project_id,
            name=name[:300],
            state="importing",
            size_bytes=size_bytes,
            position=int(last) + 1,
            created_at=utc_now(),
        )
    )
    return project_image_by_uuid(connection, uuid)


def project_image_by_uuid(connection: Connection, uuid: UUID) -> ProjectImage:
    """The image, or ``NotFoundError`` in the words that an outsider gets too."""
    row = connection.execute(_JOINED.where(project_image.c.uuid == uuid)).mappings().first()
    if row is None:
        raise NotFoundError("There is no such image, or you are not a member of its project.")
    return _project_image(row)


def find_project_image(connection: Connection, image_id: int) -> ProjectImage | None:
    """The image, or ``None`` when it is not there any more."""
    row = connection.execute(_JOINED.where(project_image.c.id == image_id)).mappings().first()
    return None if row is None else _project_image(row)


def project_image_by_id(connection: Connection, image_id: int) -> ProjectImage:
    """The image, or ``NotFoundError``."""
    found = find_project_image(connection, image_id)
    if found is None:
        raise NotFoundError("The image is not there any more.")
    return found


def project_images(
    connection: Connection,
    project_id: int,
    *,
    after: tuple[int, int] | None = None,
    limit: int,
) -> list[ProjectImage]:
    """Images of a project in their order, after (position, id)."""
    query = _JOINED.where(project_image.c.project_id == project_id)
    if after is not None:
        query = query.where(
            (project_image.c.position > after[0])
            | ((project_image.c.position == after[0]) & (project_image.c.id > after[1]))
        )
    query = query.order_by(project_image.c.position, project_image.c.id).limit(limit)
    return [_project_image(row) for row in connection.execute(query).mappings()]


def image_count(connection: Connection, project_id: int) -> int:
    return int(
        connection.execute(
            select(func.count()).select_from(project_image).where(project_image.c.project_id == project_id)
        ).scalar_one()
    )


def images_by_uuid(connection: Connection, project_id: int, uuids: Sequence[UUID]) -> list[ProjectImage]:
    """These images of the project, in the order asked; ``NotFoundError`` for one that is not there."""
    rows = connection.execute(
        _JOINED.where(project_image.c.project_id == project_id).where(project_image.c.uuid.in_(uuids))
    ).mappings()
    found = {row["uuid"]: _project_image(row) for row in rows}
    missing = [one for one in uuids if one not in found]
    if missing:
        raise NotFoundError(f"There is no image {missing[0]} in this project.")
    return [found[one] for one in uuids]


def rename_image(connection: Connection, image_id: int, name: str) -> None:
    connection.execute(update(project_image).where(project_image.c.id == image_id).values(name=name))


def stored_by_key(connection: Connection, content_key: str) -> StoredImage | None:
    """The stored file set with this content, if it is there."""
    row = connection.execute(select(image).where(image.c.content_key == content_key)).mappings().first()
    return None if row is None else StoredImage(**row)


def add_stored(connection: Connection, **values: Any) -> StoredImage:
    """Record a stored file set."""
    row = connection.execute(insert(image).values(created_at=utc_now(), **values).returning(image)).mappings().one()
    return StoredImage(**row)


def mark_ready(connection: Connection, image_id: int, stored: StoredImage) -> None:
    """The import of this image succeeded."""
    connection.execute(
        update(project_image)
        .where(project_image.c.id == image_id)
        .values(state="ready", error=None, image_id=stored.id, size_bytes=stored.size_bytes)
    )


def mark_failed(connection: Connection, image_id: int, error: str) -> None:
    """The import of this image failed, and why."""
    connection.execute(
        update(project_image).where(project_image.c.id == image_id).values(state="failed", error=error[:2000])
    )


def remove_project_image(connection: Connection, image_id: int) -> StoredImage | None:
    """Take an image out of its project; returns the file set that no project uses any more."""
    stored_id = connection.execute(
        select(project_image.c.image_id).where(project_image.c.id == image_id)
    ).scalar_one_or_none()
    connection.execute(delete(project_image).where(project_image.c.id == image_id))
    if stored_id is None:
        return None
    # Held, so that of two that remove the last uses at once, one sees that it is the last.
    row = connection.execute(select(image).where(image.c.id == stored_id).with_for_update()).mappings().first()
    if row is None:
        return None
    used = connection.execute(
        select(func.count()).select_from(project_image).where(project_image.c.image_id == stored_id)
    ).scalar_one()
    if used:
        return None
    connection.execute(delete(image).where(image.c.id == stored_id))
    return StoredImage(**row)


def is_importing(connection: Connection, image_id: int) -> bool:
    """Whether the image is there and waits for its import."""
    state = connection.execute(select(project_image.c.state).where(project_image.c.id == image_id)).scalar_one_or_none()
    return state == "importing"


def image_ids(connection: Connection, project_id: int) -> list[int]:
    """Ids of all images of a project."""
    return list(
        connection.execute(select(project_image.c.id).where(project_image.c.project_id == project_id)).scalars()
    )


def content_keys(connection: Connection) -> set[str]:
    """The keys of all stored file sets."""
    return set(connection.execute(select(image.c.content_key)).scalars())


def all_stored(connection: Connection) -> list[StoredImage]:
    """Every stored file set, in the order in which they came."""
    return [StoredImage(**row) for row in connection.execute(select(image).order_by(image.c.id)).mappings()]
