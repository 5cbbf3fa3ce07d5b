from uuid import uuid4

import pytest
import shapely

from cytoloop.annotations import history, journal, layers, store, wholelayers
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import Applied, ChangeSet, Edit, Layer, NewAnnotation
from cytoloop.core.errors import ConflictError, NotFoundError

from .conftest import Desk

SQUARE = shapely.box(10, 10, 30, 30)
DRAW = ChangeSet("Draw", creates=[NewAnnotation(SQUARE, Kind.POLYGON)])


def run(desk: Desk, parts: int = 3) -> Layer:
    """A layer as a job leaves it: written in parts, and one step of the history."""

    def work(c: object) -> Layer:
        made = layers.create_layer(
            c, image_id=desk.image_id, name="Run", kind="run", creator_id=desk.user_id, run_id=uuid4()
        )
        for _ in range(parts):
            store.apply_change(c, DRAW, layer=made, user_id=desk.user_id, kind="run")
        for _ in range(2):  # a retried job ends twice
            wholelayers.record_layer(c, made, user_id=desk.user_id, label="Threshold on i", parts="run")
        return made

    return desk.database.write(work)


def step(desk: Desk, way: object) -> Applied:
    return desk.database.write(lambda c: way(c, image_id=desk.image_id, user_id=desk.user_id))  # type: ignore[operator]


def seen(desk: Desk) -> list[str]:
    with desk.database.read() as c:
        return [one.name for one in layers.layers_of_image(c, desk.image_id)]


def count(desk: Desk) -> int:
    with desk.database.read() as c:
        return layers.count_of_images(c, [desk.image_id]).get(desk.image_id, 0)


def test_a_run_is_one_step_which_takes_its_layer_away_and_brings_it_back(desk: Desk) -> None:
    made = run(desk)
    with desk.database.read() as c:
        (entry,) = journal.entries(c, image_id=desk.image_id, limit=10)
        assert history.history_state(c, image_id=desk.image_id, user_id=desk.user_id).undo_count == 1
    assert (entry.label, entry.objects, entry.undoable, entry.layer_uuid) == ("Threshold on i", 3, True, made.uuid)
    for _ in range(2):
        gone = step(desk, history.undo)
        assert gone.note == "Took away the layer “Run” with 3 objects. Redo brings it back."
        assert (seen(desk), count(desk)) == (["Mine"], 0)
        with desk.database.read() as c, pytest.raises(NotFoundError):
            layers.layer_by_uuid(c, made.uuid)
        back = step(desk, history.redo)
        assert back.note == "Brought back the layer “Run” with 3 objects."
        assert back.generation > gone.generation > made.generation
        assert (seen(desk), count(desk)) == (["Mine", "Run"], 3)
    with desk.database.read() as c, pytest.raises(ConflictError):
        history.redo(c, image_id=desk.image_id, user_id=desk.user_id)


def test_edits_of_the_layer_are_taken_back_before_it(desk: Desk) -> None:
    made = run(desk)
    with desk.database.read() as c:
        first = store.annotations_page(c, store.select_objects(c, made.id), after_id=0, limit=1)[0]
    edit = ChangeSet("Edit", edits=[Edit(first.id, 1, {"term_id": 4})])
    desk.database.write(lambda c: store.apply_change(c, edit, layer=made, user_id=desk.user_id))
    assert step(desk, history.undo).note is None
    assert seen(desk) == ["Mine", "Run"]
    step(desk, history.undo)
    assert seen(desk) == ["Mine"]
    step(desk, history.redo)
    step(desk, history.redo)
    with desk.database.read() as c:
        assert store.annotation_by_id(c, first.id).term_id == 4


def test_a_layer_that_somebody_else_worked_on_stays(desk: Desk) -> None:
    made = run(desk)
    desk.database.write(lambda c: store.apply_change(c, DRAW, layer=made, user_id=desk.other_id))
    with pytest.raises(ConflictError, match="lose their work"):
        step(desk, history.undo)
    assert seen(desk) == ["Mine", "Run"]


def test_a_layer_is_forgotten_when_new_work_ends_its_redo(desk: Desk) -> None:
    made = run(desk)
    step(desk, history.undo)
    with desk.database.read() as c:
        assert wholelayers.forgotten_layers(c) == []
    desk.change(DRAW)
    with desk.database.read() as c:
        assert wholelayers.forgotten_layers(c) == [made.id]


def test_work_on_a_layer_before_its_run_ended_can_be_undone_without_it(desk: Desk) -> None:
    made = layers_made(desk)
    desk.database.write(lambda c: store.apply_change(c, DRAW, layer=made, user_id=desk.user_id))
    desk.database.write(
        lambda c: wholelayers.record_layer(c, made, user_id=desk.user_id, label="Threshold on i", parts="run")
    )
    for way in (history.undo, history.undo, history.redo, history.redo):
        step(desk, way)
    assert (seen(desk), count(desk)) == (["Mine", "Run"], 1)


def layers_made(desk: Desk) -> Layer:
    return desk.database.write(
        lambda c: layers.create_layer(
            c, image_id=desk.image_id, name="Run", kind="run", creator_id=desk.user_id, run_id=uuid4()
        )
    )
