"""Classifiers for files, without a server or database: of folders a class each, and of images with their outlines."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop.core.errors import CytoloopError, InvalidInputError
from cytoloop.core.geometry import Plane
from cytoloop.exchange.csvfile import defused
from cytoloop.exchange.formats import read_objects
from cytoloop.exchange.model import ExchangeImage
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.registry import open_image
from cytoloop.images.source import ImageInfo
from cytoloop.learning.classifiers.configuration import AnyConfiguration
from cytoloop.learning.classifiers.cropclassifier import load_network
from cytoloop.learning.classifiers.crops import CropSpec
from cytoloop.learning.classifiers.package import ClassifierPackage
from cytoloop.learning.classifiers.predictor import load
from cytoloop.workflows.cropnetworks.cutting import plane_crops
from cytoloop.workflows.imageclasses.seeing import seen

from .material import Tell, folder_material, kind_of, train_on
from .plane_features import plane_features

OBJECT_ENDINGS = (".labels.tif", ".labels.png", ".geojson", ".coco.json", ".csv", ".rois.zip", ".tif", ".png")


def train_on_folders(
    folder: Path, output: Path, configuration: AnyConfiguration, tell: Tell = lambda *_: None
) -> ClassifierPackage:
    """Train on a folder that holds a folder of images for each class.

    Raises
    ------
    InvalidInputError
        There are not two folders with two images each.
    TrainingFailedError
        A network is asked for, and torch is not installed, or its training failed.
    """
    return train_on(folder_material(folder, configuration, tell), configuration, output, tell)


Probabilities = Callable[[Pyramid, Sequence[BaseGeometry]], NDArray[np.float32]]
"""Of objects ``(n, k)``; of the whole image ``(1, k)``."""


def _network_look(package: ClassifierPackage) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    network = load_network(package)
    return lambda crops: network.look(crops).probabilities


def loaded(package: ClassifierPackage, *, whole: bool) -> Probabilities:
    """A classifier, ready to look at whole images, or at outlines: one of images then takes each for an image."""
    spec = package.spec
    look = _network_look(package) if isinstance(spec, CropSpec) else load(package).probabilities

    def probabilities(pyramid: Pyramid, outlines: Sequence[BaseGeometry]) -> NDArray[np.float32]:
        if whole:
            return look(seen(pyramid, spec)[None])
        if isinstance(spec, CropSpec):
            return look(plane_crops(pyramid, outlines, spec, Plane(0, 0)))
        return look(plane_features(pyramid.source, pyramid.info, outlines, spec, Plane(0, 0)))

    return probabilities


@dataclass(frozen=True, slots=True)
class ClassifiedFile:
    """What became of an image: how many objects, or why it could not be classified."""

    path: Path
    objects: int
    counts: dict[str, int]
    error: str | None


def classify_files(
    images: Sequence[Path], package: ClassifierPackage, out: Path, objects: Path | None
) -> list[ClassifiedFile]:
    """Classify images, or the objects of the files in ``objects`` that bear the images' names.

    Writes STEM.classes.csv for each image: object (its label or number), centre, class, and the probability of each
    class. An image that fails is told, and the others go on.
    """
    out.mkdir(parents=True, exist_ok=True)
    look = loaded(package, whole=objects is None and package.subject == "images")
    found: list[ClassifiedFile] = []
    for path in images:
        try:
            found.append(_classified(path, package, look, out, objects))
        except (CytoloopError, OSError) as error:
            found.append(ClassifiedFile(path, 0, {}, str(error)))
    return found


def _classified(
    path: Path, package: ClassifierPackage, look: Probabilities, out: Path, objects: Path | None
) -> ClassifiedFile:
    source = open_image(path)
    try:
        pyramid = Pyramid(source)
        package.spec.require_fit(kind_of(path.name, pyramid.info))
        outlines, names = _outlines(path, pyramid.info, objects)
        likely = look(pyramid, outlines)
    finally:
        source.close()
    classes = [one.name for one in package.classes]
    best = likely.argmax(axis=1)
    _write(out / f"{path.name.split('.')[0]}.classes.csv", outlines, names, classes, likely, best)
    counts = {name: int((best == number).sum()) for number, name in enumerate(classes)}
    return ClassifiedFile(path, len(outlines), counts, None)


def _outlines(path: Path, info: ImageInfo, objects: Path | None) -> tuple[list[BaseGeometry], list[str]]:
    """Areas and what they are called; the whole image where no objects are given."""
    if objects is None:
        return [shapely.box(0, 0, info.width, info.height)], ["image"]
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
