"""Landmarks of files, without a server or database: images in a folder, points in a table."""

import csv
import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cytoloop import __version__
from cytoloop.core.clock import utc_now
from cytoloop.core.errors import CytoloopError, InvalidInputError
from cytoloop.core.geometry import Plane
from cytoloop.exchange.csvfile import defused
from cytoloop.exchange.limits import text_bytes
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.registry import open_image
from cytoloop.images.source import ImageInfo
from cytoloop.learning.classifiers.specification import ImageKind
from cytoloop.learning.landmarks.configuration import LandmarkConfiguration
from cytoloop.learning.landmarks.package import LandmarkPackage
from cytoloop.learning.landmarks.predictor import LandmarkPredictor
from cytoloop.learning.landmarks.specification import require_size, spec_of
from cytoloop.learning.landmarks.training import Tell, require_landmarks
from cytoloop.learning.packages.tabular import KnownClass
from cytoloop.projects.ontologies import PALETTE

from .measures import Shape
from .worker import detected, sample_of, write_trained_landmarks

COLUMNS = ("image", "name", "x", "y")
MOST_ROWS = 1_000_000
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class PlacedLandmark:
    """A row of a table of points: x and y in px; ``confidence`` of one that was found, 0..1."""

    image: str
    name: str
    x: float
    y: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class DetectedFile:
    """What was found on an image, or why nothing was."""

    path: Path
    points: tuple[PlacedLandmark, ...] = ()
    error: str | None = None


def read_points(path: Path) -> list[PlacedLandmark]:
    """Points from a CSV file with the columns image, name, x, y; others are ignored.

    Raises
    ------
    InvalidInputError
        A column is missing, a row is no point, or an image has a landmark twice.
    """
    if not path.is_file():
        raise InvalidInputError(f"There is no table of points {path}.")
    text = text_bytes(path).decode("utf-8-sig", errors="replace")
    reader = csv.DictReader(text.splitlines())
    fields = [(one or "").strip() for one in reader.fieldnames or ()]
    missing = [one for one in COLUMNS if one not in fields]
    if missing:
        raise InvalidInputError(
            f"{path.name} has no column {', '.join(missing)}. It needs {', '.join(COLUMNS)}; it has: "
            f"{', '.join(fields) or 'none'}."
        )
    reader.fieldnames = fields
    found: dict[tuple[str, str], PlacedLandmark] = {}
    for number, row in enumerate(reader, start=2):
        if number > MOST_ROWS:
            raise InvalidInputError(f"{path.name} has more than {MOST_ROWS:,} rows.")
        one = _row(row, f"{path.name}, line {number}")
        if (one.image, one.name) in found:
            raise InvalidInputError(
                f"{path.name}, line {number}: {one.image} has the landmark {one.name!r} twice. Leave one out."
            )
        found[one.image, one.name] = one
    if not found:
        raise InvalidInputError(f"{path.name} has no points.")
    return list(found.values())


def _row(row: dict[str, Any], where: str) -> PlacedLandmark:
    image, name = ((row[one] or "").strip() for one in ("image", "name"))
    image, name = (one[1:] if one[:2] in {"'=", "'+", "'-", "'@"} else one for one in (image, name))
    if not image or not 0 < len(name) <= _LONGEST_NAME:
        raise InvalidInputError(f"{where}: there must be an image, and a name of at most {_LONGEST_NAME} characters.")
    x, y = (_number(row[one], one, where) for one in ("x", "y"))
    confidence = row.get("confidence") or None
    return PlacedLandmark(image, name, x, y, None if confidence is None else _number(confidence, "confidence", where))


def _number(text: Any, column: str, where: str) -> float:
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise InvalidInputError(f"{where}: {column} is {text!r}, which is no number.")
    return value


