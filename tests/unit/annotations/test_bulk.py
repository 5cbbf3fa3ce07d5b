"""Filters, bulk actions and reviews on the store."""

from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cytoloop.annotations import history, layers, store
from cytoloop.annotations.bulk import (
    Action,
    AddTag,
    BulkDone,
    Delete,
    MoveTo,
    RemoveTag,
    SetLocked,
    SetStatus,
    SetTerm,
    apply_bulk,
)
from cytoloop.annotations.details import Details
from cytoloop.annotations.filters import EVERYTHING, ObjectFilter, matching_rows
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import Annotation, ChangeSet, Edit, Layer, NewAnnotation, Status
from cytoloop.annotations.review import Reviewed, accept, reject
from cytoloop.annotations.tables import annotation
from cytoloop.core.errors import ConflictError, InvalidInputError
from cytoloop.core.geometry import Box

from .conftest import Desk


def made(index: int, **fields: Any) -> NewAnnotation:
    x = 20.0 * index
    return NewAnnotation(shapely.box(x, 0, x + 2 + index, 10), Kind.POLYGON, **fields)


def draw(desk: Desk, *new: NewAnnotation, user_id: int | None = None) -> list[int]:
    return desk.change(ChangeSet("Draw", creates=list(new)), user_id).created_ids


def matching(desk: Desk, **fields: Any) -> list[int]:
    with desk.database.read() as c:
        return [row["id"] for row in matching_rows(c, desk.layer.id, ObjectFilter(**fields), [annotation.c.id])]


def bulk(desk: Desk, action: Action, chosen: ObjectFilter = EVERYTHING, layer: Layer | None = None) -> BulkDone:
    return desk.database.write(lambda c: apply_bulk(c, chosen, action, layer=layer or desk.layer, user_id=desk.user_id))


def second_layer(desk: Desk) -> Layer:
    return desk.database.write(
        lambda c: layers.create_layer(c, image_id=desk.image_id, name="B", kind="user", creator_id=desk.user_id)
    )


def all_of(desk: Desk, layer_id: int) -> list[Annotation]:
    """What is in a layer; its counts by class and by state must agree with it."""
    with desk.database.read() as c:
        found = store.annotations_page(c, store.select_objects(c, layer_id), after_id=0, limit=100_000)
        terms, states = layers.term_counts(c, [layer_id])[layer_id], layers.state_counts(c, [layer_id])[layer_id]
    assert sum(terms.values()) == len(found)
    assert states == {status: sum(one.status is status for one in found) for status in Status}
    return found


def picture(desk: Desk, *layer_ids: int) -> list[tuple[Any, ...]]:
    found = [one for key in layer_ids for one in all_of(desk, key)]
    return [(o.id, o.layer_id, o.geometry.wkb, o.term_id, o.status, o.details, o.locked, o.parent_id) for o in found]


def undo(desk: Desk) -> None:
    desk.database.write(lambda c: history.undo(c, image_id=desk.image_id, user_id=desk.user_id))


def redo(desk: Desk) -> None:
    desk.database.write(lambda c: history.redo(c, image_id=desk.image_id, user_id=desk.user_id))


