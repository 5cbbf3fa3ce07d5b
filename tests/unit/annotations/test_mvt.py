import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import shape

from cytoloop.annotations.mvt import TileLayer, encode_lines, encode_points, encode_polygons

LAYER = TileLayer("objects", 100, 200, 512)


def encoded(polygons: list[shapely.Polygon], layer: TileLayer = LAYER, **properties: list) -> bytes:
    _, coordinates, (rings, offsets) = shapely.to_ragged_array(polygons)
    ids = np.arange(len(polygons)) + 1
    return encode_polygons(
        layer, coordinates, np.asarray(rings, np.int64), np.asarray(offsets, np.int64), ids, properties
    )


def decoded(tile: bytes) -> dict:
    return mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True})


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 400), st.integers(4, 60), st.booleans(), st.booleans()),
        min_size=1,
        max_size=12,
    )
)
def test_polygons_with_and_without_holes_come_back(rows: list[tuple[int, int, int, bool, bool]]) -> None:
    made = []
    for x, y, size, hole, reverse in rows:
        box = shapely.box(100 + x, 200 + y, 100 + x + size, 200 + y + size)
        inner = box.buffer(-size / 4, join_style="mitre")
        ring = list(box.exterior.coords)
        made.append(shapely.Polygon(ring[::-1] if reverse else ring, [inner.exterior.coords] if hole else []))
    features = decoded(encoded(made, term=[row[2] for row in rows]))["objects"]["features"]
    assert [one["id"] for one in features] == list(range(1, len(made) + 1))
    for polygon, feature, row in zip(made, features, rows, strict=True):
        back = shapely.transform(shape(feature["geometry"]), lambda xy: xy / 8 + [100, 200])
        assert back.symmetric_difference(polygon).area <= 1e-9 + 0.13 * polygon.length
        assert feature["properties"]["term"] == row[2]


def test_outer_rings_are_clockwise_on_screen_as_the_specification_asks() -> None:
    feature = decoded(encoded([shapely.box(110, 210, 150, 250)], kind=[2]))["objects"]["features"][0]
    ring = np.array(feature["geometry"]["coordinates"][0])
    x, y = ring[:, 0], ring[:, 1]
    assert np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) > 0


def test_polygons_smaller_than_a_unit_are_left_out_and_the_others_stay() -> None:
    tiny = shapely.box(120, 220, 120.01, 220.01)
    tile = encoded([tiny, shapely.box(110, 210, 150, 250), tiny], kind=[1, 2, 3])
    features = decoded(tile)["objects"]["features"]
    assert [(one["id"], one["properties"]["kind"]) for one in features] == [(2, 2)]


def test_nothing_is_an_empty_tile() -> None:
    assert encoded([shapely.box(1, 1, 1.001, 1.001)], kind=[1]) == b""
    assert encode_points(LAYER, np.empty((0, 2)), [], {}) == b""


def test_points_and_lines_come_back_with_their_properties() -> None:
    tile = encode_points(
        LAYER, np.array([[101.0, 201.0], [600, 700]]), [7, 8], {"name": ["a", "b"], "score": [0.5, -1.0]}
    )
    features = decoded(tile)["objects"]["features"]
    assert [one["geometry"]["coordinates"] for one in features] == [[8, 8], [4000, 4000]]
    assert [one["properties"] for one in features] == [{"name": "a", "score": 0.5}, {"name": "b", "score": -1.0}]
    lines = [shapely.LineString([(100, 200), (110, 200), (110, 230)]), shapely.LineString([(150, 250), (100, 200)])]
    _, coordinates, (offsets,) = shapely.to_ragged_array(lines)
    tile = encode_lines(LAYER, coordinates, np.asarray(offsets, np.int64), [1, 2], {"n": [-5, 5]})
    features = decoded(tile)["objects"]["features"]
    assert features[0]["geometry"]["coordinates"] == [[0, 0], [80, 0], [80, 240]]
    assert [one["properties"]["n"] for one in features] == [-5, 5]


@pytest.mark.parametrize("ids", [[2**40, 2**52]])
def test_large_ids_survive(ids: list[int]) -> None:
    tile = encode_points(LAYER, np.array([[101.0, 201.0], [102, 202]]), ids, {"a": [1, 2]})
    assert [one["id"] for one in decoded(tile)["objects"]["features"]] == ids
