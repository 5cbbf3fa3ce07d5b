"""``cytoloop serve``."""

from pathlib import Path
from typing import Annotated

import typer

from cytoloop.runtime.settings import Settings

from .options import BlobsOption, DatabaseOption, HomeOption, settings_with
from .running import run_server


def serve(
    home: HomeOption = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 for any free one.")] = None,
    database: DatabaseOption = None,
    blobs: BlobsOption = None,
    image_folder: Annotated[
        list[Path] | None,
        typer.Option(help="Folder whose images may be registered in place; may be repeated."),
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes for jobs.")] = None,
    processes: Annotated[
        int | None, typer.Option(help="Processes that answer requests; more than 1 need PostgreSQL.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
) -> None:
    """Run the server. Without accounts it is reached from this machine only."""
    settings: Settings = settings_with(
        home=home,
        host=host,
        port=port,
        database=database,
        blobs=blobs,
        image_folders=image_folder or None,
        workers=workers,
        processes=processes,
    )
    run_server(settings, open_browser=browser)
