"""``cytoloop models``."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from cytoloop.learning.networkmethod import NetworkMethod
from cytoloop.learning.packages.isolation import report_of
from cytoloop.learning.packages.model import ModelPackage
from cytoloop.learning.registry import MethodRegistry
from cytoloop.workflows.models import library as workflow
from cytoloop.workflows.models.decoder_tuning import TuningOrder, tune_model

from .options import HomeOption, JsonOption, settings_with

models_app = typer.Typer(
    help="Models that segment: list, show, check, import, export, tune, remove.", no_args_is_help=True
)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The model's name; see 'cytoloop models list'.")]


def _registry(home: Path | None) -> MethodRegistry:
    return MethodRegistry(settings_with(home=home).models_folder)


@models_app.command("list")
def list_models(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the models: those that came with the program, imported and trained ones."""
    found = workflow.models(_registry(home))
    if as_json:
        typer.echo(orjson.dumps([_as_json(one) for one in found], option=orjson.OPT_INDENT_2))
        return
    for one in found:
        typer.echo(f"{one.name}\t{one.title}\t{_megabytes(one):.1f} MB\t{'shipped' if one.shipped else 'yours'}")
    if not found:
        typer.echo("No models. Import one with: cytoloop models import FILE.zip")


@models_app.command("show")
def show(name: NameArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show a model's card: what it is for, how it was trained, what it scores."""
    package = workflow.model_named(_registry(home), name)
    if as_json:
        typer.echo(orjson.dumps(_as_json(package), option=orjson.OPT_INDENT_2))
        return
    typer.echo(package.card.read_text(encoding="utf-8") if package.card else f"{package.title}\n{package.description}")


@models_app.command("test")
def check(name: NameArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Check a model: its files, its network, its sizes, its test tensors. The exit code is 1 if one fails."""
    report = report_of(workflow.model_named(_registry(home), name).folder)
    if as_json:
        checks = [{"name": one.name, "passed": one.passed, "told": one.told} for one in report.checks]
        typer.echo(orjson.dumps({"passed": report.passed, "checks": checks}, option=orjson.OPT_INDENT_2))
    else:
        for one in report.checks:
            typer.echo(f"{'passed' if one.passed else 'FAILED'}  {one.name}: {one.told}")
    if not report.passed:
        raise typer.Exit(1)


@models_app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(metavar="FILE_OR_FOLDER", help="A package in the bioimage.io format.")],
    name: Annotated[str | None, typer.Option("--name", help="Name to give it; the file's unless given.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take in a model with ONNX weights. It is checked first."""
    package = workflow.import_model(_registry(home), source, name)
    if as_json:
        typer.echo(orjson.dumps(_as_json(package), option=orjson.OPT_INDENT_2))
        return
    typer.echo(f"Imported {package.title}. Use it with: cytoloop segment IMAGE --model {package.name} --out DIR")


@models_app.command("export")
def export(
    name: NameArgument,
    out: Annotated[Path, typer.Argument(metavar="FILE.zip", help="The package to write.")],
    home: HomeOption = None,
) -> None:
    """Write a model as one zip file that other programs of the bioimage.io format read too."""
    written = workflow.export_model(workflow.model_named(_registry(home), name), out)
    typer.echo(f"{written} ({written.stat().st_size / 1e6:.1f} MB)")


@models_app.command("tune")
def tune(
    name: NameArgument,
    data: Annotated[Path, typer.Argument(metavar="FOLDER", help="Labelled images: folders 'images' and 'labels'.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.zip", help="The package to write.")],
    refine: Annotated[
        str | None,
        typer.Option("--refine", metavar="METHOD", help="Tune how the model mends this method's objects instead."),
    ] = None,
    images: Annotated[int, typer.Option(min=2, max=5000, help="Tune on so many images at most.")] = 60,
    generations: Annotated[int, typer.Option(min=1, max=200, help="Rounds of the search; more find more.")] = 6,
    seed: Annotated[int, typer.Option(min=0, help="Of the search.")] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the thresholds by which a model's maps become objects, on labelled images.

    One image in five is held out where there are five or more: the score on those tells whether it helped.
    """
    registry = _registry(home)
    model = registry.by_name(workflow.model_named(registry, name).name)
    assert isinstance(model, NetworkMethod)  # it has a package
    order = TuningOrder(model, data, registry.by_name(refine) if refine else None, images, generations, seed)
    found, written = tune_model(order, out, lambda text: typer.echo(text, err=True))
    if as_json:
        typer.echo(orjson.dumps({**asdict(found), "package": str(written)}, option=orjson.OPT_INDENT_2))
        return
    typer.echo(", ".join(f"{key} {value:.3g}" for key, value in found.values.items()))
    typer.echo(f"DSB score on {found.images} images: {found.before:.3f} before, {found.after:.3f} after")
    if found.held_out_before is not None:
        typer.echo(
            f"On {found.held_out_images} held-out images: {found.held_out_before:.3f} before, "
            f"{found.held_out_after:.3f} after"
        )
    typer.echo(f"Use it: cytoloop models import {written}")


@models_app.command("remove")
def remove(name: NameArgument, home: HomeOption = None) -> None:
    """Remove an imported or trained model."""
    workflow.remove_model(_registry(home), name)
    typer.echo(f"Removed {name}.")


def _megabytes(package: ModelPackage) -> float:
    return package.weights.stat().st_size / 1e6


def _as_json(one: ModelPackage) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "description": one.description,
        "version": one.version,
        "licence": one.licence,
        "authors": list(one.authors),
        "shipped": one.shipped,
        "task": one.spec.task.value,
        "decoder": one.spec.decoder.value,
        "outputs": list(one.spec.outputs),
        "diameter_px": one.spec.diameter_px,
        "megabytes": round(_megabytes(one), 2),
        "training": dict(one.training),
    }
