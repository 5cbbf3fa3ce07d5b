"""The program ``cytoloop``: its commands, and errors as messages with an exit code."""

import sys
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer

from cytoloop import __version__
from cytoloop.core.errors import CytoloopError


@dataclass(frozen=True, slots=True)
class Command:
    """A command or group of commands: its module here, its name there, and a line for the list of all."""

    module: str
    noun: str
    summary: str
    hidden: bool = False

    def load(self) -> Any:
        """The function or group; importing those of all commands takes seconds."""
        return getattr(import_module(f"{__package__}.{self.module}"), self.noun)


COMMANDS = {
    "demo": Command("demo", "demo", "Do the main job on the bundled samples and open it."),
    "serve": Command("serve", "serve", "Run the server, and open it in the browser."),
    "segment": Command("segment", "segment", "Find objects in images."),
    "classify": Command("classify", "classify", "Classify objects, or whole images."),
    "measure": Command("measure", "measure", "Measure objects: shape, intensity, texture, neighbours."),
    "spatial": Command("spatial", "spatial_app", "Where objects lie: in which regions, how far apart."),
    "evaluate": Command("evaluate", "evaluate", "Score label images against the truth."),
    "compare": Command("compare", "compare", "Compare methods and preprocessing, side by side."),
    "train": Command("train", "train", "Train a model or a classifier."),
    "landmarks": Command("landmarks", "landmarks_app", "Named points: train, find, measure between them."),
    "convert": Command("convert", "convert", "Convert an image to OME-Zarr or OME-TIFF."),
    "export": Command("exchange", "export", "Write the objects of a project to files."),
    "import": Command("exchange", "import_", "Read annotations into new layers."),
    "backup": Command("backups", "backup", "Copy everything to a folder, while the server runs."),
    "restore": Command("backups", "restore", "Make a new home of a backup."),
    "blobs": Command("blobs", "blobs_app", "Manage where images lie."),
    "methods": Command("segment", "list_methods", "List the segmentation methods and their parameters."),
    "openapi": Command("description", "openapi", "Print the description of the web API.", hidden=True),
    "cluster": Command("cluster", "cluster_app", "A cluster that runs jobs."),
    "models": Command("models", "models_app", "Models that segment: list, show, test, import, export."),
    "user": Command("accounts", "user_app", "Manage accounts."),
    "token": Command("accounts", "token_app", "Manage API tokens."),
}


def program(only: str | None = None) -> typer.Typer:
    """All commands, or only the one named: the code of the others is not imported then."""
    app = _empty()
    for name in [only] if only else COMMANDS:
        found = COMMANDS[name].load()
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name, hidden=COMMANDS[name].hidden)(found)
    return app


def overview() -> typer.Typer:
    """The list of all commands, without the code of any."""
    app = _empty()
    for name, one in COMMANDS.items():
        app.command(name, help=one.summary, hidden=one.hidden)(_listed)
    return app


def _listed() -> None:
    """What stands in the list for a command."""


def _empty() -> typer.Typer:
    app = typer.Typer(
        name="cytoloop",
        help="Open, annotate, segment, classify and measure bioimages.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        epilog="Each command tells more of itself: cytoloop COMMAND --help",
    )
    app.callback()(root)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cytoloop {__version__}")
        raise typer.Exit


def root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    """Open, annotate, segment, classify and measure bioimages."""


def main() -> None:
    """Run a command. An error that Cytoloop raises on purpose is a message, not a traceback."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        (program(wanted) if wanted in COMMANDS else overview())()
    except CytoloopError as error:
        typer.echo(f"Error: {error.message}", err=True)
        sys.exit(error.exit_code)
