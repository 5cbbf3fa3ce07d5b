"""The program ``cytoloop``: its commands, and errors as messages with an exit code."""

import sys
from importlib import import_module

import typer

from cytoloop import __version__
from cytoloop.core.errors import CytoloopError

# Each command or group of commands by its module and name there. Importing all of them takes seconds.
COMMANDS = {
    "demo": ("demo", "demo"),
    "serve": ("serve", "serve"),
    "segment": ("segment", "segment"),
    "classify": ("classify", "classify"),
    "measure": ("measure", "measure"),
    "spatial": ("spatial", "spatial_app"),
    "evaluate": ("evaluate", "evaluate"),
    "compare": ("compare", "compare"),
    "train": ("train", "train"),
    "landmarks": ("landmarks", "landmarks_app"),
    "convert": ("convert", "convert"),
    "export": ("exchange", "export"),
    "import": ("exchange", "import_"),
    "backup": ("backups", "backup"),
    "restore": ("backups", "restore"),
    "blobs": ("blobs", "blobs_app"),
    "methods": ("segment", "list_methods"),
    "openapi": ("description", "openapi"),
    "cluster": ("cluster", "cluster_app"),
    "models": ("models", "models_app"),
    "user": ("accounts", "user_app"),
    "token": ("accounts", "token_app"),
}
HIDDEN = {"openapi"}


def program(only: str | None = None) -> typer.Typer:
    """All commands, or only the one named: the code of the others is not imported then."""
    app = typer.Typer(
        name="cytoloop",
        help="Open, annotate, segment, classify and measure bioimages.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(root)
    for name in [only] if only else COMMANDS:
        module, noun = COMMANDS[name]
        found = getattr(import_module(f"{__package__}.{module}"), noun)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name, hidden=name in HIDDEN)(found)
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
        program(wanted if wanted in COMMANDS else None)()
    except CytoloopError as error:
        typer.echo(f"Error: {error.message}", err=True)
        sys.exit(error.exit_code)
