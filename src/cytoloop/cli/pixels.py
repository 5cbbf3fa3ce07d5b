"""Pixel classifiers on the command line: training for ``cytoloop train``, packages for ``cytoloop segment``."""

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import typer

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.pixels.configuration import PixelConfiguration, PixelLearner
from cytoloop.learning.pixels.method import PREFIX
from cytoloop.workflows.classification.packages import zipped
from cytoloop.workflows.pixels.files import train_pixels_on_folder
from cytoloop.workflows.pixels.packages import pixel_facts, unpacked_pixel_classifier


def train_pixels(dataset: Path, out: Path, learner: PixelLearner, seed: int, background: str | None) -> None:
    """Train on a folder of images and label images, and write the package."""
    if out.suffix != ".zip":
        raise InvalidInputError(f"{out.name} must end in .zip: a pixel classifier is one package.")
    configuration = PixelConfiguration.model_validate({"learner": learner, "seed": seed})
    with tempfile.TemporaryDirectory(prefix="cytoloop-train-") as folder:
        package = train_pixels_on_folder(dataset, Path(folder) / out.stem, configuration, background)
        out.parent.mkdir(parents=True, exist_ok=True)
        zipped(package.folder, out)
        facts = pixel_facts(package)
    names = ", ".join(one.name for one in package.classes)
    typer.echo(f"{names}: {sum(facts.pixels):,} pixels of {sum(facts.scribbles):,} scribbles")
    if facts.held_out is not None:
        by = "scribbles" if facts.split == "scribble" else "pixels of scribbles it has seen, which flatters"
        scores = facts.held_out
        typer.echo(f"Accuracy {scores['accuracy']:.3f}, macro F1 {scores['macro_f1']:.3f} on held-out {by}")
    typer.echo(
        f"{out} ({out.stat().st_size / 1e6:.1f} MB). Use it with: cytoloop segment IMAGE --model {out} --out DIR"
    )


@contextmanager
def opened_method(model: str) -> Generator[tuple[str, Path | None]]:
    """The name of a method, and the folder that has it: of a package ``NAME.zip``, unpacked for the time being."""
    if not model.endswith(".zip"):
        yield model, None
        return
    path = Path(model)
    if not path.is_file():
        raise InvalidInputError(f"There is no pixel classifier {path}. Export one from a project, or train one.")
    with tempfile.TemporaryDirectory(prefix="cytoloop-pixels-") as folder:
        package = unpacked_pixel_classifier(path, Path(folder) / "unpacked")
        versions = Path(folder) / "versions"
        versions.mkdir()
        shutil.move(package.folder, versions / "v1")
        yield f"{PREFIX}1", versions
