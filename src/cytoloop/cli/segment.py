"""``cytoloop segment`` and ``cytoloop methods``."""

import os
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import Progress

from cytoloop.core.errors import InvalidInputError
from cytoloop.exchange.formats import format_named
from cytoloop.learning.registry import MethodRegistry
from cytoloop.runtime.settings import Settings
from cytoloop.workflows.segmentation.batch import BatchOrder, Outcome, segment_files

from .options import JsonOption, parse_assignments
from .pixels import opened_method

PlaneText = Annotated[str, typer.Option(help="A number from 0, or all.")]


def segment(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Image files.")],
    model: Annotated[
        str, typer.Option("--model", help="Which method; see 'cytoloop methods'. Or a pixel classifier, a .zip.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results; made if missing.")],
    formats: Annotated[
        str,
        typer.Option("--format", help="Comma-separated: labels,geojson,coco,csv,imagej. Labels are always written."),
    ] = "labels",
    tta: Annotated[
        bool, typer.Option("--tta", help="Test-time augmentation: eight views of each image, slower.")
    ] = False,
    refine: Annotated[
        str | None, typer.Option("--refine", metavar="MODEL", help="Let the outlines follow this model's foreground.")
    ] = None,
    diameter: Annotated[
        float | None, typer.Option("--diameter", metavar="PX", help="Typical object diameter; estimated unless given.")
    ] = None,
    pixel_um: Annotated[
        float | None,
        typer.Option("--pixel-um", metavar="UM", min=1e-3, help="Look at pixels of this size: coarser, so quicker."),
    ] = None,
    foreground: Annotated[
        str | None,
        typer.Option("--foreground", metavar="METHOD", help="Of a slide look only where this finds something: tissue."),
    ] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the method; repeatable.")
    ] = None,
    z: PlaneText = "0",
    t: PlaneText = "0",
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes; one a processor unless given.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find objects in images.

    Writes STEM.labels.tif for every image (0 is background, then 1, 2, ...), and STEM.geojson,
    STEM.coco.json, STEM.csv or STEM.rois.zip where asked. A file that cannot be read is reported and the
    others go on; the exit code is 1 then.
    """
    with opened_method(model) as (method, pixels):
        order = BatchOrder(
            method=method,
            parameters={
                **({"diameter_px": diameter} if diameter is not None else {}),
                **parse_assignments(assignments or []),
            },
            folder=out,
            formats=_formats(formats),
            z=_plane("z", z),
            t=_plane("t", t),
            models=Settings().models_folder,
            pixels=pixels,
            tta=tta,
            refine=refine,
            pixel_um=pixel_um,
            foreground=foreground,
        )
        count = min(workers or os.cpu_count() or 1, len(images))
        outcomes = _with_progress(images, order, count)
    failed = [one for one in outcomes if one.error is not None]
    if as_json:
        typer.echo(orjson.dumps([_as_json(one) for one in outcomes], option=orjson.OPT_INDENT_2))
    else:
        done = len(outcomes) - len(failed)
        typer.echo(f"{sum(one.objects for one in outcomes):,} objects in {done} of {len(outcomes)} images -> {out}")
    if failed:
        raise typer.Exit(1)


def _formats(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        format_named(name)
    return names


def _plane(axis: str, text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdecimal():
        raise InvalidInputError(f"--{axis} {text!r} is neither a number from 0 nor 'all'.")
    return int(text)


def _with_progress(images: list[Path], order: BatchOrder, workers: int) -> list[Outcome]:
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("Segmenting", total=len(images))

        def done(one: Outcome) -> None:
            progress.advance(task)
            for text in one.warnings:
                progress.console.print(text, markup=False, highlight=False, soft_wrap=True)
            if one.error is not None:
                progress.console.print(f"Failed: {one.error}", markup=False, highlight=False, soft_wrap=True)

        return segment_files(images, order, workers=workers, on_done=done)


def _as_json(one: Outcome) -> dict[str, Any]:
    return {
        "image": str(one.path),
        "objects": one.objects,
        "files": [str(path) for path in one.files],
        "warnings": list(one.warnings),
        "error": one.error,
    }


def list_methods(as_json: JsonOption = False) -> None:
    """List the segmentation methods and their parameters."""
    methods = MethodRegistry(Settings().models_folder).all().values()
    found = [
        {
            "name": one.name,
            "title": one.title,
            "description": one.description,
            "parameters": one.parameters.model_json_schema(),
        }
        for one in methods
    ]
    if as_json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return
    for one in methods:
        typer.echo(f"{one.name}: {one.title}\n  {one.description}")
        for name, field in one.parameters.model_fields.items():
            shown = "estimated or none" if field.default is None else field.default
            typer.echo(f"    {name} = {shown}  {field.description or ''}")
