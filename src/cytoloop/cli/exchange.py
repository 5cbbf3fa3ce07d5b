"""``cytoloop export`` and ``cytoloop import``: annotations out of and into a home's database."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import orjson
import typer
from sqlalchemy import Connection

from cytoloop.annotations import layers as layer_store
from cytoloop.core.errors import InvalidInputError
from cytoloop.exchange.formats import FORMATS, format_named
from cytoloop.exchange.sets.registry import SETS, set_named
from cytoloop.projects import users
from cytoloop.projects.images import ProjectImage, image_count, project_images
from cytoloop.runtime.assembly import image_library
from cytoloop.storage.signals import signals_of
from cytoloop.workflows.announcing import Announcer
from cytoloop.workflows.exchange.downloads import file_name
from cytoloop.workflows.exchange.exchanging import Imported, export_layer, read_file
from cytoloop.workflows.exchange.export_sets import Selection, write_set
from cytoloop.workflows.exchange.import_sets import FoundLayer, FoundSet, read_set, store_set

from .homes import ProjectOption, image_named, open_database, project_named
from .options import DatabaseOption, HomeOption, JsonOption, settings_with


def export(
    project: ProjectOption,
    format_name: Annotated[
        str,
        typer.Option(
            "--format",
            help=f"A file a layer: {', '.join(FORMATS)}. A set of all images: {', '.join(SETS)} "
            "(a name that is both means the set, with --set).",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder to write to; made if missing.")],
    as_set: Annotated[
        bool, typer.Option("--set", help="Write a set of all images, also where a format is meant.")
    ] = False,
    image: Annotated[list[str] | None, typer.Option("--image", help="Only this image; may be repeated.")] = None,
    layer: Annotated[
        list[str] | None, typer.Option("--layer", help="Only layers of this name or kind (user, run, review, import).")
    ] = None,
    class_name: Annotated[list[str] | None, typer.Option("--class", help="Only this class; may be repeated.")] = None,
    downsample: Annotated[float, typer.Option(help="Px of the image a px of masks, pictures and crops.")] = 1.0,
    crop_px: Annotated[int, typer.Option(help="Side of crops; 0: as large as each object.", min=0, max=4096)] = 256,
    home: HomeOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the objects of a project's images: one file a layer, or a set of files for all images."""
    is_set = as_set or format_name not in FORMATS
    _ = set_named(format_name) if is_set else format_named(format_name)
    opened = open_database(home, database)
    try:
        with opened.read() as connection:
            chosen = project_named(connection, project)
            images = (
                [image_named(connection, chosen, one) for one in image]
                if image
                else project_images(connection, chosen.id, limit=image_count(connection, chosen.id) + 1)
            )
            if is_set:
                selection = Selection(images, layer or [], class_name or [])
                library = image_library(settings_with(home=home, database=database))
                try:
                    paths = write_set(
                        connection, library, format_name, selection, out, downsample=downsample, crop_px=crop_px
                    )
                finally:
                    library.close()
            else:
                out.mkdir(parents=True, exist_ok=True)
                paths = [path for one in images for path in _export_image(connection, one, format_name, out)]
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
        Path,
        typer.Argument(
            metavar="FILE",
            help="GeoJSON, COCO, label image, ImageJ ROIs, CSV or YOLO labels; or a folder with files for many images.",
        ),
    ],
    project: ProjectOption,
    image: Annotated[
        str | None, typer.Option("--image", help="Name or id of the image in the project; not with a folder.")
    ] = None,
    layer: Annotated[
        str | None, typer.Option("--layer", help="Name of the new layer; the file's unless given.")
    ] = None,
    user: Annotated[str | None, typer.Option("--user", help="Whose layer it is; the local user unless given.")] = None,
    home: HomeOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read annotations into new layers: one file for one image, or a folder for all images of a project."""
    opened = open_database(home, database)
    try:
        with opened.read() as connection:
            chosen = project_named(connection, project)
            if file.is_dir():
                count = image_count(connection, chosen.id)
                found = read_set(file, project_images(connection, chosen.id, limit=count + 1))
            elif image is None:
                raise InvalidInputError(f"Say with --image on which image {file.name} lies, or give a folder.")
            else:
                target = image_named(connection, chosen, image)
                found = FoundSet([FoundLayer(target, layer or file.name, read_file(file, target))])

        def store(connection: Connection) -> list[Imported]:
            creator = users.user_by_name(connection, user) if user else users.local_user(connection)
            return store_set(connection, found, user_id=creator.id, announcer=Announcer(signals_of(opened)))

        imported = opened.write(store)
    finally:
        opened.close()
    _tell_imported(found, imported, as_json)


def _tell_imported(found: FoundSet, imported: Sequence[Imported], as_json: bool) -> None:
    for warning in (*found.warnings, *(warning for one in imported for warning in one.warnings)):
        typer.echo(warning, err=True)
    rows = [
        {
            "layer": str(one.layer.uuid),
            "image": layer.image.name,
            "created": one.created,
            "warnings": list(one.warnings),
        }
        for layer, one in zip(found.layers, imported, strict=True)
    ]
    if as_json:
        typer.echo(orjson.dumps(rows[0] if len(rows) == 1 else rows))
        return
    for row, one in zip(rows, imported, strict=True):
        typer.echo(f"Imported {one.created:,} objects into the layer {one.layer.name!r} of {row['image']}.")
