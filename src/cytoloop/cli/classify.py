"""``cytoloop classify``, and the training of classifiers for ``cytoloop train --task classify``."""

import tempfile
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.classifiers.configuration import Configuration, Learner
from cytoloop.learning.classifiers.package import ClassifierPackage
from cytoloop.learning.classifiers.predictor import load
from cytoloop.workflows.classifier_packages import export_classifier, unpacked_classifier
from cytoloop.workflows.classify_files import ClassifiedFile, classify_files, train_on_folders

from .options import JsonOption


def classify(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Image files.")],
    model: Annotated[Path, typer.Option("--model", metavar="MODEL.zip", help="The classifier, a package.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables; made if missing.")],
    objects: Annotated[
        Path | None,
        typer.Option(
            "--objects", metavar="DIR", help="Folder of outlines named as the images: STEM.labels.tif, STEM.geojson ..."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Classify objects of images, or whole images where no objects are given.

    Writes STEM.classes.csv for every image: each object, its class, and the probability of each class. An image that
    cannot be classified is reported and the others go on; the exit code is 1 then.
    """
    if objects is not None and not objects.is_dir():
        raise InvalidInputError(f"There is no folder {objects}.")
    if not model.is_file():
        raise InvalidInputError(f"There is no classifier {model}. Export one from a project, or train one.")
    with tempfile.TemporaryDirectory(prefix="cytoloop-classifier-") as folder:
        predictor = load(unpacked_classifier(model, Path(folder) / "package"))
        done = classify_files(images, predictor, out, objects)
    failed = [one for one in done if one.error is not None]
    for one in failed:
        typer.echo(f"Failed: {one.path}: {one.error}", err=True)
    if as_json:
        typer.echo(orjson.dumps([_as_json(one) for one in done], option=orjson.OPT_INDENT_2))
    else:
        total = sum(one.objects for one in done)
        typer.echo(f"{total:,} objects in {len(done) - len(failed)} of {len(done)} images -> {out}")
    if failed:
        raise typer.Exit(1)


def _as_json(one: ClassifiedFile) -> dict[str, Any]:
    return {"image": str(one.path), "objects": one.objects, "classes": one.counts, "error": one.error}


def train_classifier(dataset: Path, out: Path, learner: Learner, seed: int) -> None:
    """Train on a folder of class folders and write the package."""
    if out.suffix != ".zip":
        raise InvalidInputError(f"{out.name} must end in .zip: a classifier is one package.")
    configuration = Configuration.model_validate({"learner": learner, "seed": seed})
    with tempfile.TemporaryDirectory(prefix="cytoloop-train-") as folder:
        package = train_on_folders(dataset, Path(folder) / out.stem, configuration)
        out.parent.mkdir(parents=True, exist_ok=True)
        export_classifier(package, out)
    _tell(package, out)


def _tell(package: ClassifierPackage, out: Path) -> None:
    scores = package.record["scores"]["held_out"]
    typer.echo(
        f"On {scores['objects']:,} held-out images: accuracy {scores['accuracy']:.3f}, "
        f"macro F1 {scores['macro_f1']:.3f}"
    )
    typer.echo(f"{out} ({out.stat().st_size / 1e6:.1f} MB)")
