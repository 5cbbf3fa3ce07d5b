import math

import pytest
import shapely

from cytoloop.annotations.geometry import (
    MAX_VERTICES,
    Extent,
    check_geometries,
    parse_geojson,
    to_geojson,
)
from cytoloop.core.errors import InvalidGeometryError, TooLargeError

HOLE = {
    "type": "Polygon",
    "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]], [[2, 2], [2, 4], [4, 4], [2, 2]]],
}
VALID = [
    {"type": "Point", "coordinates": [1.25, 2.5]},
    {"type": "LineString", "coordinates": [[0, 0], [1, 7.125]]},
    HOLE,
    {"type": "MultiPolygon", "coordinates": [HOLE["coordinates"], [[[20, 20], [25, 20], [25, 25], [20, 20]]]]},
]


@pytest.mark.parametrize("geometry", VALID, ids=lambda one: one["type"])
def test_geometry_comes_back_as_it_was_drawn(geometry: dict) -> None:
    assert to_geojson(parse_geojson(geometry, "It")) == geometry


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        ({"type": "Point", "coordinates": [math.nan, 1]}, "finite"),
        ({"type": "Point", "coordinates": [math.inf, 1]}, "finite"),
        ({"type": "Circle", "coordinates": [1, 1]}, "Circle"),
        ({"type": "Polygon", "coordinates": []}, "outer ring"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}, "Polygon"),
        ({"type": "Polygon", "coordinates": "abc"}, "Polygon"),
        ({"type": "LineString", "coordinates": [[0, 0]]}, "LineString"),
        ({"type": "MultiPolygon", "coordinates": []}, "empty"),
        ({"type": "Point"}, "Point"),
        ({}, "use Point"),
    ],
)
def test_what_is_no_geometry_is_refused_with_the_reason(geometry: dict, reason: str) -> None:
    with pytest.raises(InvalidGeometryError, match=reason):
        parse_geojson(geometry, "It")


def test_too_many_vertices_are_refused() -> None:
    line = {"type": "LineString", "coordinates": [[i, 0] for i in range(MAX_VERTICES + 1)]}
    with pytest.raises(TooLargeError, match="Simplify"):
        parse_geojson(line, "It")


def test_a_shape_that_crosses_itself_is_refused_and_named() -> None:
    bow_tie = shapely.Polygon([(0, 0), (5, 5), (5, 0), (0, 5)])
    with pytest.raises(InvalidGeometryError, match="Object 1 is not a valid shape") as caught:
        check_geometries([shapely.Point(1, 1), bow_tie], Extent(10, 10))
    assert caught.value.details["index"] == 1


def test_a_shape_outside_the_image_is_refused_but_its_border_is_not() -> None:
    check_geometries([shapely.box(0, 0, 10, 8)], Extent(10, 8))
    with pytest.raises(InvalidGeometryError, match="outside the image"):
        check_geometries([shapely.box(0, 0, 12, 8)], Extent(10, 8))
