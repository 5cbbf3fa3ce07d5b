"""A table of objects, one row each, their outlines as well-known text (WKT) in px."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cytoloop.annotations.geometry import MAX_VERTICES, kind_of
from cytoloop.annotations.model import Status
from cytoloop.core.errors import InvalidGeometryError, InvalidInputError

from .limits import text_bytes
from .model import ExchangeImage, ExchangeObject, ExchangeTerm, ReadObjects
from .naming import (
    color_hex,
    kind_named,
    number_or_none,
    plane_number,
    share_or_none,
    status_named,
    whole_or_none,
)

ENDING = ".csv"
COLUMNS = (
    "id",
    "class",
    "color",
    "kind",
    "status",
    "score",
    "z",
    "t",
    "x",
    "y",
    "area",
    "x0",
    "y0",
    "x1",
    "y1",
    "parent_id",
    "wkt",
    "term_score",
)
_WKT_NAMES = ("wkt", "geometry", "geom", "the_geom")
_TYPES = {"Point", "LineString", "Polygon", "MultiPolygon"}
_FIELD_BYTES = 2**27
_FORMULA = re.compile(r"^[=+\-@\t\r]")


def write(objects: Sequence[ExchangeObject], image: ExchangeImage, path: Path) -> None:
    """Write the table. Geometry is exact; centre, area and box are for people and spreadsheets."""
    del image  # the table says nothing of it
    geometries = np.empty(len(objects), dtype=object)
    geometries[:] = [one.geometry for one in objects]
    centers = shapely.get_coordinates(shapely.centroid(geometries))
    areas, boxes = shapely.area(geometries), shapely.bounds(geometries).reshape(-1, 4)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number, one in enumerate(objects):
            term = one.term or ExchangeTerm("")
            writer.writerow(
                [
                    _shown(one.id),
                    defused(term.name),
                    term.color or "",
                    one.kind.name.lower(),
                    one.status.name.lower(),
                    _shown(one.score),
                    one.z,
                    one.t,
                    *centers[number].tolist(),
                    float(areas[number]),
                    *boxes[number].tolist(),
                    _shown(one.parent_id),
                    exact_wkt(one.geometry),
                    _shown(one.term_score),
                ]
            )


def exact_wkt(geometry: BaseGeometry) -> str:
    """Well-known text whose numbers read back the same to the last bit; that of GEOS has 16 digits."""
    name = geometry.geom_type.upper()
    match geometry:
        case shapely.Polygon():
            return f"{name} {_rings(geometry)}"
        case shapely.MultiPolygon():
            return f"{name} ({', '.join(_rings(part) for part in geometry.geoms)})"
        case _:
            return f"{name} {_positions(geometry)}"


def _rings(polygon: shapely.Polygon) -> str:
    return f"({', '.join(_positions(ring) for ring in (polygon.exterior, *polygon.interiors))})"


def _positions(line: BaseGeometry) -> str:
    return f"({', '.join(f'{x!r} {y!r}' for x, y in shapely.get_coordinates(line).tolist())})"


def _shown(value: float | None) -> str:
    return "" if value is None else repr(value)


def defused(name: str) -> str:
    """A class name that no spreadsheet takes for a formula; read back without the mark."""
    return f"'{name}" if _FORMULA.match(name) or name.startswith("'") else name


def read(path: Path) -> ReadObjects:
    """Read a table with a WKT column (wkt, geometry or geom); the other columns may be missing."""
    try:
        text = text_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{path.name} is no UTF-8 text. Save the table as CSV (UTF-8).") from error
    header = text[: text.find("\n")] if "\n" in text else text
    csv.field_size_limit(_FIELD_BYTES)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(header))
    names = {name.strip().lower(): name for name in reader.fieldnames or () if name}
    column = next((names[name] for name in _WKT_NAMES if name in names), None)
    if column is None:
        raise InvalidInputError(
            f"{path.name} has no column of outlines. Give one named wkt, such as POLYGON ((0 0, 9 0, 9 9, 0 0))."
        )
    objects: list[ExchangeObject] = []
    try:
        for row in reader:
            values = {key: (row.get(name) or "").strip() for key, name in names.items()}
            where = f"Row {reader.line_num} of {path.name}"
            objects.append(_object(values, (row.get(column) or "").strip(), where))
    except csv.Error as error:
        raise InvalidInputError(
            f"{path.name} is no CSV table (row {reader.line_num}: {error}). Export it again."
        ) from error
    return ReadObjects(objects)


def _delimiter(header: str) -> str:
    return max((",", ";", "\t"), key=header.count)


def _object(values: Mapping[str, str], wkt: str, where: str) -> ExchangeObject:
    try:
        geometry = shapely.from_wkt(wkt)
    except shapely.errors.ShapelyError as error:
        raise InvalidGeometryError(
            f"{where} has no readable outline ({str(error)[:120]}). It must be WKT, such as POINT (10 20)."
        ) from error
    if geometry.geom_type not in _TYPES or geometry.is_empty:
        raise InvalidGeometryError(
            f"{where} holds {wkt[:40]!r}; use POINT, LINESTRING, POLYGON or MULTIPOLYGON with coordinates."
        )
    coordinates = shapely.get_coordinates(geometry)
    if not np.isfinite(coordinates).all() or len(coordinates) > MAX_VERTICES:
        raise InvalidGeometryError(
            f"{where} has a coordinate that is not finite, or more than {MAX_VERTICES:,} vertices."
        )
    geometry = shapely.force_2d(geometry)
    name = values.get("class") or values.get("term") or values.get("label") or ""
    name = name.removeprefix("'")
    kind = values.get("kind")
    return ExchangeObject(
        geometry=geometry,
        kind=kind_named(kind, geometry) if kind else kind_of(geometry),
        term=ExchangeTerm(name, color_hex(values.get("color"))) if name else None,
        status=status_named(values.get("status"), Status.ACCEPTED),
        score=number_or_none(values.get("score")),
        term_score=share_or_none(values.get("term_score")),
        z=plane_number(values.get("z")),
        t=plane_number(values.get("t")),
        id=whole_or_none(values.get("id")),
        parent_id=whole_or_none(values.get("parent_id")),
    )
