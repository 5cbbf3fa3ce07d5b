"""Questions about where objects lie: read from the packed places, answered in px or in micrometres."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import affinity
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from cytoloop.annotations.filters import ObjectFilter, matching_rows
from cytoloop.annotations.geometry import LINES, Kind
from cytoloop.annotations.model import Layer, Status
from cytoloop.annotations.points import Records, count_points, read_points
from cytoloop.annotations.tables import annotation
from cytoloop.core.errors import InvalidInputError, TooLargeError
from cytoloop.core.geometry import Plane
from cytoloop.exchange.csvfile import defused
from cytoloop.measurements.spatial import (
    DistanceSummary,
    RegionTable,
    histogram,
    nearest_distances,
    region_table,
    summarise,
)
from cytoloop.projects.images import ProjectImage

MAX_OBJECTS = 5_000_000
MAX_REGIONS = 2_000
MAX_CORNERS = 20_000


@dataclass(frozen=True, slots=True)
class Scale:
    """What a pixel measures: in micrometres where that is known, else 1 x 1 px."""

    width: float
    height: float
    unit: str

    @property
    def is_physical(self) -> bool:
        return self.unit == "um"

    @property
    def density_area(self) -> float:
        """The area in which objects are counted for a density: a square millimetre, or a million pixels."""
        return 1e6

    @property
    def density_unit(self) -> str:
        return "1/mm^2" if self.is_physical else "1/Mpx"

    def centres(self, records: Records) -> NDArray[np.float64]:
        """``(n, 2)`` in this unit."""
        return np.stack([records["x"] * self.width, records["y"] * self.height], axis=1)

    def of(self, geometry: BaseGeometry) -> BaseGeometry:
        """An outline in this unit."""
        return affinity.scale(geometry, self.width, self.height, origin=(0, 0)) if self.is_physical else geometry


def scale_of(image: ProjectImage) -> Scale:
    """The image's scale."""
    info = image.stored.info if image.stored is not None else {}
    width, height = info.get("pixel_width_um"), info.get("pixel_height_um")
    return Scale(width, height, "um") if width and height else Scale(1.0, 1.0, "px")


@dataclass(frozen=True, slots=True)
class Region:
    """An area in which objects are counted; ``id`` is the object that it is, if it is one."""

    id: int | None
    name: str
    geometry: BaseGeometry


def regions_among(connection: Connection, layer: Layer, chosen: ObjectFilter) -> list[Region]:
    """The areas among a layer's objects that a filter chooses, by id; rejected ones, lines and points are none."""
    columns = [annotation.c[name] for name in ("id", "kind", "status", "geom")]
    rows = [
        row
        for row in matching_rows(connection, layer.id, chosen, columns)
        if row["kind"] not in (Kind.POINT, *LINES) and row["status"] != Status.REJECTED
    ]
    if len(rows) > MAX_REGIONS:
        raise TooLargeError(
            f"{layer.name!r} has {len(rows):,} such areas, and a question takes {MAX_REGIONS:,} regions. "
            "Choose a class of regions, or select some of them."
        )
    return [Region(row["id"], f"{layer.name} {row['id']}", shapely.from_wkb(row["geom"])) for row in rows]


def drawn_region(text: str) -> Region:
    """A region that was drawn, as WKT in px."""
    try:
        geometry = shapely.from_wkt(text)
    except shapely.GEOSException:
        raise InvalidInputError("The region is not WKT. Send a POLYGON or MULTIPOLYGON in px of the image.") from None
    if geometry.geom_type not in {"Polygon", "MultiPolygon"} or geometry.is_empty:
        raise InvalidInputError("The region must be a POLYGON or MULTIPOLYGON with an area.")
    if shapely.get_num_coordinates(geometry) > MAX_CORNERS:
        raise TooLargeError(f"The region has more than {MAX_CORNERS:,} corners. Draw it more simply.")
    if not geometry.is_valid:
        raise InvalidInputError("The region crosses itself. Draw it again without a loop.")
    return Region(None, "Drawn region", geometry)


def _records(connection: Connection, layer: Layer, plane: Plane) -> Records:
    if count_points(connection, layer.id) > MAX_OBJECTS:
        raise TooLargeError(
            f"{layer.name!r} has more than {MAX_OBJECTS:,} objects, which is too many for one question."
        )
    records = read_points(connection, layer.id, z=plane.z, t=plane.t)
    return records[records["status"] != Status.REJECTED]


def count_in_regions(
    connection: Connection, layer: Layer, regions: Sequence[Region], plane: Plane, scale: Scale
) -> RegionTable:
    """The layer's objects of a plane by region and class; a region is not counted among the objects of itself."""
    records = _records(connection, layer, plane)
    records = records[~np.isin(records["id"], [one.id for one in regions if one.id is not None])]
    return region_table(
        scale.centres(records),
        records["term"],
        records["area"] * (scale.width * scale.height),
        [scale.of(one.geometry) for one in regions],
    )


@dataclass(frozen=True, slots=True)
class Population:
    """Objects of one class in a layer: ``term_id`` None means all, 0 those without a class."""

    layer: Layer
    term_id: int | None


@dataclass(frozen=True, slots=True)
class Distances:
    """From each origin to the nearest target, NaN where there is none; in the scale's unit."""

    ids: NDArray[np.int64]
    terms: NDArray[np.int64]
    distances: NDArray[np.float64]
    target_count: int

    def summary(self, reach: float | None) -> DistanceSummary:
        return summarise(self.distances, reach)

    def bars(self) -> tuple[list[float], list[int]]:
        """A histogram: edges and counts."""
        return histogram(self.distances)


def distances_between(
    connection: Connection, origins: Population, targets: Population, plane: Plane, scale: Scale
) -> Distances:
    """How far it is from each origin to the nearest target that is not itself."""
    first = _of_class(_records(connection, origins.layer, plane), origins.term_id)
    if origins == targets:
        centres = scale.centres(first)
        found = nearest_distances(centres, centres, same=True)
        return Distances(first["id"], first["term"], found, len(first))
    second = _of_class(_records(connection, targets.layer, plane), targets.term_id)
    found = nearest_distances(scale.centres(first), scale.centres(second))
    shared = np.isin(first["id"], second["id"])
    if shared.any():
        found[shared] = _to_others(first[shared], second, scale)
    return Distances(first["id"], first["term"], found, len(second))


def _of_class(records: Records, term_id: int | None) -> Records:
    return records if term_id is None else records[records["term"] == term_id]


def _to_others(first: Records, second: Records, scale: Scale) -> NDArray[np.float64]:
    """For objects that are among the targets too."""
    centres = scale.centres(second)
    among = nearest_distances(centres, centres, same=True)
    order = np.argsort(second["id"])
    return among[order[np.searchsorted(second["id"][order], first["id"])]]


def csv_text(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table as CSV; what is not known stays empty, and no name is taken for a formula by a spreadsheet."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(one) for one in row])
    return buffer.getvalue()


def _cell(value: object) -> object:
    match value:
        case None:
            return ""
        case str():
            return defused(value)
        case float():
            return "" if math.isnan(value) else value
        case _:
            return value
