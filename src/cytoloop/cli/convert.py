"""``cytoloop convert``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from cytoloop.core.errors import ConflictError, InvalidInputError
from cytoloop.exchange.omezarr import write_omezarr
from cytoloop.images.conversion import convert as write_ometiff
from cytoloop.images.registry import open_image

_TIFF = (".ome.tiff", ".ome.tif")
_ZARR = ".ome.zarr"


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="The image, in any format that can be opened.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="NAME.ome.zarr or NAME.ome.tiff.")],
    series: Annotated[int, typer.Option(min=0, help="Which image of a file that holds several.")] = 0,
) -> None:
    """Convert an image to OME-Zarr or OME-TIFF with a pyramid.

    Full resolution is lossless; pixel size, channel names, slices and time points are kept.
    """
    name = target.name.lower()
    if not name.endswith((*_TIFF, _ZARR)):
        raise InvalidInputError(f"{target.name} must end in .ome.zarr or .ome.tiff.")
    if target.exists():
        raise ConflictError(f"{target} is there already. Remove it, or choose another name.")
    opened = open_image(source, series)
    console = Console(stderr=True)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with Progress(console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task("Converting", total=1.0)

            def advance(fraction: float) -> None:
                progress.update(task, completed=fraction)

            if name.endswith(_ZARR):
                write_omezarr(opened, target, advance)
            else:
                write_ometiff(opened, target, advance, exact_copy=True)
    finally:
        opened.close()
    typer.echo(f"Wrote {target}")
