"""What a classifier is trained on without a job: folders of images, or what people classified in a project."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection

from cytoloop import __version__
from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.registry import open_image
from cytoloop.images.source import ImageInfo
from cytoloop.learning.classifiers.configuration import AnyConfiguration, NetworkConfiguration
from cytoloop.learning.classifiers.crops import CropSpec, Spec, crops_for
from cytoloop.learning.classifiers.package import (
    ClassifierPackage,
    NewClassifier,
    Subject,
    write_classifier,
)
from cytoloop.learning.classifiers.predictor import probabilities_of
from cytoloop.learning.classifiers.specification import ImageKind, spec_for
from cytoloop.learning.classifiers.training import LEAST_PER_CLASS, LabelledObjects, train
from cytoloop.learning.packages.tabular import KnownClass
from cytoloop.projects import ontologies
from cytoloop.projects.images import ProjectImage, project_images
from cytoloop.projects.ontologies import PALETTE
from cytoloop.projects.store import Project
from cytoloop.workflows.cropnetworks.cutting import plane_crops
from cytoloop.workflows.cropnetworks.learning import LabelledCrops, Lesson, learn
from cytoloop.workflows.imageclasses.seeing import image_spec, seen, stacked
from cytoloop.workflows.imageclasses.training import labelled_images
from cytoloop.workflows.images.library import ImageLibrary
from cytoloop.workflows.training.child import TrainingFailedError, can_train

from .cards import card_of
from .labelled import ObjectRow, image_kind, is_labelled, layers_to_learn_from, objects_of
from .plane_features import plane_features

ENDINGS = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".ome.tif", ".ome.tiff")
Tell = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Material:
    """What is seen of labelled objects or images: features ``(n, f)`` or crops; classes and images ``(n,)``."""

    values: NDArray[np.float32]
    truth: NDArray[np.int64]
    groups: NDArray[np.int64]
    classes: tuple[KnownClass, ...]
    spec: Spec
    subject: Subject
    facts: dict[str, Any]


def folder_material(folder: Path, configuration: AnyConfiguration, tell: Tell = lambda *_: None) -> Material:
    """Of a folder that holds a folder of images for each class.

    Raises
    ------
    InvalidInputError
        There are not two folders with images.
    """
    names = sorted(one.name for one in folder.iterdir() if one.is_dir()) if folder.is_dir() else []
    paths = [(number, path) for number, name in enumerate(names) for path in _images_in(folder / name)]
    if len(names) < 2 or not paths:
        raise InvalidInputError(f"{folder} must hold a folder of images for each class, at least 2.")
    spec = image_spec(
        configuration, [with_pyramid(path, lambda one, at=path: kind_of(at.name, one.info)) for _, path in paths]
    )
    values: list[NDArray[np.float32]] = []
    for number, (_, path) in enumerate(paths):
        values.append(with_pyramid(path, lambda one: seen(one, spec)))
        tell(0.5 * number / len(paths), f"Looking at images, {number + 1:,} of {len(paths):,}")
    classes = tuple(KnownClass(name[:100], PALETTE[at % len(PALETTE)]) for at, name in enumerate(names))
    truth = np.array([number for number, _ in paths], np.int64)
    facts = {"data": folder.name}
    return Material(stacked(values, spec), truth, np.arange(len(paths)), classes, spec, "images", facts)


def _images_in(folder: Path) -> list[Path]:
    return sorted(one for one in folder.iterdir() if one.is_file() and one.name.lower().endswith(ENDINGS))


def with_pyramid(path: Path, work: Callable[[Pyramid], Any]) -> Any:
    """What some work tells about an image file, which is closed after it."""
    source = open_image(path)
    try:
        return work(Pyramid(source))
    finally:
        source.close()


def kind_of(name: str, info: ImageInfo) -> ImageKind:
    """What of an image file decides whether a classifier fits."""
    calibrated = bool(info.pixel_width_um and info.pixel_height_um)
    return ImageKind(name, info.rgb, info.size_c, calibrated)


def project_material(
    connection: Connection, library: ImageLibrary, project: Project, configuration: AnyConfiguration, subject: Subject
) -> Material:
    """Of what people classified in a project: its objects, or its images.

    Raises
    ------
    InvalidInputError
        Fewer than two classes have labels, or one has fewer than two.
    """
    images = [one for one in project_images(connection, project.id, limit=1_000_000) if one.state == "ready"]
    found = list(_of_images(connection, images) if subject == "images" else _of_objects(connection, images))
    counts = Counter(term for _, _, term in found)
    known = ontologies.terms_of(connection, project.ontology_id)
    terms = [one for one in known if counts[one.id] >= LEAST_PER_CLASS]
    if len(terms) < 2:
        raise InvalidInputError(
            f"{project.name} has no {LEAST_PER_CLASS} {subject} in each of 2 classes that people gave. Classify some."
        )
    place = {one.id: number for number, one in enumerate(terms)}
    found = [one for one in found if one[2] in place]
    spec = _spec(
        configuration, [image_kind(one) for one in {image.id: image for image, _, _ in found}.values()], subject
    )
    values = [part for image, rows in _by_image(found) for part in _seen_of(library, image, rows, spec)]
    classes = tuple(KnownClass(one.name, one.color) for one in terms)
    truth = np.array([place[term] for _, _, term in found], np.int64)
    groups = np.array([image.id for image, _, _ in found], np.int64)
    return Material(stacked(values, spec), truth, groups, classes, spec, subject, {"project": project.name})


Labelled = tuple[ProjectImage, ObjectRow | None, int]
"""An image, the object of it that is meant (``None``: all of it), and its class."""


def _of_images(connection: Connection, images: Sequence[ProjectImage]) -> Iterator[Labelled]:
    labels = labelled_images(connection, images)
    return ((one, None, labels[one.id].term_id) for one in images if one.id in labels)


def _of_objects(connection: Connection, images: Sequence[ProjectImage]) -> Iterator[Labelled]:
    by_id = {one.id: one for one in images}
    for layer in sorted(layers_to_learn_from(connection, images), key=lambda one: one.image_id):
        for row in objects_of(connection, layer.id, is_labelled()):
            yield by_id[layer.image_id], row, row.term_id or 0


def _spec(configuration: AnyConfiguration, images: Sequence[ImageKind], subject: Subject) -> Spec:
    if subject == "images":
        return image_spec(configuration, images)
    if isinstance(configuration, NetworkConfiguration):
        settings = configuration
        return crops_for(images, side=settings.side, context=settings.context, own_range=settings.own_range)
    return spec_for(images)


def _by_image(found: Sequence[Labelled]) -> Iterator[tuple[ProjectImage, list[ObjectRow | None]]]:
    """Runs of the same image, in order."""
    start = 0
    for at in range(1, len(found) + 1):
        if at == len(found) or found[at][0].id != found[start][0].id:
            yield found[start][0], [row for _, row, _ in found[start:at]]
            start = at


def _seen_of(
    library: ImageLibrary, image: ProjectImage, rows: Sequence[ObjectRow | None], spec: Spec
) -> Iterator[NDArray[np.float32]]:
    assert image.stored is not None  # only ready images are learnt from
    with library.pyramid(image.stored) as pyramid:
        for row in rows:
            if row is None:
                yield seen(pyramid, spec)
                continue
            outline, plane = [shapely.from_wkb(row.wkb)], Plane(row.z, row.t)
            if isinstance(spec, CropSpec):
                yield plane_crops(pyramid, outline, spec, plane)[0]
            else:
                yield plane_features(pyramid.source, pyramid.info, outline, spec, plane)[0]


def train_on(
    material: Material,
    configuration: AnyConfiguration,
    output: Path,
    tell: Tell = lambda *_: None,
    *,
    work: Path | None = None,
    earlier: ClassifierPackage | None = None,
) -> ClassifierPackage:
    """Train and write the package into the folder ``output``. A network's training in ``work`` can be taken up again.

    Raises
    ------
    InvalidInputError
        Fewer than two classes have labels, or one has fewer than two.
    TrainingFailedError
        A network is asked for, and torch is not installed, or its training failed.
    """
    title = f"{output.name} classifier"
    facts = {**material.facts, "cytoloop_version": __version__}
    if not isinstance(configuration, NetworkConfiguration):
        return _train_features(material, configuration, output, title, facts, tell)
    if not can_train():
        raise TrainingFailedError("Training a network needs torch. Install it with: pip install 'cytoloop[train]'.")
    assert isinstance(material.spec, CropSpec)
    lesson = Lesson(title, material.classes, material.spec, configuration, facts, material.subject, earlier)
    count = len(material.truth)
    crops = LabelledCrops([material.values], np.arange(count), material.truth, material.groups, np.zeros(count, bool))

    def point(one: dict[str, Any]) -> None:
        tell(0.5 + 0.5 * one["epoch"] / one["epochs"], _line(one))

    with tempfile.TemporaryDirectory(prefix="cytoloop-network-") as folder:
        return learn(crops, lesson, work or Path(folder) / "training", output, point).package


def _line(point: dict[str, Any]) -> str:
    return (
        f"Epoch {point['epoch']}: loss {point['loss']:.3f}, held out {point['validation_loss']:.3f}, "
        f"accuracy {point['validation_accuracy']:.3f}"
    )


def _train_features(
    material: Material, configuration: Any, output: Path, title: str, facts: dict[str, Any], tell: Tell
) -> ClassifierPackage:
    started = time.monotonic()
    count = len(material.classes)
    labelled = LabelledObjects(
        material.values, material.truth, material.groups, count, np.zeros(len(material.truth), bool)
    )
    made = train(labelled, configuration, lambda share, text: tell(0.5 + share / 2, text))
    record = {
        **facts,
        "configuration": configuration.model_dump(mode="json"),
        "features": {"key": material.spec.key, "count": len(material.spec.names)},
        "labels": np.bincount(material.truth, minlength=count).tolist(),
        "images": len(np.unique(material.groups)),
        "folds": made.folds,
        "split": "image" if made.by_image else "object",
        "scores": {name: one.as_json() for name, one in made.scores.items()},
        "seconds": round(time.monotonic() - started, 2),
    }
    example = material.values[:4]
    new = NewClassifier(
        title=title,
        classes=material.classes,
        spec=material.spec,
        weights=made.weights,
        committee=made.committee,
        test_input=example,
        test_output=probabilities_of(made.weights, example, count),
        card=card_of(title, material.classes, record, material.subject),
        record=record,
        subject=material.subject,
    )
    return write_classifier(output, new)
