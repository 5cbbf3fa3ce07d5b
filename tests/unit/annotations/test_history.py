import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cytoloop.annotations import history, layers, store
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import ChangeSet, Edit, NewAnnotation, Removal
from cytoloop.core.errors import ConflictError

from .conftest import Desk

SQUARE = shapely.box(10, 10, 30, 30)
OTHER = shapely.box(500, 500, 900, 600)


def draw(desk: Desk, count: int = 1) -> list[int]:
    return desk.change(ChangeSet("Draw", creates=[NewAnnotation(SQUARE, Kind.POLYGON)] * count)).created_ids


def undo(desk: Desk) -> None:
    desk.database.write(lambda c: history.undo(c, image_id=desk.image_id, user_id=desk.user_id))


def redo(desk: Desk) -> None:
    desk.database.write(lambda c: history.redo(c, image_id=desk.image_id, user_id=desk.user_id))


def picture(desk: Desk) -> dict[int, tuple]:
    """What is there, but for version numbers."""
    with desk.database.read() as c:
        found = store.annotations_page(c, store.select_objects(c, desk.layer.id), after_id=0, limit=1000)
        counts = layers.term_counts(c, [desk.layer.id])[desk.layer.id]
    assert sum(counts.values()) == len(found), "the counts must agree with the objects"
    return {one.id: (one.geometry.wkt, one.term_id, one.status) for one in found}


def test_drawing_editing_and_deleting_are_undone_and_redone_in_order(desk: Desk) -> None:
    states = [picture(desk)]
    first, second = draw(desk, 2)
    states.append(picture(desk))
    desk.change(ChangeSet("Edit", edits=[Edit(first, 1, {"geometry": OTHER, "term_id": 3})]))
    states.append(picture(desk))
    desk.change(ChangeSet("Delete", removals=[Removal(first, 2), Removal(second, 1)]))
    states.append(picture(desk))
    for earlier in reversed(states[:-1]):
        undo(desk)
        assert picture(desk) == earlier
    for later in states[1:]:
        redo(desk)
        assert picture(desk) == later
    for earlier in reversed(states[:-1]):
        undo(desk)
        assert picture(desk) == earlier


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["draw", "edit", "delete", "undo", "redo"]), max_size=25), st.randoms())
def test_any_order_of_work_and_undo_behaves_like_a_stack(desk: Desk, steps: list[str], random: object) -> None:
    start = picture(desk)
    for key in list(start):
        version = _version(desk, key)
        desk.change(ChangeSet("Clear", removals=[Removal(key, version)]))
    done, undone = [picture(desk)], []
    for step in steps:
        present = list(picture(desk))
        try:
            if step == "undo":
                if len(done) < 2:
                    continue
                undo(desk)
                undone.append(done.pop())
            elif step == "redo":
                if not undone:
                    continue
                redo(desk)
                done.append(undone.pop())
            else:
                if step == "draw" or not present:
                    draw(desk)
                else:
                    key = random.choice(present)
                    version = _version(desk, key)
                    change = (
                        ChangeSet("Edit", edits=[Edit(key, version, {"term_id": random.randrange(9) + 1})])
                        if step == "edit"
                        else ChangeSet("Delete", removals=[Removal(key, version)])
                    )
                    desk.change(change)
                done.append(picture(desk))
                undone.clear()
        finally:
            pass
        assert picture(desk) == done[-1]


def _version(desk: Desk, key: int) -> int:
    with desk.database.read() as c:
        return store.annotation_by_id(c, key).version


def test_new_work_forgets_what_could_be_redone(desk: Desk) -> None:
    draw(desk)
    undo(desk)
    draw(desk)
    with pytest.raises(ConflictError, match="nothing to redo"):
        redo(desk)


def test_nothing_to_undo_is_told(desk: Desk) -> None:
    with pytest.raises(ConflictError, match="nothing to undo"):
        undo(desk)


def test_work_of_someone_else_is_not_overwritten(desk: Desk) -> None:
    (key,) = draw(desk)
    desk.change(ChangeSet("Theirs", edits=[Edit(key, 1, {"geometry": OTHER})]), user_id=desk.other_id)
    before = picture(desk)
    with pytest.raises(ConflictError, match="Someone else"):
        undo(desk)
    assert picture(desk) == before


def test_a_hundred_steps_are_kept(desk: Desk) -> None:
    for _ in range(110):
        draw(desk)
    with desk.database.read() as c:
        state = history.history_state(c, image_id=desk.image_id, user_id=desk.user_id)
    assert (state.undo_count, state.redo_count, state.undo_label) == (110, 0, "Draw")
    for _ in range(110):
        undo(desk)
    assert picture(desk) == {}
