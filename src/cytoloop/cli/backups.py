"""``cytoloop backup`` and ``cytoloop restore``."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cytoloop.storage.blobs.opening import open_blobs
from cytoloop.workflows.housekeeping import backups
from cytoloop.workflows.housekeeping.backups import BackupRecord

from .options import BlobsOption, DatabaseOption, HomeOption, JsonOption, settings_with


def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to: empty, or an earlier backup.")],
    images: Annotated[
        bool, typer.Option(help="Copy images that lie in an object store too, or leave them there.")
    ] = True,
    home: HomeOption = None,
    database: DatabaseOption = None,
    blobs: BlobsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy database, images, models and tables to a folder, while the server runs or not.

    Into a folder that holds an earlier backup only what is new is copied.
    """
    settings = settings_with(home=home, database=database, blobs=blobs)
    record = backups.back_up(
        settings.home, settings.database_url, folder, blobs=open_blobs(settings.place), with_images=images
    )
    left = f" Images were left in {record.images_left_in}." if record.images_left_in else ""
    holds = f"{folder} holds the database and {record.files:,} files, {record.copied:,} of them new."
    _tell(record, as_json, holds + left)


def restore(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The backup.")],
    home: HomeOption = None,
    database: DatabaseOption = None,
    blobs: BlobsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new home of a backup: the home has to be empty or not there, and so has the database."""
    settings = settings_with(home=home, database=database, blobs=blobs)
    record = backups.restore(folder, settings.home, settings.database_url, blobs=lambda: open_blobs(settings.place))
    _tell(record, as_json, f"{settings.home} is as it was on {record.made_at}: database and {record.files:,} files.")


def _tell(record: BackupRecord, as_json: bool, text: str) -> None:
    typer.echo(json.dumps(asdict(record), indent=2) if as_json else text)
