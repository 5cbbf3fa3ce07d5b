"""Where the objects of annotation files lie: the questions of ``spatial``, without a server or database."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from cytoloop.annotations.model import Status
from cytoloop.core.errors import InvalidInputError
from cytoloop.exchange.formats import read_objects
from cytoloop.exchange.model import ExchangeImage, ExchangeObject
from cytoloop.images.registry import open_image
from cytoloop.measurements.spatial import RegionTable, nearest_distances, region_table

from .questions import Scale

NO_CLASS = ""
"""The name of objects without a class, in tables and as a wish."""


@dataclass(frozen=True, slots=True)
class ObjectsOfFile:
    """Objects of one plane, rejected ones left out; ``scale`` says what a pixel measures.

    ``ids`` are their numbers: their places in the file, from 1, where the file gives none.
    """

    name: str
    ids: tuple[int, ...]
    objects: tuple[ExchangeObject, ...]
    scale: Scale

    @property
    def classes(self) -> list[str]:
        """The class of each, ``NO_CLASS`` without one."""
        return [NO_CLASS if one.term is None else one.term.name for one in self.objects]

    def centres(self) -> NDArray[np.float64]:
        """Centroids ``(n, 2)``, x and y in the scale's unit."""
        points = shapely.centroid(np.array([one.geometry for one in self.objects], dtype=object))
        return shapely.get_coordinates(points).reshape(-1, 2) * (self.scale.width, self.scale.height)

    def areas(self) -> NDArray[np.float64]:
        """Areas ``(n,)`` in the square of the scale's unit."""
        found = shapely.area(np.array([one.geometry for one in self.objects], dtype=object))
        return np.asarray(found, np.float64).reshape(-1) * (self.scale.width * self.scale.height)

    def of_class(self, name: str | None) -> "ObjectsOfFile":
        """Those of one class; all for ``None``. A class that no object has is an error that lists those there are."""
        if name is None:
            return self
        rows = [row for row, found in enumerate(self.classes) if found == name]
        if not rows:
            there = ", ".join(repr(one) for one in sorted(set(self.classes)) if one != NO_CLASS) or "none"
            raise InvalidInputError(f"No object of {self.name} has the class {name!r}. Classes in it: {there}.")
        return ObjectsOfFile(
            self.name, tuple(self.ids[row] for row in rows), tuple(self.objects[row] for row in rows), self.scale
        )


@dataclass(frozen=True, slots=True)
class Plate:
    """The image that files of objects belong to, and the plane that is asked about."""

    image: ExchangeImage
    scale: Scale
    z: int = 0
    t: int = 0

    def objects_in(self, path: Path) -> ObjectsOfFile:
        """The objects of a file on the plane."""
        found = read_objects(path, self.image).objects
        kept = [
            (place if one.id is None else one.id, one)
            for place, one in enumerate(found, start=1)
            if one.status != Status.REJECTED and (one.z, one.t) == (self.z, self.t)
        ]
        return ObjectsOfFile(path.name, tuple(key for key, _ in kept), tuple(one for _, one in kept), self.scale)


def plate_of(path: Path, pixel_um: float | None = None, z: int = 0, t: int = 0) -> Plate:
    """The image at ``path``; ``pixel_um`` is the side of its pixels where the file does not say or is wrong."""
    source = open_image(path)
    try:
        info = source.info()
    finally:
        source.close()
    if z >= info.size_z or t >= info.size_t:
        raise InvalidInputError(
            f"{path.name} has {info.size_z} slices and {info.size_t} time points; slice {z}, time point {t} "
            "(from 0) is none of them."
        )
    width, height = (pixel_um, pixel_um) if pixel_um else (info.pixel_width_um, info.pixel_height_um)
    scale = Scale(width, height, "um") if width and height else Scale(1.0, 1.0, "px")
    image = ExchangeImage(path.name, info.width, info.height, info.size_z, info.size_t, width, height)
    return Plate(image, scale, z, t)


@dataclass(frozen=True, slots=True)
class CountedRegions:
    """Objects by region and class: ``table`` has a row for each of ``regions`` and a column for each of ``classes``."""

    regions: tuple[str, ...]
    classes: tuple[str, ...]
    table: RegionTable
    scale: Scale

    def rows(self) -> tuple[list[str], list[list[object]]]:
        """A header, and a row for each region and class."""
        unit, per = self.scale.unit, self.scale.density_unit
        header = ["region", f"region area [{unit}^2]", "class", "count", f"object area [{unit}^2]", "area ratio"]
        found = self.table
        densities = found.densities * self.scale.density_area
        rows: list[list[object]] = []
        for row, name in enumerate(self.regions):
            for column, kind in enumerate(self.classes):
                values = [one[row, column].item() for one in (found.counts, found.areas, found.area_ratios, densities)]
                rows.append([name, float(found.region_areas[row]), kind, *values])
        return [*header, f"density [{per}]"], rows


def count_in_regions(objects: ObjectsOfFile, regions: ObjectsOfFile) -> CountedRegions:
    """Objects by region and class; an object belongs where its centre lies. Regions must be areas."""
    areas = [one for one in zip(regions.ids, regions.classes, regions.objects, strict=True) if _is_area(one[2])]
    if not areas:
        raise InvalidInputError(f"{regions.name} holds no area. Regions are polygons, rectangles or ellipses.")
    names = sorted(set(objects.classes))
    numbers = {name: number for number, name in enumerate(names)}
    codes = np.array([numbers[one] for one in objects.classes], np.int64)
    table = region_table(
        objects.centres(), codes, objects.areas(), [objects.scale.of(one.geometry) for _, _, one in areas]
    )
    titles = tuple(f"{kind or 'Region'} {key}" for key, kind, _ in areas)
    return CountedRegions(titles, tuple(names), table, objects.scale)


def _is_area(one: ExchangeObject) -> bool:
    return shapely.get_dimensions(one.geometry) == 2 and not one.geometry.is_empty


def distances_between(
    origins: ObjectsOfFile, targets: ObjectsOfFile, shared: Sequence[ExchangeObject]
) -> NDArray[np.float64]:
    """From each origin to the nearest target that is not itself, ``(n,)``; NaN where there is none.

    ``shared`` are the objects that both were chosen from, empty if they are of two files.
    """
    centres = targets.centres()
    found = nearest_distances(origins.centres(), centres)
    if not shared:
        return found
    places = {id(one): place for place, one in enumerate(targets.objects)}
    among = nearest_distances(centres, centres, same=True)
    for row, one in enumerate(origins.objects):
        if (place := places.get(id(one))) is not None:
            found[row] = among[place]
    return found