def test_each_filter_finds_its_objects(desk: Desk) -> None:
    written = Details({"stain": "HE", "depth": 2.5, "sure": True}, ("mitosis",), "Near the Border")
    a, b, c, d = draw(
        desk,
        made(0, term_id=3, score=0.2),
        made(1, score=0.8, status=Status.PREDICTED, z=1),
        made(2, details=written),
        made(3, t=2, details=Details({"stain": "IHC"})),
    )
    (e,) = draw(desk, made(50, locked=True), user_id=desk.other_id)
    cases: list[tuple[dict[str, Any], list[int]]] = [
        ({}, [a, b, c, d, e]),
        ({"ids": (c, a, a, 10**9)}, [a, c]),
        ({"ids": ()}, []),
        ({"term_id": 3}, [a]),
        ({"term_id": 0}, [b, c, d, e]),
        ({"min_score": 0.2}, [a, b]),
        ({"max_score": 0.5}, [a]),
        ({"min_area": 30, "max_area": 45}, [b, c]),
        ({"creator_ids": (desk.other_id,)}, [e]),
        ({"creator_ids": ()}, []),
        ({"status": Status.PREDICTED}, [b]),
        ({"status": Status.ACCEPTED, "z": 0, "t": 2}, [d]),
        ({"tag": "mitosis"}, [c]),
        ({"tag": "mito"}, []),
        ({"property_name": "stain"}, [c, d]),
        ({"property_name": "stain", "property_value": "HE"}, [c]),
        ({"property_name": "depth", "property_value": "2.50"}, [c]),
        ({"property_name": "depth", "property_value": "deep"}, []),
        ({"property_name": "sure", "property_value": "true"}, [c]),
        ({"text": "bORDER"}, [c]),
        ({"text": str(b)}, [b]),
        ({"window": Box(0, 0, 45, 10)}, [a, b, c]),
        ({"window": Box(0, 0, 43.9, 10)}, [a, b]),
    ]
    for fields, wanted in cases:
        assert matching(desk, **fields) == wanted, fields


@pytest.mark.parametrize(
    ("action", "name", "value"),
    [
        (SetTerm(7), "term_id", 7),
        (SetStatus(Status.REJECTED), "status", Status.REJECTED),
        (SetLocked(True), "locked", True),
        (AddTag("new"), "details", Details({"a": "b"}, ("old", "new"))),
        (RemoveTag("old"), "details", Details({"a": "b"})),
    ],
)
def test_an_action_changes_what_it_should_and_is_undone(desk: Desk, action: Action, name: str, value: Any) -> None:
    details = Details({"a": "b"}, ("old",))
    draw(desk, *(made(index, details=details) for index in range(5)))
    before = picture(desk, desk.layer.id)
    done = bulk(desk, action)
    assert (done.matched, done.changed, done.locked) == (5, 5, 0)
    assert [getattr(one, name) for one in all_of(desk, desk.layer.id)] == [value] * 5
    assert {one.version for one in all_of(desk, desk.layer.id)} == {2}
    after = picture(desk, desk.layer.id)
    assert bulk(desk, action) == BulkDone(5, 0, 0, None), "what is so already is no change"
    undo(desk)
    assert picture(desk, desk.layer.id) == before
    redo(desk)
    assert picture(desk, desk.layer.id) == after


def test_moving_keeps_ids_and_is_undone_on_both_layers(desk: Desk) -> None:
    ids = draw(desk, *(made(index) for index in range(4)))
    target = second_layer(desk)
    both = (desk.layer.id, target.id)
    before = picture(desk, *both)
    done = bulk(desk, MoveTo(target), ObjectFilter(ids=tuple(ids[:3])))
    assert done.applied is not None
    assert [one.layer_id for one in done.applied.layers] == list(both)
    assert [one.id for one in all_of(desk, target.id)] == ids[:3]
    after = picture(desk, *both)
    undo(desk)
    assert picture(desk, *both) == before
    redo(desk)
    assert picture(desk, *both) == after


def test_a_move_whose_layer_is_gone_cannot_be_undone_and_says_so(desk: Desk) -> None:
    draw(desk, made(0))
    target = second_layer(desk)
    bulk(desk, MoveTo(target))
    desk.database.write(lambda c: layers.delete_layer(c, target.id))
    with pytest.raises(ConflictError, match="went with their layer"):
        undo(desk)


