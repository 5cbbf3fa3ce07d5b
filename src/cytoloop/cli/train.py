"""``cytoloop train``."""

import shutil
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.classifiers.configuration import AnyConfiguration
from cytoloop.learning.classifiers.package import Subject
from cytoloop.learning.packages.model import ModelPackage
from cytoloop.learning.packages.reading import checked_name
from cytoloop.learning.pixels.configuration import PixelLearner
from cytoloop.learning.registry import MethodRegistry
from cytoloop.learning.training.configuration import Configuration, Head, read_configuration
from cytoloop.learning.training.order import Order
from cytoloop.runtime.assembly import image_library
from cytoloop.runtime.settings import Settings
from cytoloop.workflows.classification.material import Material, folder_material, project_material
from cytoloop.workflows.finetuning.plan import TuningPlan, Unmarked, tuned_configuration
from cytoloop.workflows.finetuning.rounds import copy_with_unknown, fine_tune
from cytoloop.workflows.models.library import export_model, model_named
from cytoloop.workflows.models.shipping import model_of_training
from cytoloop.workflows.training.datasets import write_layer_dataset
from cytoloop.workflows.training.running import Curve, Trained
from cytoloop.workflows.training.running import train as run_training

from .classify import ClassifierOrder, classifier_configuration, train_classifier
from .homes import open_database, project_named
from .options import DatabaseOption, HomeOption, settings_with
from .pixels import train_pixels


class TrainingTask(StrEnum):
    """What the model is to find."""

    INSTANCE = "instance"
    SEMANTIC = "semantic"
    CLASSIFY = "classify"
    PIXELS = "pixels"


class SubjectName(StrEnum):
    """What a classifier tells apart."""

    OBJECTS = "objects"
    IMAGES = "images"


class TrainingMethod(StrEnum):
    """What learns to tell classes apart: of objects, of pixels, or of both."""

    EXTRA_TREES = "extra-trees"
    BOOSTING = "boosting"
    SVM = "svm"
    LINEAR = "linear"
    CNN = "cnn"
    ENCODER = "encoder"
    ENCODER_TUNED = "encoder-tuned"
    RANDOM_FOREST = "random-forest"
    PATCHES = "patches"


