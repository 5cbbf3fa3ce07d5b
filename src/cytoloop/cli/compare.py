"""``cytoloop compare``."""

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import Progress

from cytoloop.core.errors import InvalidInputError
from cytoloop.exchange.report.contactsheet import write_contact_sheet
from cytoloop.learning.preprocessing import parse_steps
from cytoloop.learning.registry import MethodRegistry
from cytoloop.runtime.settings import Settings
from cytoloop.workflows.comparison import comparing

from .options import JsonOption


def compare(
    out: Annotated[Path, typer.Option("--out", help="Folder for compare.html and compare.json; made if missing.")],
    images: Annotated[list[Path] | None, typer.Argument(metavar="IMAGE...", help="Image files.")] = None,
    methods: Annotated[
        str, typer.Option("--methods", help="Comma-separated; see 'cytoloop methods'.")
    ] = "threshold,log",
    steps: Annotated[
        str, typer.Option("--steps", help="Preprocessing, comma-separated; steps of one row joined by +.")
    ] = "none",
    truth: Annotated[Path | None, typer.Option("--truth", help="Folder of true label images, to score rows.")] = None,
    pictures: Annotated[
        int, typer.Option("--pictures", min=0, max=50, help="Of how many images the sheet shows pictures.")
    ] = 6,
    save: Annotated[
        str | None, typer.Option("--save", metavar="NAME", help="Keep the row --row as a method of this name.")
    ] = None,
    row: Annotated[int | None, typer.Option("--row", min=1, help="Which row to keep, from 1.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare methods and preprocessing on images, side by side.

    Every method runs with every preprocessing. Without images, --save and --row keep a row of the comparison
    that is in the folder --out already.
    """
    if (save is None) != (row is None):
        raise InvalidInputError("--save NAME and --row NUMBER go together: which row to keep, and how to call it.")
    if not images and save is None:
        raise InvalidInputError("There are no images to compare on. Name some, or keep a row with --save and --row.")
    registry = MethodRegistry(Settings().models_folder)
    if images:
        _compare(registry, images, out, methods=methods, steps=steps, truth=truth, pictures=pictures, as_json=as_json)
    if save is not None and row is not None:
        path = comparing.save_row(registry, comparing.row_in(out, row), name=save, title=save)
        typer.echo(f"Row {row} is the method {save!r} now ({path}).", err=as_json)


def _compare(
    registry: MethodRegistry,
    images: list[Path],
    out: Path,
    *,
    methods: str,
    steps: str,
    truth: Path | None,
    pictures: int,
    as_json: bool,
) -> None:
    rows = comparing.rows_of(registry, _names(methods), {name: parse_steps(name) for name in _names(steps)})
    known = None if truth is None else comparing.truth_files(truth, images)
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("Comparing", total=len(images) * len(rows))
        cells = comparing.compare_files(
            images, rows, registry, truth=known, pictures=pictures, on_cell=lambda: progress.advance(task)
        )
    content = orjson.loads(comparing.write_comparison(out, rows, cells).read_bytes())
    sheet = write_contact_sheet(out / "compare.html", content["rows"], [[one.picture for one in row] for row in cells])
    if as_json:
        typer.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2))
        return
    for one in content["rows"]:
        diameter = one["median_diameter_px"]
        typer.echo(
            f"{one['row']:3d}  {one['method']} + {one['steps_name']}: {one['objects']:,} objects"
            + ("" if diameter is None else f", median diameter {diameter:.1f} px")
            + f", {one['seconds']:.2f} s"
            + ("" if one["dsb"] is None else f", DSB {one['dsb']:.4f}, F1 {one['f1']:.4f}")
            + (f", {one['failed']} failed" if one["failed"] else "")
        )
    typer.echo(f"Side by side: {sheet}")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
