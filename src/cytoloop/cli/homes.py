"""What a home's database holds, by the names that people give."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy import Connection

from cytoloop.core.errors import InvalidInputError, NotFoundError
from cytoloop.projects.images import ProjectImage, image_count, project_images
from cytoloop.projects.store import Project, project_by_uuid, projects_named
from cytoloop.storage.database import Database
from cytoloop.storage.migrate import migrate

from .options import settings_with

ProjectOption = Annotated[str, typer.Option("--project", help="Name or id of the project.")]


def open_database(home: Path | None, database: str | None) -> Database:
    """The database of a home, its tables brought up to date."""
    settings = settings_with(home=home, database=database)
    if settings.database is None and not settings.home.is_dir():
        raise NotFoundError(f"There is no Cytoloop home at {settings.home}. Name it with --home.")
    opened = Database(settings.database_url)
    migrate(opened)
    return opened


def project_named(connection: Connection, wanted: str) -> Project:
    """The project of this id, or the only one of this name."""
    uuid = _uuid(wanted)
    if uuid is not None:
        return project_by_uuid(connection, uuid)
    named = projects_named(connection, wanted)
    if not named:
        raise NotFoundError(f"There is no project {wanted!r}. Give its name or its id (see its address).")
    if len(named) > 1:
        ids = ", ".join(str(one.uuid) for one in named)
        raise InvalidInputError(f"{len(named)} projects are called {wanted!r}. Give the id of one: {ids}.")
    return named[0]


def image_named(connection: Connection, project: Project, wanted: str) -> ProjectImage:
    """The image of this id or name in the project."""
    images = project_images(connection, project.id, limit=image_count(connection, project.id) + 1)
    uuid = _uuid(wanted)
    found = [one for one in images if one.uuid == uuid or one.name == wanted]
    found = found or [one for one in images if Path(one.name).stem == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(str(one.uuid) for one in found)
        raise InvalidInputError(f"{len(found)} images are called {wanted!r}. Give the id of one: {ids}.")
    names = ", ".join(one.name for one in images[:10])
    raise NotFoundError(f"There is no image {wanted!r} in {project.name}. There are: {names or 'none'}.")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