def train(
    dataset: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DATASET]",
            help="Folder with 'images' and 'labels' in it (for pixels, 0 is not labelled); to classify, a folder for "
            "each class.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The model package to write, a .zip file.")] = None,
    task: Annotated[
        TrainingTask, typer.Option("--task", help="Single objects, the foreground, or classes: of objects, of pixels.")
    ] = (TrainingTask.INSTANCE),
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="MODEL",
            help="Go on from this model instead of from nothing; with --task classify a package, MODEL.zip.",
        ),
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option("--config", help="Configuration, a TOML file; also of classifiers: their settings.")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Training steps; the configuration's unless given.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Also keep the model in the home under this name.")] = None,
    work: Annotated[
        Path | None,
        typer.Option("--work", help="Folder for checkpoint and curves; training goes on from what is there."),
    ] = None,
    every_image: Annotated[
        bool, typer.Option("--all", help="Learn from all images; none is held out, so there are no scores.")
    ] = False,
    project: Annotated[
        str | None, typer.Option("--project", help="Learn from this project instead of a folder.")
    ] = None,
    layer: Annotated[
        str | None, typer.Option("--layer", help="The layer of the project's images to learn from.")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, max=256, help="Processors to use.")] = None,
    method: Annotated[
        TrainingMethod, typer.Option("--method", help="With --task classify or pixels: what learns.")
    ] = TrainingMethod.EXTRA_TREES,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="With --task classify, pixels or --from: for what is drawn at random.")
    ] = 0,
    subject: Annotated[
        SubjectName, typer.Option("--of", help="With --task classify and --project: learn from objects or from images.")
    ] = SubjectName.OBJECTS,
    background: Annotated[
        str | None, typer.Option("--background", metavar="CLASS", help="With --task pixels: what is no object.")
    ] = None,
    unmarked: Annotated[
        Unmarked,
        typer.Option("--unmarked", help="With --from: what is no object is background, or unknown."),
    ] = Unmarked.BACKGROUND,
    rounds: Annotated[
        int,
        typer.Option(
            "--rounds", min=1, max=10, help="With --unmarked unknown: trainings, each adds what the last one found."
        ),
    ] = 2,
    home: HomeOption = None,
    database: DatabaseOption = None,
) -> None:
    """Train a model from image and label pairs, or from a layer of a project.

    One in five images is held out to score the result. The curves are in WORK/curves.html, a page that renews
    itself. A training that was ended goes on where it stood when it is started again with the same --work.
    """
    if task is TrainingTask.PIXELS:
        _train_pixels(dataset, out, method, seed, background)
        return
    if task is TrainingTask.CLASSIFY:
        if out is None:
            raise InvalidInputError("Name the package with --out MODEL.zip.")
        found = classifier_configuration(recipe, method.value, seed)
        order = ClassifierOrder(out, found, None if start is None else Path(start), work)
        source = (dataset, project, settings_with(home=home, database=database))
        train_classifier(order, lambda settings: _material(*source, settings, subject.value))
        return
    if out is None and name is None:
        raise InvalidInputError("Say where the model goes: --out MODEL.zip, or --name NAME to keep it in the home.")
    settings = settings_with(home=home, database=database)
    registry = MethodRegistry(settings.models_folder)
    model_name = checked_name(name or (out.stem.lower() if out else "model"))
    if name is not None and name in registry.all():
        raise InvalidInputError(f"There is a method {name!r} already. Choose another name.")
    initial = None if start is None else model_named(registry, start)
    given = {"unmarked": unmarked, "rounds": rounds, "steps": steps, "seed": seed}
    plan = TuningPlan.model_validate({name: value for name, value in given.items() if value is not None})
    if initial is None and unmarked is Unmarked.UNKNOWN:
        raise InvalidInputError("--unmarked unknown needs a model that knows some objects: name one with --from MODEL.")
    tuned = initial if recipe is None else None
    configuration = (
        _configuration(recipe, task, steps, model_name)
        if tuned is None
        else tuned_configuration(tuned, plan, model_name)
    )
    folder = work or Path(tempfile.mkdtemp(prefix="cytoloop-train-"))
    data = _dataset(dataset, project, layer, folder, settings)
    if unmarked is Unmarked.UNKNOWN:
        data = copy_with_unknown(data, folder / "unknown")
    order = Order(
        configuration=configuration,
        data=data,
        folder=folder,
        split="all" if every_image else "standard",
        initial=None if initial is None else initial.weights,
        threads=threads,
    )
    page = folder / "curves.html" if tuned is None else folder / "round-1" / "curves.html"
    typer.echo(f"Training; watch {page} (Ctrl-C ends it and keeps what was learnt)", err=True)
    trained = run_training(order, on_curve=_Bar()) if tuned is None else _tuned(tuned, order, plan)
    package = model_of_training(order, trained, folder / "package" / model_name)
    _keep(package, out, registry, name)
    if work is None:
        shutil.rmtree(folder, ignore_errors=True)


def _tuned(start: ModelPackage, order: Order, plan: TuningPlan) -> Trained:
    """Fine-tune; a bar for each round."""
    bars: dict[int, _Bar] = {}

    def tell(number: int, point: Curve) -> None:
        bars.setdefault(number, _Bar())(point)

    tuned = fine_tune(start, order, plan, tell)
    for one in tuned.rounds:
        if one.added:
            typer.echo(f"Round {one.number}: {one.annotated} objects, and {one.added} that the model found", err=True)
    return tuned.trained


