"""``cytoloop landmarks``: named points, learnt from a table and found on images, and what lies between them."""

import tempfile
from pathlib import Path
from typing import Annotated

import orjson
import typer

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.landmarks.configuration import LandmarkConfiguration
from cytoloop.learning.landmarks.package import LandmarkPackage
from cytoloop.learning.landmarks.predictor import load_detector
from cytoloop.workflows.classification.packages import zipped
from cytoloop.workflows.landmarks.files import (
    DetectedFile,
    detect_on_files,
    read_points,
    shapes_of_points,
    train_landmarks_on_folder,
    write_points,
)
from cytoloop.workflows.landmarks.measures import measure_table, parsed_measure, table_bytes
from cytoloop.workflows.landmarks.packages import detector_facts, unpacked_detector
from cytoloop.workflows.landmarks.points import LOW_CONFIDENCE

from .options import JsonOption

landmarks_app = typer.Typer(
    help="Named points: train a detector, find them on images, measure between them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_DEFAULTS = LandmarkConfiguration.model_validate({})


@landmarks_app.command()
def train(
    images: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of images.")],
    points: Annotated[Path, typer.Option("--points", help="Table of points, CSV: image, name, x, y (px).")],
    out: Annotated[Path, typer.Option("--out", help="The detector to write, a .zip file.")],
    size: Annotated[
        int, typer.Option("--size", help="Longer side of the images as they are looked at (px).")
    ] = _DEFAULTS.size_px,
    rotation: Annotated[
        float, typer.Option("--rotation", help="How far images are turned at random (degrees).")
    ] = _DEFAULTS.rotation_degrees,
    views: Annotated[int, typer.Option("--views", help="Views of each image, turned and scaled.")] = _DEFAULTS.views,
    trees: Annotated[int, typer.Option("--trees", help="Trees of each forest.")] = _DEFAULTS.trees,
    seed: Annotated[int, typer.Option("--seed", min=0, help="For what is drawn at random.")] = 0,
) -> None:
    """Learn landmarks from images and a table of points, and tell how far off they are on held-out images."""
    if out.suffix != ".zip":
        raise InvalidInputError(f"{out.name} must end in .zip: a detector is one package.")
    given = {"size_px": size, "rotation_degrees": rotation, "views": views, "trees": trees, "seed": seed}
    configuration = _configuration(given)
    with tempfile.TemporaryDirectory(prefix="cytoloop-train-") as folder:
        package = train_landmarks_on_folder(images, points, Path(folder) / out.stem, configuration)
        out.parent.mkdir(parents=True, exist_ok=True)
        zipped(package.folder, out)
        _tell(package)
    typer.echo(f"{out} ({out.stat().st_size / 1e6:.1f} MB). Use it with: cytoloop landmarks detect IMAGE --model {out}")


def _configuration(given: dict[str, float]) -> LandmarkConfiguration:
    try:
        return LandmarkConfiguration.model_validate(given)
    except ValueError as error:
        first = str(error).splitlines()
        raise InvalidInputError(f"{first[1] if len(first) > 1 else 'The settings'}: {first[2].strip()}") from error


def _tell(package: LandmarkPackage) -> None:
    facts = detector_facts(package)
    names = [one.name for one in package.landmarks]
    width = max(len("landmark"), *(len(one) for one in names))
    typer.echo(f"{'landmark':{width}}  median px  mean px  within {package.tolerance_percent:g} %  mean position px")
    for name, one in zip(names, facts.scores, strict=True):
        numbers = [_number(value) for value in (one.median_px, one.mean_px)]
        within = "–" if one.within is None else f"{one.within:.0%}"
        typer.echo(f"{name:{width}}  {numbers[0]:>9}  {numbers[1]:>7}  {within:>10}  {_number(one.baseline_px):>16}")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


@landmarks_app.command()
def detect(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Image files.")],
    model: Annotated[Path, typer.Option("--model", metavar="MODEL.zip", help="The detector, a package.")],
    out: Annotated[Path | None, typer.Option("--out", help="Table of points to write, CSV.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Find landmarks on images: a table of image, name, x, y and confidence.

    An image that cannot be looked at is reported and the others go on; the exit code is 1 then.
    """
    if out is None and not as_json:
        raise InvalidInputError("Say where the points go with --out POINTS.csv, or ask for --json.")
    if not model.is_file():
        raise InvalidInputError(f"There is no landmark detector {model}. Export one from a project, or train one.")
    with tempfile.TemporaryDirectory(prefix="cytoloop-landmarks-") as folder:
        predictor = load_detector(unpacked_detector(model, Path(folder) / "package"))
        done = detect_on_files(images, predictor)
    for one in done:
        if one.error is not None:
            typer.echo(f"Failed: {one.path}: {one.error}", err=True)
    points = [point for one in done for point in one.points]
    if out is not None:
        write_points(out, points)
    if as_json:
        typer.echo(orjson.dumps([_as_json(one) for one in done], option=orjson.OPT_INDENT_2))
    else:
        low = sum((one.confidence or 0) < LOW_CONFIDENCE for one in points)
        doubtful = f", {low:,} of them with a confidence below {LOW_CONFIDENCE:g}" if low else ""
        typer.echo(f"{len(points):,} landmarks on {sum(not one.error for one in done)} images{doubtful} -> {out}")
    if any(one.error for one in done):
        raise typer.Exit(1)


def _as_json(one: DetectedFile) -> dict[str, object]:
    points = [{"name": at.name, "x": at.x, "y": at.y, "confidence": at.confidence} for at in one.points]
    return {"image": str(one.path), "landmarks": points, "error": one.error}


@landmarks_app.command()
def measure(
    points: Annotated[Path, typer.Argument(metavar="POINTS", help="Table of points, CSV: image, name, x, y.")],
    out: Annotated[Path, typer.Option("--out", help="Table to write: .csv or .parquet.")],
    distance: Annotated[
        list[str] | None, typer.Option("--distance", metavar="A:B", help="From one landmark to another.")
    ] = None,
    angle: Annotated[
        list[str] | None, typer.Option("--angle", metavar="A:B:C", help="At the second of three landmarks.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option("--images", help="Folder of the images, for the size of their pixels.")
    ] = None,
) -> None:
    """Measure distances (px, and µm where the size of a pixel is known) and angles (degrees), a row an image."""
    ending = out.suffix.lower().lstrip(".")
    if ending not in {"csv", "parquet"}:
        raise InvalidInputError(f"{out.name} must end in .csv or .parquet.")
    rows = read_points(points)
    known = list(dict.fromkeys(one.name for one in rows))
    measures = [parsed_measure(one, 2, known) for one in distance or []]
    measures += [parsed_measure(one, 3, known) for one in angle or []]
    if not measures:
        raise InvalidInputError("Say what to measure with --distance A:B or --angle A:B:C.")
    table = measure_table(measures, shapes_of_points(rows, images))
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial")
    partial.write_bytes(table_bytes(table, ending))
    partial.replace(out)
    typer.echo(f"{len(table.rows):,} images, {len(measures)} measures -> {out}")
