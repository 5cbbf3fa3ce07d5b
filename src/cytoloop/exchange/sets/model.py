"""What a set is made of: images with their objects and a way to see them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop.annotations.raster import polygons_to_labels
from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Box
from cytoloop.exchange.model import ExchangeImage, ExchangeObject

UNCLASSIFIED = "unclassified"
MAX_PLANE_PX = 2**28
"""A mask or picture of more pixels than this is not made; a larger downsample or crops are."""

Look = Callable[[Box, float, int, int], NDArray[np.uint8]]
"""``(box, downsample, z, t)`` to ``(h, w, 3)``: the image as it is first shown."""


@dataclass(frozen=True, slots=True)
class SetImage:
    """An image of a set. ``stem`` names its files and is the image's only."""

    stem: str
    facts: ExchangeImage
    objects: Sequence[ExchangeObject]
    look: Look


@dataclass(frozen=True, slots=True)
class SetOptions:
    """What the user may choose. ``downsample``: px of the image a px of masks and pictures."""

    downsample: float = 1.0
    classes: Sequence[str] = field(default_factory=tuple[str, ...])
    """The classes' names in their order; the numbers in the files follow it."""
    crop_px: int = 256
    """Side of a crop; 0 gives each the size of its object."""


@dataclass(frozen=True, slots=True)
class Plane:
    """The areas of one plane, in px of the file."""

    z: int
    t: int
    shape: tuple[int, int]
    objects: Sequence[ExchangeObject]
    geometries: Sequence[BaseGeometry]
    name: str
    """The file's stem: with the plane's numbers where the image has several."""


def class_of(one: ExchangeObject) -> str:
    """The class's name."""
    return UNCLASSIFIED if one.term is None else one.term.name


def is_area(one: ExchangeObject) -> bool:
    """Whether an object has an area; points and lines have no place in masks."""
    return one.geometry.geom_type in {"Polygon", "MultiPolygon"}


def planes_of(image: SetImage, options: SetOptions) -> list[Plane]:
    """The planes of an image that hold areas (the first one, where none does), scaled to the files."""
    facts = image.facts
    height = max(1, round(facts.height / options.downsample))
    width = max(1, round(facts.width / options.downsample))
    if height * width > MAX_PLANE_PX:
        raise InvalidInputError(
            f"{facts.name} would be {width:,} x {height:,} px; at most {MAX_PLANE_PX:,} px are written. "
            "Choose a larger downsample, or the set 'crops'."
        )
    areas = [one for one in image.objects if is_area(one)]
    places = sorted({(one.t, one.z) for one in areas}) or [(0, 0)]
    several = facts.size_z > 1 or facts.size_t > 1
    found: list[Plane] = []
    for t, z in places:
        here = [one for one in areas if (one.t, one.z) == (t, z)]
        name = f"{image.stem}_z{z:03d}_t{t:03d}" if several else image.stem
        found.append(Plane(z, t, (height, width), here, _scaled(here, options.downsample), name))
    return found


def _scaled(objects: Sequence[ExchangeObject], downsample: float) -> list[BaseGeometry]:
    geometries = [one.geometry for one in objects]
    if downsample == 1:
        return geometries
    return [shapely.transform(one, lambda points: points / downsample) for one in geometries]


def labels_of(plane: Plane, values: Sequence[int] | None = None) -> NDArray[np.uint32]:
    """The plane as a label image: objects from 1 in their order, or ``values``."""
    return polygons_to_labels(plane.geometries, plane.shape, values=values)


def picture_of(image: SetImage, plane: Plane, options: SetOptions) -> NDArray[np.uint8]:
    """The plane as it is shown, ``(h, w, 3)``, in the size of the masks."""
    box = Box(0, 0, image.facts.width, image.facts.height)
    seen = image.look(box, options.downsample, plane.z, plane.t)
    height, width = plane.shape
    return np.ascontiguousarray(seen[:height, :width])


def folder_in(folder: Path, *names: str) -> Path:
    """A folder below another, made if missing."""
    path = folder.joinpath(*names)
    path.mkdir(parents=True, exist_ok=True)
    return path


def class_numbers(options: SetOptions, images: Sequence[SetImage]) -> dict[str, int]:
    """Class names to numbers from 0: those of the ontology, then ``unclassified`` where it occurs."""
    names = list(dict.fromkeys(options.classes))
    used = {class_of(one) for image in images for one in image.objects}
    names += sorted(used - set(names) - {UNCLASSIFIED}) + ([UNCLASSIFIED] if UNCLASSIFIED in used else [])
    return {name: number for number, name in enumerate(names)}
