"""``cytoloop export`` and ``cytoloop import``: annotations out of and into a home's database."""

from pathlib import Path
from typing import Annotated

import orjson
import typer
from sqlalchemy import Connection

from cytoloop.annotations import layers as layer_store
from cytoloop.core.events import EventBus
from cytoloop.exchange.formats import format_named
from cytoloop.projects import users
from cytoloop.projects.images import ProjectImage, image_count, project_images
from cytoloop.workflows.announcing import Announcer
from cytoloop.workflows.downloads import file_name
from cytoloop.workflows.exchanging import export_layer, import_objects, read_file

from .homes import ProjectOption, image_named, open_database, project_named
from .options import DatabaseOption, HomeOption, JsonOption


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
    opened = open_database(home, database)
    try:
        with opened.read() as connection:
            chosen = project_named(connection, project)
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
    opened = open_database(home, database)
    try:
        with opened.read() as connection:
            target = image_named(connection, project_named(connection, project), image)
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
