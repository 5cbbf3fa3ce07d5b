import itertools

import mapbox_vector_tile
import numpy as np
import pytest
import shapely

from cytoloop.annotations import vectortiles
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import ChangeSet, Edit, NewAnnotation, Status
from cytoloop.annotations.tileaddress import TileAddress, tile_tag
from cytoloop.annotations.vectortiles import display_tile
from cytoloop.core.geometry import Plane

from .conftest import Desk


def read(desk: Desk, zoom: int, x: int = 0, y: int = 0, plane: Plane = Plane()) -> dict:  # noqa: B008
    with desk.database.read() as c:
        tile = display_tile(c, desk.layer.id, TileAddress(zoom, x, y), plane)
    assert tile.media_type == vectortiles.MEDIA_TYPE
    return mapbox_vector_tile.decode(tile.content) if tile.content else {}


def tag(desk: Desk, zoom: int, x: int, y: int) -> str:
    with desk.database.read() as c:
        return tile_tag(c, desk.layer.id, TileAddress(zoom, x, y))


def test_a_tile_shows_the_objects_of_its_plane_with_class_score_and_state(desk: Desk) -> None:
    polygon = NewAnnotation(shapely.box(10, 10, 60, 60), Kind.POLYGON, term_id=4, score=0.5, status=Status.PREDICTED)
    elsewhere = NewAnnotation(shapely.box(10, 10, 60, 60), Kind.POLYGON, z=1)
    point = NewAnnotation(shapely.Point(100, 100), Kind.POINT)
    line = NewAnnotation(shapely.LineString([(1, 1), (90, 90)]), Kind.LINE)
    ids = desk.change(ChangeSet("Draw", creates=[polygon, elsewhere, point, line])).created_ids
    tile = read(desk, 0)
    (feature,) = tile["objects"]["features"]
    assert feature["id"] == ids[0]
    assert feature["properties"] == {"term": 4, "score": 0.5, "status": 1, "kind": 2, "suggested": 0}
    assert [one["id"] for one in tile["points"]["features"]] == [ids[2]]
    assert [one["id"] for one in tile["lines"]["features"]] == [ids[3]]
    assert [one["id"] for one in read(desk, 0, plane=Plane(z=1))["objects"]["features"]] == [ids[1]]
    assert read(desk, 0, 5, 5) == {}


def test_crowded_tiles_carry_clusters_that_count_every_object_of_each_class(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    places = rng.uniform(10, 3000, (600, 2))
    states = [Status.PREDICTED if i % 4 == 0 else Status.ACCEPTED for i in range(600)]
    creates = [
        NewAnnotation(shapely.Point(x, y).buffer(5), Kind.POLYGON, term_id=1 + int(x < 1500), status=state)
        for (x, y), state in zip(places, states, strict=True)
    ]
    rejected = NewAnnotation(shapely.Point(9, 9).buffer(5), Kind.POLYGON, status=Status.REJECTED)
    desk.change(ChangeSet("Draw", creates=[*creates, rejected]))
    monkeypatch.setattr(vectortiles, "MAX_OUTLINES", 100)
    found = [one["properties"] for one in read(desk, 3)["clusters"]["features"]]
    for term, state in itertools.product((1, 2), (Status.ACCEPTED, Status.PREDICTED)):
        count = sum(one["count"] for one in found if (one["term"], one["status"]) == (term, state))
        assert count == sum((one.term_id, one.status) == (term, state) for one in creates)
    assert sum(one["count"] for one in found) == 600


def test_only_touched_tiles_get_a_new_tag(desk: Desk) -> None:
    (key,) = desk.change(
        ChangeSet("Draw", creates=[NewAnnotation(shapely.box(10, 10, 60, 60), Kind.POLYGON)])
    ).created_ids
    near, far = tag(desk, 0, 0, 0), tag(desk, 0, 9, 9)
    desk.change(ChangeSet("Class", edits=[Edit(key, 1, {"term_id": 2})]))
    assert tag(desk, 0, 0, 0) != near
    assert tag(desk, 0, 9, 9) == far


def test_an_object_over_very_many_tiles_changes_all_tags(desk: Desk) -> None:
    before = tag(desk, 0, 300, 300)
    desk.change(ChangeSet("Draw", creates=[NewAnnotation(shapely.box(0, 0, 1e5, 1e5), Kind.POLYGON)]))
    assert tag(desk, 0, 300, 300) != before


def test_simplified_outlines_stay_within_half_a_screen_pixel(desk: Desk) -> None:
    circle = shapely.Point(4000, 4000).buffer(900, quad_segs=200)
    desk.change(ChangeSet("Draw", creates=[NewAnnotation(circle, Kind.POLYGON)]))
    feature = read(desk, 4)["objects"]["features"][0]
    ring = np.array(feature["geometry"]["coordinates"][0]) * [2, -2] + [0, 8192]
    assert len(ring) < 200
    assert shapely.Polygon(ring).hausdorff_distance(circle) <= 8 + 2