def _train_pixels(
    dataset: Path | None, out: Path | None, method: TrainingMethod, seed: int, ground: str | None
) -> None:
    if method.value not in {one.value for one in PixelLearner}:
        raise InvalidInputError(f"--task pixels has no method {method}. There are: {', '.join(PixelLearner)}.")
    if dataset is None or out is None:
        raise InvalidInputError("Name the folder of images and labels, and the package with --out MODEL.zip.")
    train_pixels(dataset, out, PixelLearner(method.value), seed, ground)


def _material(
    dataset: Path | None, project: str | None, settings: Settings, configuration: AnyConfiguration, subject: Subject
) -> Material:
    """What a classifier learns from: class folders, or the labels of a project."""
    if (dataset is None) == (project is None):
        raise InvalidInputError("Give either a folder of class folders, or --project.")
    if dataset is not None:
        return folder_material(dataset, configuration)
    assert project is not None
    opened = open_database(settings.home, settings.database)
    library = image_library(settings)
    try:
        with opened.read() as connection:
            chosen = project_named(connection, project)
            return project_material(connection, library, chosen, configuration, subject)
    finally:
        library.close()
        opened.close()


def _configuration(recipe: Path | None, task: TrainingTask, steps: int | None, name: str) -> Configuration:
    if recipe is not None:
        found = read_configuration(recipe)
    else:
        heads = (Head.FOREGROUND, Head.DISTANCE) if task is TrainingTask.INSTANCE else (Head.FOREGROUND,)
        found = Configuration.model_validate({"heads": heads})
    if steps is not None:
        warm_up = min(found.optimisation.warm_up_steps, steps // 4)
        changed = found.optimisation.model_copy(update={"steps": steps, "warm_up_steps": warm_up})
        found = found.model_copy(update={"optimisation": changed})
    return found.model_copy(update={"name": name})


def _dataset(dataset: Path | None, project: str | None, layer: str | None, folder: Path, settings: Settings) -> Path:
    if (dataset is None) == (project is None):
        raise InvalidInputError("Give either a folder of pairs, or --project and --layer.")
    if dataset is not None:
        return dataset
    if project is None or layer is None:
        raise InvalidInputError("Name the layer to learn from with --layer.")
    opened = open_database(settings.home, settings.database)
    library = image_library(settings)
    try:
        with opened.read() as connection:
            chosen = project_named(connection, project)
            count = write_layer_dataset(connection, library, chosen, layer, folder / "data")
    finally:
        library.close()
        opened.close()
    typer.echo(f"{count} annotated images of {project}", err=True)
    return folder / "data"


def _keep(package: ModelPackage, out: Path | None, registry: MethodRegistry, name: str | None) -> None:
    scores = package.training.get("scores", {}).get("all")
    if scores:
        typer.echo(
            f"On {scores['images']} held-out images: DSB score {scores['dsb']:.3f}, F1 {scores['f1']:.3f}, "
            f"missed {scores['missed']}, extra {scores['extra']}, split {scores['split']}, merged {scores['merged']}"
        )
    if out is not None:
        written = export_model(package, out)
        typer.echo(f"{written} ({written.stat().st_size / 1e6:.1f} MB)")
    if name is not None:
        assert registry.models is not None  # a home has one
        registry.models.mkdir(parents=True, exist_ok=True)
        shutil.copytree(package.folder, registry.models / name)
        typer.echo(f"Kept as {name}. Use it with: cytoloop segment IMAGE --model {name} --out DIR")


class _Bar:
    """A progress bar on a terminal; a line now and then elsewhere."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._progress = Progress(console=self._console, disable=not self._console.is_terminal)
        self._task = self._progress.add_task("Training", total=None)
        self._progress.start()

    def __call__(self, point: Curve) -> None:
        self._progress.update(self._task, total=point.steps, completed=point.step)
        if point.validation_loss is not None:
            self._progress.console.print(
                f"step {point.step:,}: loss {point.loss:.3f}, held out {point.validation_loss:.3f}", highlight=False
            )
        if point.step >= point.steps:
            self._progress.stop()
