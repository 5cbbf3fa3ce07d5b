"""``cytoloop classify``, and the training of classifiers for ``cytoloop train --task classify``."""

import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from pydantic import ValidationError

from cytoloop.core.errors import InvalidInputError, NotFoundError
from cytoloop.learning.classifiers.configuration import (
    AnyConfiguration,
    Learner,
    NetworkConfiguration,
    NetworkLearner,
    configuration_of,
)
from cytoloop.learning.classifiers.package import ClassifierPackage
from cytoloop.workflows.classification.files import ClassifiedFile, classify_files
from cytoloop.workflows.classification.material import Material, train_on
from cytoloop.workflows.classification.packages import export_classifier, unpacked_classifier

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
        package = unpacked_classifier(model, Path(folder) / "package")
        done = classify_files(images, package, out, objects)
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


@dataclass(frozen=True, slots=True)
class ClassifierOrder:
    """What ``cytoloop train --task classify`` is asked for; ``start`` is a network's package to go on from."""

    out: Path
    configuration: AnyConfiguration
    start: Path | None = None
    work: Path | None = None


def classifier_configuration(recipe: Path | None, method: str, seed: int) -> AnyConfiguration:
    """The settings of a TOML file, or the defaults of a method."""
    values: dict[str, Any] = {} if recipe is None else _toml(recipe)
    known = {one.value for one in (*Learner, *NetworkLearner)}
    if method == "encoder-tuned":
        values |= {"learner": "encoder", "frozen": False}
    elif recipe is None or "learner" not in values:
        values["learner"] = method
    if values["learner"] not in known:
        raise InvalidInputError(f"--task classify has no method {values['learner']}. There are: {', '.join(METHODS)}.")
    try:
        return configuration_of({"seed": seed, **values})
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise InvalidInputError(f"{recipe} is no valid configuration of a classifier: {reasons}.") from error


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no configuration file {path}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{path} is no valid TOML: {error}.") from error


METHODS = (*Learner, *NetworkLearner, "encoder-tuned")


def train_classifier(order: ClassifierOrder, gather: Callable[[AnyConfiguration], Material]) -> None:
    """Train on what ``gather`` gives, and write the package."""
    if order.out.suffix != ".zip":
        raise InvalidInputError(f"{order.out.name} must end in .zip: a classifier is one package.")
    material = gather(order.configuration)
    with tempfile.TemporaryDirectory(prefix="cytoloop-train-") as folder:
        earlier = None
        if order.start is not None:
            earlier = unpacked_classifier(order.start, Path(folder) / "earlier")
            material = _as_seen_by(earlier, material, order.configuration)
        package = train_on(
            material, order.configuration, Path(folder) / order.out.stem, _lines, work=order.work, earlier=earlier
        )
        order.out.parent.mkdir(parents=True, exist_ok=True)
        export_classifier(package, order.out)
    _tell(package, order.out)


def _as_seen_by(earlier: ClassifierPackage, material: Material, configuration: AnyConfiguration) -> Material:
    """Refuse an earlier classifier that cannot go on with this."""
    known: Any = earlier.record.get("configuration")
    learner = known.get("learner") if isinstance(known, dict) else None
    if not isinstance(configuration, NetworkConfiguration) or learner != configuration.learner.value:
        raise InvalidInputError(f"--from needs a network that was trained by the same method, not by {learner}.")
    if earlier.spec != material.spec or earlier.subject != material.subject:
        raise InvalidInputError(f"The earlier classifier sees {earlier.spec.key}, these data give {material.spec.key}.")
    return material


def _lines(_share: float, text: str) -> None:
    if text.startswith("Epoch"):
        typer.echo(text, err=True)


def _tell(package: ClassifierPackage, out: Path) -> None:
    scores = package.record["scores"]["held_out"]
    typer.echo(
        f"On {scores['objects']:,} held-out {package.subject}: accuracy {scores['accuracy']:.3f}, "
        f"macro F1 {scores['macro_f1']:.3f}"
    )
    typer.echo(f"{out} ({out.stat().st_size / 1e6:.1f} MB)")