@pytest.mark.parametrize("action", [SetTerm(1), Delete(), "move"])
def test_locked_objects_are_spared_and_counted(desk: Desk, action: Any) -> None:
    kept, _ = draw(desk, made(0, locked=True), made(1))
    done = bulk(desk, MoveTo(second_layer(desk)) if action == "move" else action)
    assert (done.matched, done.changed, done.locked) == (2, 1, 1)
    (one,) = [one for one in all_of(desk, desk.layer.id) if one.id == kept]
    assert (one.term_id, one.version) == (None, 1)
    assert bulk(desk, AddTag("seen"), ObjectFilter(ids=(kept,))).changed == 1


def test_deleting_ten_thousand_is_one_step(desk: Desk) -> None:
    draw(desk, *(made(index % 900, score=index / 12_000) for index in range(12_000)))
    before = picture(desk, desk.layer.id)
    assert bulk(desk, Delete(), ObjectFilter(min_score=0.5)).changed == 6000
    assert len(all_of(desk, desk.layer.id)) == 6000
    assert bulk(desk, SetTerm(2)).changed == 6000
    undo(desk)
    undo(desk)
    assert picture(desk, desk.layer.id) == before


def test_a_full_list_of_tags_takes_no_more(desk: Desk) -> None:
    draw(desk, made(0, details=Details(tags=tuple(str(n) for n in range(100)))), made(1))
    with pytest.raises(InvalidInputError, match="no room"):
        bulk(desk, AddTag("one more"))
    assert all_of(desk, desk.layer.id)[1].details == Details()


# ---- review


def decide(desk: Desk, how: Any, chosen: ObjectFilter = EVERYTHING) -> Reviewed:
    return desk.database.write(lambda c: how(c, chosen, layer=desk.layer, user_id=desk.user_id))


def copies(desk: Desk) -> list[Annotation]:
    with desk.database.read() as c:
        target = layers.find_review_layer(c, desk.image_id)
    return [] if target is None else all_of(desk, target.id)


def states(desk: Desk) -> list[str]:
    return [one.status.name for one in all_of(desk, desk.layer.id)]


def predicted(index: int, **fields: Any) -> NewAnnotation:
    return made(index, status=Status.PREDICTED, score=0.5, term_id=4, **fields)


def test_accepting_copies_with_the_origin_as_parent_and_is_one_step(desk: Desk) -> None:
    ids = draw(desk, *(predicted(index, details=Details(tags=("x",)), locked=index == 1) for index in range(3)))
    done = decide(desk, accept, ObjectFilter(ids=(ids[0], ids[1])))
    assert (done.matched, done.decided) == (2, 2)
    assert states(desk) == ["ACCEPTED", "ACCEPTED", "PREDICTED"]
    assert [(one.parent_id, one.term_id, one.score, one.status, one.locked) for one in copies(desk)] == [
        (key, 4, 0.5, Status.ACCEPTED, False) for key in ids[:2]
    ]
    assert copies(desk)[0].details.tags == ("x",)
    assert decide(desk, accept, ObjectFilter(ids=(ids[0],))).applied is None, "twice is once"
    undo(desk)
    assert (states(desk), copies(desk)) == (["PREDICTED"] * 3, [])
    redo(desk)
    assert (states(desk)[:2], len(copies(desk))) == (["ACCEPTED"] * 2, 2)


def test_accepting_after_an_edit_copies_the_edited_outline(desk: Desk) -> None:
    (key,) = draw(desk, predicted(0))
    better = shapely.box(1, 1, 7, 9)
    desk.change(ChangeSet("Edit", edits=[Edit(key, 1, {"geometry": better})]))
    decide(desk, accept)
    assert copies(desk)[0].geometry.equals_exact(better, 0)


def test_rejecting_takes_an_earlier_copy_away_and_undo_brings_it_back(desk: Desk) -> None:
    draw(desk, predicted(0), predicted(1))
    decide(desk, accept)
    before = picture(desk, desk.layer.id), copies(desk)
    assert decide(desk, reject, ObjectFilter(window=Box(0, 0, 10, 10))).decided == 1
    assert (states(desk), len(copies(desk))) == (["REJECTED", "ACCEPTED"], 1)
    undo(desk)
    assert picture(desk, desk.layer.id) == before[0]
    assert [one.id for one in copies(desk)] == [one.id for one in before[1]]
    decide(desk, reject)
    assert decide(desk, reject).applied is None


