"""Classifiers for files, without a server or database: of folders a class each, and of images with their outlines."""

import csv
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop import __version__
from cytoloop.core.errors import CytoloopError, InvalidInputError
from cytoloop.core.geometry import Plane
from cytoloop.exchange.csvfile import defused
from cytoloop.exchange.formats import read_objects
from cytoloop.exchange.model import ExchangeImage
from cytoloop.images.registry import open_image
from cytoloop.images.source import ImageInfo, ImageSource
from cytoloop.learning.classifiers.configuration import Configuration
from cytoloop.learning.classifiers.package import ClassifierPackage, NewClassifier, write_classifier
from cytoloop.learning.classifiers.predictor import Predictor, probabilities_of
from cytoloop.learning.classifiers.specification import FeatureSpec, ImageKind, spec_for
from cytoloop.learning.classifiers.training import LabelledObjects, train
from cytoloop.learning.packages.tabular import KnownClass
from cytoloop.projects.ontologies import PALETTE

from .classifier_cards import card_of
from .plane_features import plane_features

ENDINGS = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".ome.tif", ".ome.tiff")
OBJECT_ENDINGS = (".labels.tif", ".labels.png", ".geojson", ".coco.json", ".csv", ".rois.zip", ".tif", ".png")
Tell = Callable[[float, str], None]


def _kind(name: str, info: ImageInfo) -> ImageKind:
    calibrated = bool(info.pixel_width_um and info.pixel_height_um)
    return ImageKind(name, info.rgb, info.size_c, calibrated)


def _features(
    source: ImageSource, outlines: Sequence[BaseGeometry], spec: FeatureSpec, z: int = 0, t: int = 0
) -> NDArray[np.float32]:
    return plane_features(source, source.info(), outlines, spec, Plane(z, t))


def _whole(info: ImageInfo) -> BaseGeometry:
    return shapely.box(0, 0, info.width, info.height)


def train_on_folders(
    folder: Path, output: Path, configuration: Configuration, tell: Tell = lambda *_: None
) -> ClassifierPackage:
    """Train on a folder that holds a folder of images for each class; each image is one object.

    Raises
    ------
    InvalidInputError
        There are not two folders with two images each.
    """
    names = sorted(one.name for one in folder.iterdir() if one.is_dir()) if folder.is_dir() else []
    paths = [(number, path) for number, name in enumerate(names) for path in _images_in(folder / name)]
    if len(names) < 2 or not paths:
        raise InvalidInputError(f"{folder} must hold a folder of images for each class, at least 2.")
    spec = spec_for([_kind_of(path) for _, path in paths])
    values: list[NDArray[np.float32]] = []
    for number, (_, path) in enumerate(paths):
        values.append(_with_source(path, lambda source: _features(source, [_whole(source.info())], spec)))
        tell(0.5 * number / len(paths), f"Looking at images, {number + 1:,} of {len(paths):,}")
    classes = tuple(KnownClass(name[:100], PALETTE[at % len(PALETTE)]) for at, name in enumerate(names))
    labelled = LabelledObjects(
        np.concatenate(values),
        np.array([number for number, _ in paths], np.int64),
        np.arange(len(paths)),
        len(names),
        np.zeros(len(paths), bool),
    )
    facts = {"data": folder.name, "cytoloop_version": __version__}
    return write_trained(labelled, configuration, classes, spec, output, facts, tell)


def _images_in(folder: Path) -> list[Path]:
    return sorted(one for one in folder.iterdir() if one.is_file() and one.name.lower().endswith(ENDINGS))


def _with_source(path: Path, work: Callable[[ImageSource], Any]) -> Any:
    source = open_image(path)
    try:
        return work(source)
    finally:
        source.close()


def _kind_of(path: Path) -> ImageKind:
    return _with_source(path, lambda source: _kind(path.name, source.info()))


