"""``cytoloop openapi``: the API's description, from which the web app's types are made."""

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from cytoloop.runtime.assembly import assemble
from cytoloop.runtime.settings import Settings
from cytoloop.server.app import create_app


def openapi_text() -> str:
    """The OpenAPI document, the same on every machine."""
    with tempfile.TemporaryDirectory() as folder:
        services = assemble(Settings(home=Path(folder), database=None))
        document = create_app(services).openapi()
        services.database.close()
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def openapi(
    out: Annotated[Path | None, typer.Option(help="File to write; printed unless given.")] = None,
) -> None:
    """Write the OpenAPI document."""
    text = openapi_text()
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text)