def write_points(path: Path, points: Sequence[PlacedLandmark]) -> None:
    """A table that ``read_points`` reads, with the confidence of each; it appears when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*COLUMNS, "confidence"])
        for one in points:
            sure = "" if one.confidence is None else f"{one.confidence:.4f}"
            writer.writerow([defused(one.image), defused(one.name), f"{one.x:.3f}", f"{one.y:.3f}", sure])
    partial.replace(path)


def train_landmarks_on_folder(
    folder: Path,
    points: Path,
    output: Path,
    configuration: LandmarkConfiguration,
    tell: Tell = lambda *_: None,
) -> LandmarkPackage:
    """Train on the images of ``folder`` that ``points`` names; the package goes into the folder ``output``.

    Raises
    ------
    InvalidInputError
        The table is wrong, an image is missing or too small, a point lies outside, or a landmark is on too few.
    """
    rows = read_points(points)
    names = list(dict.fromkeys(one.name for one in rows))
    images = list(dict.fromkeys(one.image for one in rows))
    require_landmarks(names, [sum(one.name == name for one in rows) for name in names])
    paths = {image: _image_in(folder, image) for image in images}
    kinds: list[ImageKind] = []
    for image, path in paths.items():
        info = _info(path)
        require_size(info.width, info.height, image)
        _require_inside([one for one in rows if one.image == image], info)
        kinds.append(ImageKind(image, info.rgb, info.size_c, bool(info.pixel_width_um)))
    spec = spec_of(configuration.size_px, kinds)
    samples = []
    for at, (image, path) in enumerate(paths.items()):
        tell(0.2 * at / len(paths), f"Looking at {image}")
        places = {one.name: (one.x, one.y) for one in rows if one.image == image}
        array = np.array([places.get(name, (np.nan, np.nan)) for name in names])
        with closing(open_image(path)) as source:
            samples.append(sample_of(Pyramid(source), Plane(0, 0), array, spec, at, image))
    facts = {
        "data": folder.name,
        "trained_at": utc_now().isoformat(timespec="seconds"),
        "cytoloop_version": __version__,
    }
    return write_trained_landmarks(
        samples,
        configuration,
        spec,
        tuple(KnownClass(name, PALETTE[at % len(PALETTE)]) for at, name in enumerate(names)),
        output=output,
        title=f"{output.name} landmark detector",
        facts=facts,
        tell=lambda share, text: tell(0.2 + 0.8 * share, text),
    )


def _image_in(folder: Path, image: str) -> Path:
    """An image by its name in the table, with or without its ending; it lies in the folder itself."""
    if not folder.is_dir():
        raise InvalidInputError(f"There is no folder {folder}.")
    if Path(image).name != image:
        raise InvalidInputError(f"The table names {image!r}; images are named by their file name alone.")
    if (folder / image).exists():
        return folder / image
    same = [one for one in sorted(folder.iterdir()) if one.stem == image]
    if len(same) != 1:
        raise InvalidInputError(f"There is no image {image} in {folder}, which the table of points names.")
    return same[0]


def _info(path: Path) -> ImageInfo:
    with closing(open_image(path)) as source:
        return source.info()


def _require_inside(rows: Sequence[PlacedLandmark], info: ImageInfo) -> None:
    for one in rows:
        if not (0 <= one.x <= info.width and 0 <= one.y <= info.height):
            raise InvalidInputError(
                f"The landmark {one.name!r} of {one.image} is at {one.x:g}, {one.y:g}, outside of its {info.width} x "
                f"{info.height} px."
            )


def detect_on_files(images: Sequence[Path], predictor: LandmarkPredictor) -> list[DetectedFile]:
    """The landmarks of each image; one that cannot be looked at says why, and the others go on."""
    return [_detected_file(path, predictor) for path in images]


def _detected_file(path: Path, predictor: LandmarkPredictor) -> DetectedFile:
    names = [one.name for one in predictor.package.landmarks]
    try:
        with closing(open_image(path)) as source:
            found = detected(predictor, Pyramid(source), Plane(0, 0), path.name)
    except CytoloopError as error:
        return DetectedFile(path, error=error.message)
    points = (PlacedLandmark(path.name, names[one.landmark], one.x, one.y, one.confidence) for one in found)
    return DetectedFile(path, tuple(points))


def shapes_of_points(points: Sequence[PlacedLandmark], folder: Path | None) -> list[Shape]:
    """The landmarks of each image of a table; with the folder of the images, the size of their pixels too."""
    return [_shape(image, points, folder) for image in dict.fromkeys(one.image for one in points)]


def _shape(image: str, points: Sequence[PlacedLandmark], folder: Path | None) -> Shape:
    own = [one for one in points if one.image == image]
    pixel_um: tuple[float, float] | None = None
    if folder is not None:
        info = _info(_image_in(folder, image))
        if info.pixel_width_um and info.pixel_height_um:
            pixel_um = (info.pixel_width_um, info.pixel_height_um)
    return Shape(
        image=image,
        z=0,
        t=0,
        points={one.name: (one.x, one.y) for one in own},
        suggested=frozenset(one.name for one in own if one.confidence is not None),
        pixel_um=pixel_um,
    )
