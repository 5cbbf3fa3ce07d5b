import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cytoloop.annotations import layers, store
from cytoloop.annotations.bulk import SetTerm, apply_bulk
from cytoloop.annotations.filters import ObjectFilter
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.history import redo, undo
from cytoloop.annotations.model import ChangeSet, Edit, NewAnnotation, Removal, Status
from cytoloop.annotations.points import count_points, read_points, read_records
from cytoloop.core.geometry import Box

from .conftest import Desk


def disc(x: float, y: float, radius: float = 5, **options: object) -> NewAnnotation:
    return NewAnnotation(shapely.Point(x, y).buffer(radius), Kind.POLYGON, **options)


def packed(desk: Desk) -> list[tuple[object, ...]]:
    with desk.database.read() as c:
        points, facts = read_records(c, desk.layer.id)
        assert sorted(one.item() for one in read_points(c, desk.layer.id)) == [one.item() for one in points]
    scored = facts.copy()
    for name in ("score", "term_score"):
        scored[name] = np.nan_to_num(facts[name])
    return [(*one.item(), *other.item()) for one, other in zip(points, scored, strict=True)]


def rows(desk: Desk) -> list[tuple[object, ...]]:
    columns = ("id", "term_id", "cx", "cy", "area", "z", "t", "status")
    columns += ("kind", "version", "creator_id", "score", "term_score", "x0", "y0", "x1", "y1")
    with desk.database.read() as c:
        table = store.select_objects(c, desk.layer.id).subquery()
        found = c.execute(table.select()).mappings().all()
    return sorted(tuple(row[name] or 0 for name in columns) for row in found)


def test_blocks_say_what_the_rows_say_after_any_change(desk: Desk) -> None:
    rng = np.random.default_rng(5)
    places = rng.uniform(0, 4000, (300, 2))
    creates = [
        disc(
            x, y, 5 + 90 * (i % 7), term_id=1 + i % 3, z=i % 2, score=[None, 0.5][i % 2], term_score=[0.7, None][i % 2]
        )
        for i, (x, y) in enumerate(places)
    ]
    ids = desk.change(ChangeSet("Draw", creates=creates)).created_ids
    assert packed(desk) == rows(desk)
    desk.change(ChangeSet("Draw more", creates=[disc(x, y) for x, y in places]))
    assert packed(desk) == rows(desk)
    far = shapely.Point(9000, 9000).buffer(1500)
    edits = [Edit(ids[0], 1, {"geometry": far, "kind": Kind.POLYGON}), Edit(ids[1], 1, {"status": Status.REJECTED})]
    desk.change(ChangeSet("Edit", edits=edits, removals=[Removal(one, 1) for one in ids[10:40]]))
    assert packed(desk) == rows(desk)
    chosen = ObjectFilter(term_id=2)
    desk.database.write(lambda c: apply_bulk(c, chosen, SetTerm(9), layer=desk.layer, user_id=desk.user_id))
    assert packed(desk) == rows(desk)
    for step in (undo, undo, redo):
        desk.database.write(lambda c, step=step: step(c, image_id=desk.image_id, user_id=desk.user_id))
        assert packed(desk) == rows(desk)
    desk.database.write(lambda c: store.clear_term(c, 1, [desk.layer]))
    assert packed(desk) == rows(desk)
    assert len(packed(desk)) == 600 - 30


def test_an_emptied_and_a_deleted_layer_leave_no_blocks(desk: Desk) -> None:
    ids = desk.change(ChangeSet("Draw", creates=[disc(50, 50), disc(60, 60)])).created_ids
    desk.change(ChangeSet("Delete", removals=[Removal(one, 1) for one in ids]))
    assert packed(desk) == []
    desk.change(ChangeSet("Draw", creates=[disc(50, 50)]))
    desk.database.write(lambda c: layers.delete_layer(c, desk.layer.id))
    assert packed(desk) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(
    corner=st.tuples(st.floats(-200, 3000), st.floats(-200, 3000)),
    size=st.tuples(st.floats(1, 3000), st.floats(1, 3000)),
)
def test_a_window_gives_exactly_the_centres_in_it(
    filled: Desk, corner: tuple[float, float], size: tuple[float, float]
) -> None:
    window = Box(*corner, corner[0] + size[0], corner[1] + size[1])
    with filled.database.read() as c:
        every = read_points(c, filled.layer.id)
        found = read_points(c, filled.layer.id, window=window, z=0, t=0)
        assert count_points(c, filled.layer.id) == len(every)
    x, y = every["x"], every["y"]
    inside = (x >= window.x0) & (x <= window.x1) & (y >= window.y0) & (y <= window.y1) & (every["z"] == 0)
    assert sorted(found["id"].tolist()) == sorted(every["id"][inside].tolist())


@pytest.fixture
def filled(desk: Desk) -> Desk:
    rng = np.random.default_rng(7)
    sizes = rng.choice([3, 40, 300, 900], 400)
    places = rng.uniform(0, 3000, (400, 2))
    moon = shapely.Point(700, 700).buffer(600).difference(shapely.Point(500, 700).buffer(600))
    creates = [disc(x, y, size, z=int(size == 40)) for (x, y), size in zip(places, sizes, strict=True)]
    desk.change(ChangeSet("Draw", creates=[*creates, NewAnnotation(moon, Kind.POLYGON)]))
    return desk