def test_accepting_again_after_a_rejection_copies_again(desk: Desk) -> None:
    draw(desk, predicted(0))
    for how, count in ((reject, 0), (accept, 1), (reject, 0), (accept, 1)):
        decide(desk, how)
        assert len(copies(desk)) == count


def test_all_in_a_box_are_those_that_lie_in_it_whole(desk: Desk) -> None:
    draw(desk, *(predicted(index) for index in range(5)))
    assert decide(desk, accept, ObjectFilter(window=Box(-1, -1, 63, 11), status=Status.PREDICTED)).decided == 3
    assert states(desk) == ["ACCEPTED"] * 3 + ["PREDICTED"] * 2


def test_the_review_layer_itself_has_nothing_to_accept(desk: Desk) -> None:
    draw(desk, predicted(0))
    decide(desk, accept)
    with desk.database.read() as c:
        target = layers.find_review_layer(c, desk.image_id)
    with pytest.raises(InvalidInputError, match="accepted already"):
        desk.database.write(lambda c: accept(c, EVERYTHING, layer=target, user_id=desk.user_id))


def test_a_review_is_not_undone_over_a_colleagues_work(desk: Desk) -> None:
    draw(desk, predicted(0))
    decide(desk, accept)
    (copy,) = copies(desk)
    with desk.database.read() as c:
        target = layers.layer_by_id(c, copy.layer_id)
    edit = ChangeSet("Edit", edits=[Edit(copy.id, 1, {"term_id": 9})])
    desk.database.write(lambda c: store.apply_change(c, edit, layer=target, user_id=desk.other_id))
    with pytest.raises(ConflictError, match="Someone else"):
        undo(desk)


STEPS = ("class", "tag", "lock", "unlock", "move", "back", "delete", "accept", "reject", "undo", "redo")


def work(desk: Desk, name: str, number: int, ids: list[int], other: Layer) -> None:
    chosen = ObjectFilter(ids=tuple(ids[: number + 1]))
    if name in ("accept", "reject"):
        decide(desk, accept if name == "accept" else reject, chosen)
        return
    actions: dict[str, Action] = {"class": SetTerm(number), "tag": AddTag(str(number)), "lock": SetLocked(True)}
    actions |= {"unlock": SetLocked(False), "move": MoveTo(other), "back": MoveTo(desk.layer)}
    bulk(desk, actions.get(name, Delete()), chosen, other if name == "back" else None)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5)), max_size=20))
def test_any_order_of_bulk_work_and_undo_behaves_like_a_stack(desk: Desk, steps: list[tuple[str, int]]) -> None:
    other = second_layer(desk)
    ids = draw(desk, *(predicted(index) for index in range(6)))

    def everything() -> list[tuple[Any, ...]]:
        found = copies(desk)
        return picture(desk, desk.layer.id, other.id, *{one.layer_id for one in found})

    def depth() -> int:
        with desk.database.read() as c:
            return history.history_state(c, image_id=desk.image_id, user_id=desk.user_id).undo_count

    done, undone = [everything()], []
    for name, number in steps:
        before = depth()
        if name == "undo" and len(done) > 1:
            undo(desk)
            undone.append(done.pop())
        elif name == "redo" and undone:
            redo(desk)
            done.append(undone.pop())
        elif name not in ("undo", "redo"):
            work(desk, name, number, ids, other)
            if depth() > before:
                done.append(everything())
                undone.clear()
        assert everything() == done[-1], name
    while len(done) > 1:
        undo(desk)
        done.pop()
        assert everything() == done[-1]
    bulk(desk, Delete())
