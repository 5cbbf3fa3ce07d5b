"""Geometry as people and programs hand it in: GeoJSON checked and turned into shapely, and back.

Geometry is stored as drawn. It is refused, never repaired in silence, when it has no finite
coordinates, crosses itself, is empty, or lies outside the image.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from cytoloop.core.errors import InvalidGeometryError, TooLargeError

MAX_VERTICES = 200_000
"""Vertices of one object: more is a mistake (a mask sent as a contour), and would stall every reader."""
OUTSIDE_TOLERANCE_PX = 1.0
"""Tools that place vertices at pixel centres or edges may be off by this much at the border."""


class Kind(IntEnum):
    """How an object was drawn. Rectangles and ellipses are polygons, arrows and angles lines that remember it."""

    POINT = 0
    LINE = 1
    POLYGON = 2
    MULTIPOLYGON = 3
    RECTANGLE = 4
    ELLIPSE = 5
    ARROW = 6
    ANGLE = 7


LINES = (Kind.LINE, Kind.ARROW, Kind.ANGLE)
"""Kinds whose geometry is a LineString."""
ANGLE_VERTICES = 3
"""An end, the apex and the other end."""


_KIND_OF_TYPE = {
    "Point": Kind.POINT,
    "LineString": Kind.LINE,
    "Polygon": Kind.POLYGON,
    "MultiPolygon": Kind.MULTIPOLYGON,
}


def kind_of(geometry: BaseGeometry) -> Kind:
    """The kind that a geometry has when nobody says more."""
    return _KIND_OF_TYPE[geometry.geom_type]


def kind_fits(kind: Kind, geometry: BaseGeometry) -> bool:
    """Whether an object of this kind can have this geometry."""
    natural = kind_of(geometry)
    match kind:
        case Kind.RECTANGLE | Kind.ELLIPSE:
            return natural is Kind.POLYGON
        case Kind.ARROW:
            return natural is Kind.LINE
        case Kind.ANGLE:
            return natural is Kind.LINE and shapely.get_num_points(geometry) == ANGLE_VERTICES
        case _:
            return natural is kind


def parse_geojson(geometry: Mapping[str, Any], where: str) -> BaseGeometry:
    """A GeoJSON geometry as shapely.

    Parameters
    ----------
    geometry
        Point, LineString, Polygon or MultiPolygon; coordinates in px.
    where
        Names the object in the error, such as ``"Object 3"``.

    Raises
    ------
    InvalidGeometryError
        Another type, malformed coordinates, NaN or infinity, or nothing in it.
    """
    kind = geometry.get("type")
    if kind not in _KIND_OF_TYPE:
        raise InvalidGeometryError(f"{where} is a {str(kind)[:40]!r}; use Point, LineString, Polygon or MultiPolygon.")
    try:
        parsed = _build(str(kind), geometry.get("coordinates"))
    except TooLargeError:
        raise
    except (TypeError, ValueError, IndexError, shapely.errors.ShapelyError) as error:
        raise InvalidGeometryError(f"{where} has coordinates that are no {kind}: {str(error)[:200]}.") from error
    if parsed.is_empty:
        raise InvalidGeometryError(f"{where} is empty: it has no coordinates.")
    return parsed


def _build(kind: str, coordinates: Any) -> BaseGeometry:
    if kind == "Point":
        return shapely.Point(_positions([coordinates])[0])
    if kind == "LineString":
        return shapely.LineString(_positions(coordinates))
    if kind == "Polygon":
        return _polygon(coordinates)
    return shapely.MultiPolygon([_polygon(rings) for rings in coordinates])


def _polygon(rings: Any) -> shapely.Polygon:
    if not rings:
        raise ValueError("a polygon needs an outer ring")
    parts = [shapely.LinearRing(_positions(ring)) for ring in rings]
    return shapely.Polygon(parts[0], parts[1:])


def _positions(values: Any) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] < 2:
        raise ValueError("a position is a pair of numbers")
    if len(array) > MAX_VERTICES:
        raise TooLargeError(
            f"An object has {len(array):,} vertices; at most {MAX_VERTICES:,} are allowed. Simplify it."
        )
    if not np.isfinite(array).all():
        raise ValueError("a coordinate is not a finite number")
    return array[:, :2]


@dataclass(frozen=True, slots=True)
class Extent:
    """The size of an image (px), which objects must stay inside."""

    width: int
    height: int


def check_geometries(geometries: Sequence[BaseGeometry], extent: Extent | None) -> None:
    """Raise ``InvalidGeometryError`` naming the first object that is not valid or not on the image."""
    if not geometries:
        return
    array = cast("NDArray[np.object_]", np.asarray(geometries, dtype=object))
    valid = shapely.is_valid(array)
    if not valid.all():
        index = int(np.flatnonzero(~valid)[0])
        raise InvalidGeometryError(
            f"Object {index} is not a valid shape: {explain_validity(geometries[index])}. "
            "Draw it without crossing itself, or make it valid first.",
            index=index,
        )
    if extent is not None:
        outside = outside_image(shapely.bounds(array), extent)
        if outside.any():
            index = int(np.flatnonzero(outside)[0])
            raise InvalidGeometryError(
                f"Object {index} reaches outside the image ({extent.width} x {extent.height} px): its box is "
                f"{[round(float(v), 1) for v in geometries[index].bounds]}. Clip it to the image.",
                index=index,
            )


def outside_image(bounds: NDArray[np.float64], extent: Extent) -> NDArray[np.bool_]:
    """Which boxes ``(n, 4)`` reach outside the image, ``(n,) bool``."""
    low, width, height = -OUTSIDE_TOLERANCE_PX, extent.width, extent.height
    return (
        (bounds[:, 0] < low)
        | (bounds[:, 1] < low)
        | (bounds[:, 2] > width + OUTSIDE_TOLERANCE_PX)
        | (bounds[:, 3] > height + OUTSIDE_TOLERANCE_PX)
    )


def to_geojson(geometry: BaseGeometry) -> dict[str, Any]:
    """A shapely geometry as GeoJSON, every coordinate as stored."""
    return {
        "type": geometry.geom_type,
        "coordinates": _coordinates(geometry),
    }


def _coordinates(geometry: BaseGeometry) -> list[Any]:
    match geometry:
        case shapely.Point():
            return [geometry.x, geometry.y]
        case shapely.LineString():
            return _list(geometry)
        case shapely.Polygon():
            return [
                _list(geometry.exterior),
                *(_list(ring) for ring in geometry.interiors),
            ]
        case shapely.MultiPolygon():
            return [_coordinates(part) for part in geometry.geoms]
        case _:
            raise InvalidGeometryError(f"A {geometry.geom_type} cannot be an annotation.")


def _list(line: BaseGeometry) -> list[list[float]]:
    return cast("list[list[float]]", shapely.get_coordinates(line).tolist())
