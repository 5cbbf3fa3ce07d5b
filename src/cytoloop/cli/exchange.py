"""``cytoloop export`` and ``cytoloop import``: annotations out of and into a home's database."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import orjson
import typer
from sqlalchemy import Connection

from cytoloop.annotations import layers as layer_store
from cytoloop.core.errors import InvalidInputError, NotFoundError
from cytoloop.core.events import EventBus
from cytoloop.exchange.formats import format_named
from cytoloop.projects import users
from cytoloop.projects.images import ProjectImage, image_count, project_images
from cytoloop.projects.store import Project, project_by_uuid, projects_named
from cytoloop.storage.database import Database
from cytoloop.storage.migrate import migrate
from cytoloop.workflows.announcing import Announcer
from cytoloop.workflows.downloads import file_name
from cytoloop.workflows.exchanging import export_layer, import_objects, read_file

from .options import DatabaseOption, HomeOption, JsonOption, settings_with

ProjectOption = Annotated[str, typer.Option("--project", help="Name or id of the project.")]


def export(
    project: ProjectOption,
    format_name: Annotated[str, typer.Option("--format", help="geojson, coco, labels, imagej or csv.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write to; made if missing.")],
    home: HomeOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the objects of every layer of a project's images, one file a layer."""
    format_named(format_name)
    opened = _database(home, database)
    try:
        with opened.read() as connection:
            chosen = _project(connection, project)
            images = project_images(connection, chosen.id, limit=image_count(connection, chosen.id) + 1)
            out.mkdir(parents=True, exist_ok=True)
            paths = [path for image in images for path in _export_image(connection, image, format_name, out)]
    finally:
        opened.close()
    if as_json:
        typer.echo(orjson.dumps([str(path) for path in paths]))
        return
    for path in paths:
        typer.echo(str(path))
    if not paths:
        typer.echo("There is nothing to export: the project has no objects yet.", err=True)


def _export_image(connection: Connection, image: ProjectImage, format_name: str, out: Path) -> list[Path]:
    """Every layer of an image that holds objects, in a folder of the image's name."""
    paths: list[Path] = []
    for layer in layer_store.layers_of_image(connection, image.id):
        if image.stored is None or not sum(layer_store.term_counts(connection, [layer.id])[layer.id].values()):
            continue
        folder = out / file_name(f"{image.id}-{Path(image.name).stem}", "")
        folder.mkdir(exist_ok=True)
        written = export_layer(connection, layer, image, format_name, folder)
        stem = written.name.split(".", 1)[0]
        paths.append(written.replace(written.with_name(f"{layer.id}-{stem}{written.name[len(stem) :]}")))
    return paths


def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="GeoJSON, COCO, label image, ImageJ ROIs or CSV with WKT.")
    ],
    project: ProjectOption,
    image: Annotated[str, typer.Option("--image", help="Name or id of the image in the project.")],
    layer: Annotated[
        str | None, typer.Option("--layer", help="Name of the new layer; the file's unless given.")
    ] = None,
    user: Annotated[str | None, typer.Option("--user", help="Whose layer it is; the local user unless given.")] = None,
    home: HomeOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read an annotation file into a new layer of an image."""
    opened = _database(home, database)
    try:
        with opened.read() as connection:
            target = _image(connection, _project(connection, project), image)
        found = read_file(file, target)

        def store(connection: Connection):
            creator = users.user_by_name(connection, user) if user else users.local_user(connection)
            return import_objects(
                connection,
                found,
                image=target,
                name=layer or file.name,
                user_id=creator.id,
                announcer=Announcer(EventBus()),
            )

        imported = opened.write(store)
    finally:
        opened.close()
    for warning in imported.warnings:
        typer.echo(warning, err=True)
    if as_json:
        content = {
            "layer": str(imported.layer.uuid),
            "created": imported.created,
            "warnings": list(imported.warnings),
        }
        typer.echo(orjson.dumps(content))
    else:
        typer.echo(f"Imported {imported.created:,} objects into the layer {imported.layer.name!r} of {target.name}.")


def _database(home: Path | None, database: str | None) -> Database:
    settings = settings_with(home=home, database=database)
    if settings.database is None and not settings.home.is_dir():
        raise NotFoundError(f"There is no Cytoloop home at {settings.home}. Name it with --home.")
    opened = Database(settings.database_url)
    migrate(opened)
    return opened


def _project(connection: Connection, wanted: str) -> Project:
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


def _image(connection: Connection, project: Project, wanted: str) -> ProjectImage:
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
