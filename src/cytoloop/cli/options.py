"""Options that several commands share."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cytoloop.core.errors import InvalidInputError
from cytoloop.runtime.settings import Settings
from cytoloop.storage.blobs.place import FOLDER, checked_url

HomeOption = Annotated[Path | None, typer.Option("--home", help="Folder of the database and files.")]
DatabaseOption = Annotated[
    str | None, typer.Option("--database", help="Database URL; SQLite in the home folder unless given.")
]
BlobsOption = Annotated[
    str | None,
    typer.Option("--blobs", help="Where images lie: folder (in the home folder) or s3://BUCKET/PREFIX."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def settings_with(**given: Any) -> Settings:
    """Settings from what was given on the command line, the environment and defaults."""
    if given.get("blobs") is not None:
        given["blobs"] = checked_url(given["blobs"]) or FOLDER  # its error is for people
    return Settings(**{key: value for key, value in given.items() if value is not None})


def parse_assignments(items: list[str]) -> dict[str, Any]:
    """``name=value`` texts as values; a value that is JSON (a number, true) is taken as such."""
    values: dict[str, Any] = {}
    for item in items:
        name, mark, text = item.partition("=")
        if not mark or not name:
            raise InvalidInputError(f"{item!r} is no NAME=VALUE.")
        try:
            values[name] = json.loads(text)
        except json.JSONDecodeError:
            values[name] = text
    return values