def write_trained(
    labelled: LabelledObjects,
    configuration: Configuration,
    classes: tuple[KnownClass, ...],
    spec: FeatureSpec,
    output: Path,
    facts: dict[str, Any],
    tell: Tell,
) -> ClassifierPackage:
    """Train and write the package into the folder ``output``."""
    started = time.monotonic()
    made = train(labelled, configuration, lambda share, text: tell(0.5 + share / 2, text))
    title = f"{output.name} classifier"
    record = {
        **facts,
        "configuration": configuration.model_dump(mode="json"),
        "features": {"key": spec.key, "count": len(spec.names)},
        "labels": np.bincount(labelled.truth[~labelled.tested], minlength=labelled.classes).tolist(),
        "images": len(np.unique(labelled.groups[~labelled.tested])),
        "folds": made.folds,
        "split": "image" if made.by_image else "object",
        "scores": {name: one.as_json() for name, one in made.scores.items()},
        "seconds": round(time.monotonic() - started, 2),
    }
    example = labelled.features[:4]
    new = NewClassifier(
        title=title,
        classes=classes,
        spec=spec,
        weights=made.weights,
        committee=made.committee,
        test_input=example,
        test_output=probabilities_of(made.weights, example, len(classes)),
        card=card_of(title, classes, record),
        record=record,
    )
    return write_classifier(output, new)


@dataclass(frozen=True, slots=True)
class ClassifiedFile:
    """What became of an image: how many objects, or why it could not be classified."""

    path: Path
    objects: int
    counts: dict[str, int]
    error: str | None


def classify_files(
    images: Sequence[Path], predictor: Predictor, out: Path, objects: Path | None
) -> list[ClassifiedFile]:
    """Classify images, or the objects of the files in ``objects`` that bear the images' names.

    Writes STEM.classes.csv for each image: object (its label or number), centre, class, and the probability of each
    class. An image that fails is told, and the others go on.
    """
    out.mkdir(parents=True, exist_ok=True)
    found: list[ClassifiedFile] = []
    for path in images:
        try:
            found.append(_classified(path, predictor, out, objects))
        except (CytoloopError, OSError) as error:
            found.append(ClassifiedFile(path, 0, {}, str(error)))
    return found


def _classified(path: Path, predictor: Predictor, out: Path, objects: Path | None) -> ClassifiedFile:
    source = open_image(path)
    try:
        info = source.info()
        spec = predictor.package.spec
        spec.require_fit(_kind(path.name, info))
        outlines, names = _outlines(path, info, objects)
        likely = predictor.probabilities(_features(source, outlines, spec))
    finally:
        source.close()
    classes = [one.name for one in predictor.package.classes]
    best = likely.argmax(axis=1)
    _write(out / f"{path.name.split('.')[0]}.classes.csv", outlines, names, classes, likely, best)
    counts = {name: int((best == number).sum()) for number, name in enumerate(classes)}
    return ClassifiedFile(path, len(outlines), counts, None)


def _outlines(path: Path, info: ImageInfo, objects: Path | None) -> tuple[list[BaseGeometry], list[str]]:
    """Areas and what they are called; the whole image where no objects are given."""
    if objects is None:
        return [_whole(info)], ["image"]
    stem = path.name.split(".")[0]
    file = next((objects / f"{stem}{one}" for one in OBJECT_ENDINGS if (objects / f"{stem}{one}").is_file()), None)
    if file is None:
        raise InvalidInputError(f"There are no objects of {path.name} in {objects}: no file named {stem}.")
    image = ExchangeImage(path.name, info.width, info.height, info.size_z, info.size_t)
    areas = [one for one in read_objects(file, image).objects if shapely.get_dimensions(one.geometry) == 2]
    names = [str(number if one.id is None else one.id) for number, one in enumerate(areas, start=1)]
    return [one.geometry for one in areas], names


def _write(
    path: Path,
    outlines: Sequence[BaseGeometry],
    names: Sequence[str],
    classes: Sequence[str],
    likely: NDArray[np.float32],
    best: NDArray[np.int64],
) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["object", "x", "y", "class", *(defused(f"p {one}") for one in classes)])
        for number, outline in enumerate(outlines):
            centre = outline.centroid
            shares = [f"{value:.4f}" for value in likely[number].tolist()]
            place = (f"{centre.x:.1f}", f"{centre.y:.1f}")
            writer.writerow([names[number], *place, defused(classes[int(best[number])]), *shares])
