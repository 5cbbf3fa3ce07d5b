import pytest
import shapely
from sqlalchemy import select

from cytoloop.annotations import layers, store
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import ChangeSet, Edit, NewAnnotation, Removal
from cytoloop.annotations.windows import in_cells
from cytoloop.core.errors import InvalidInputError, NotFoundError, StaleVersionError
from cytoloop.core.geometry import Box
from cytoloop.storage.database import metadata

from .conftest import Desk

SQUARE = shapely.box(10, 10, 30, 30)
FAR = shapely.box(5000, 5000, 5040, 5010)


def new(geometry: shapely.Geometry, **fields: object) -> NewAnnotation:
    return NewAnnotation(geometry, Kind.POLYGON, **fields)


def test_objects_come_back_exactly_with_ids_in_order(desk: Desk) -> None:
    odd = shapely.Polygon([(0.1, 0.2), (3.3333333333333335, 0), (1e-9, 7.25)])
    applied = desk.change(ChangeSet("Draw", creates=[new(FAR, score=0.25, term_id=9), new(odd, z=3, t=2)]))
    with desk.database.read() as c:
        first, second = (store.annotation_by_id(c, one) for one in applied.created_ids)
    assert first.geometry.equals_exact(FAR, 0)
    assert (first.score, first.term_id, first.area) == (0.25, 9, 400)
    assert second.geometry.wkb == odd.wkb
    assert (second.z, second.t, second.version) == (3, 2, 1)


def test_a_window_finds_what_touches_it_and_nothing_else(desk: Desk) -> None:
    huge = shapely.box(0, 0, 9000, 9000)
    ids = desk.change(ChangeSet("Draw", creates=[new(SQUARE), new(FAR), new(huge)])).created_ids
    with desk.database.read() as c:
        query = store.select_objects(c, desk.layer.id, window=Box(4990, 4990, 5001, 5001))
        found = store.annotations_page(c, query, after_id=0, limit=10)
    assert [one.id for one in found] == [ids[1], ids[2]]


def test_pages_follow_each_other_without_gaps(desk: Desk) -> None:
    ids = desk.change(ChangeSet("Draw", creates=[new(SQUARE)] * 25)).created_ids
    seen: list[int] = []
    with desk.database.read() as c:
        query = store.select_objects(c, desk.layer.id)
        while page := store.annotations_page(c, query, after_id=seen[-1] if seen else 0, limit=7):
            seen += [one.id for one in page]
    assert seen == ids


def test_a_stale_edit_changes_nothing_at_all(desk: Desk) -> None:
    first, second = desk.change(ChangeSet("Draw", creates=[new(SQUARE), new(FAR)])).created_ids
    desk.change(ChangeSet("Move", edits=[Edit(first, 1, {"geometry": FAR})]))
    with pytest.raises(StaleVersionError) as caught:
        desk.change(
            ChangeSet(
                "Both", creates=[new(SQUARE)], edits=[Edit(second, 1, {"term_id": 4}), Edit(first, 1, {"term_id": 4})]
            )
        )
    assert caught.value.details["stale"] == [first]
    with desk.database.read() as c:
        assert store.count_objects(c, store.select_objects(c, desk.layer.id)) == 2
        assert store.annotation_by_id(c, second).term_id is None


def test_edits_raise_the_version_and_keep_what_they_do_not_name(desk: Desk) -> None:
    (key,) = desk.change(ChangeSet("Draw", creates=[new(SQUARE, term_id=5, score=0.5)])).created_ids
    applied = desk.change(ChangeSet("Move", edits=[Edit(key, 1, {"geometry": FAR})]))
    assert applied.versions == {key: 2}
    assert applied.box == Box(10, 10, 5040, 5010)
    with desk.database.read() as c:
        one = store.annotation_by_id(c, key)
    assert (one.term_id, one.score, one.version, one.box) == (5, 0.5, 2, Box(5000, 5000, 5040, 5010))


def test_counts_per_class_follow_every_change(desk: Desk) -> None:
    ids = desk.change(ChangeSet("Draw", creates=[new(SQUARE, term_id=1), new(FAR, term_id=1), new(FAR)])).created_ids
    desk.change(ChangeSet("Class", edits=[Edit(ids[0], 1, {"term_id": 2}), Edit(ids[2], 1, {"term_id": 2})]))
    desk.change(ChangeSet("Delete", removals=[Removal(ids[1], 1)]))
    with desk.database.read() as c:
        assert layers.term_counts(c, [desk.layer.id]) == {desk.layer.id: {2: 2}}


def test_an_object_may_not_appear_twice_in_one_change(desk: Desk) -> None:
    (key,) = desk.change(ChangeSet("Draw", creates=[new(SQUARE)])).created_ids
    with pytest.raises(InvalidInputError, match="twice"):
        desk.change(ChangeSet("Odd", edits=[Edit(key, 1, {"term_id": 1})], removals=[Removal(key, 1)]))


def test_clearing_a_class_leaves_the_objects_without_it(desk: Desk) -> None:
    ids = desk.change(ChangeSet("Draw", creates=[new(SQUARE, term_id=1), new(FAR, term_id=2)])).created_ids
    desk.database.write(lambda c: store.clear_term(c, 1, [desk.layer]))
    with desk.database.read() as c:
        assert layers.term_counts(c, [desk.layer.id]) == {desk.layer.id: {None: 1, 2: 1}}
        assert store.annotation_by_id(c, ids[0]).term_id is None


def test_a_deleted_layer_takes_its_objects_along(desk: Desk) -> None:
    (key,) = desk.change(ChangeSet("Draw", creates=[new(SQUARE)])).created_ids
    desk.database.write(lambda c: layers.delete_layer(c, desk.layer.id))
    with desk.database.read() as c, pytest.raises(NotFoundError):
        store.annotation_by_id(c, key)


@pytest.mark.parametrize("table", ["annotation", "stat", "point_block"])
def test_a_window_is_searched_by_its_cells_and_not_row_by_row(desk: Desk, table: str) -> None:
    boxes = [shapely.box(x, y, x + 5, y + 5) for x in range(0, 9000, 700) for y in range(0, 9000, 700)]
    desk.change(ChangeSet("Draw", creates=[NewAnnotation(one, Kind.POLYGON) for one in boxes]))
    with desk.database.read() as c:
        if c.dialect.name != "sqlite":
            pytest.skip("PostgreSQL chooses by its statistics")
        here = in_cells(metadata.tables[table], desk.layer.id, Box(3000, 3000, 4000, 4000), [0, 1])
        query = select(metadata.tables[table]).where(here)
        if table == "annotation":
            query = store.select_objects(c, desk.layer.id, window=Box(3000, 3000, 4000, 4000), z=0, t=0)
        text = query.compile(c, compile_kwargs={"literal_binds": True})
        plan = [row[3] for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    searches = [one for one in plan if one.startswith("SEARCH")]
    assert len(searches) == 1
    assert "layer_id=? AND cell=?" in searches[0], plan
