"""The program ``cytoloop``: its commands, and errors as messages with an exit code."""

import sys

import typer

from cytoloop import __version__
from cytoloop.core.errors import CytoloopError

from . import (
    accounts,
    backups,
    cluster,
    compare,
    convert,
    demo,
    description,
    evaluate,
    exchange,
    measure,
    models,
    segment,
    serve,
    train,
)

app = typer.Typer(
    name="cytoloop",
    help="Open, annotate, segment, classify and measure bioimages.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("segment")(segment.segment)
app.command("measure")(measure.measure)
app.command("evaluate")(evaluate.evaluate)
app.command("compare")(compare.compare)
app.command("train")(train.train)
app.command("convert")(convert.convert)
app.command("export")(exchange.export)
app.command("import")(exchange.import_)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)
app.command("methods")(segment.list_methods)
app.command("openapi", hidden=True)(description.openapi)
app.add_typer(cluster.cluster_app, name="cluster")
app.add_typer(models.models_app, name="models")
app.add_typer(accounts.user_app, name="user")
app.add_typer(accounts.token_app, name="token")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cytoloop {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    """Open, annotate, segment, classify and measure bioimages."""


def main() -> None:
    """Run a command. An error that Cytoloop raises on purpose is a message, not a traceback."""
    try:
        app()
    except CytoloopError as error:
        typer.echo(f"Error: {error.message}", err=True)
        sys.exit(error.exit_code)
