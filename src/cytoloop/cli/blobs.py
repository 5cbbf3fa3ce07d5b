"""``cytoloop blobs``."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from cytoloop.core.errors import ConflictError, InvalidInputError
from cytoloop.storage.blobs.opening import open_blobs
from cytoloop.storage.blobs.place import FOLDER, checked_url
from cytoloop.workflows.images.custody import Custody
from cytoloop.workflows.images.moving import Moved, move

from .homes import open_database
from .options import BlobsOption, DatabaseOption, HomeOption, JsonOption, settings_with

blobs_app = typer.Typer(help="Manage where images lie.", no_args_is_help=True)


@blobs_app.command("move")
def move_blobs(
    to: Annotated[str, typer.Option("--to", help="Where to: folder, or s3://BUCKET/PREFIX.")],
    of: Annotated[
        str | None, typer.Option("--from", help="Where from; where images lie by the settings unless given.")
    ] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Delete them where they were, once all have arrived.")
    ] = False,
    home: HomeOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy all stored images to another place, each compared with its SHA-256. Run it again if it breaks off.

    The server goes on with the place that it was started with: start it anew with --blobs when this has ended, and
    run this once more for what was imported meanwhile.
    """
    settings = settings_with(home=home, database=database)
    source, target = (settings.place_of(one) for one in (of or settings.blobs, to))
    if source.url == target.url:
        raise InvalidInputError(f"Images would be moved from {source} to where they are. Name another place.")
    opened = open_database(home, database)
    try:
        moved = move(opened, open_blobs(source), open_blobs(target), remove=remove, on_image=_tell)
    finally:
        opened.close()
    _show(moved, as_json, checked_url(to) or FOLDER)


def _tell(done: int, total: int) -> None:
    typer.echo(f"\r{done} of {total}", nl=done == total, err=True)


def _show(moved: Moved, as_json: bool, target: str) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(moved), indent=2))
    else:
        gone = f", {moved.removed} deleted where they were" if moved.removed else ""
        typer.echo(f"{moved.copied} images copied to {target}, {moved.present} were there{gone}.")
    if moved.errors:
        raise ConflictError("Not everything was moved, and nothing was deleted:\n" + "\n".join(moved.errors))


@blobs_app.command("adopt")
def adopt(home: HomeOption = None, database: DatabaseOption = None, blobs: BlobsOption = None) -> None:
    """Make the stored images this installation's to delete, after a restore or a move to another machine.

    Only one installation deletes files in a place: what no image of its database uses, it removes.
    """
    settings = settings_with(home=home, database=database, blobs=blobs)
    opened = open_database(home, database)
    try:
        Custody(opened, open_blobs(settings.place), settings.home).adopt()
    finally:
        opened.close()
    typer.echo(f"This installation now looks after the images in {settings.place}.")
