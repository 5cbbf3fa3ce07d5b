"""Classes that a program suggests, beside those of people."""

from typing import Any

import pytest
import shapely

from cytoloop.annotations import history
from cytoloop.annotations.bulk import AcceptTerm, SetTerm, apply_bulk
from cytoloop.annotations.filters import ObjectFilter
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import Annotation, ChangeSet, Edit, NewAnnotation, Status
from cytoloop.annotations.review import accept
from cytoloop.annotations.store import annotations_by_id, clear_term
from cytoloop.annotations.suggestions import Suggested, SuggestedTerm, suggest_terms

from .conftest import Desk


def draw(desk: Desk, *fields: dict[str, Any]) -> list[int]:
    creates = [
        NewAnnotation(shapely.box(20 * at, 0, 20 * at + 9, 9), Kind.POLYGON, **one) for at, one in enumerate(fields)
    ]
    return desk.change(ChangeSet("Draw", creates=creates)).created_ids


def suggest(desk: Desk, ids: list[int], term: int = 7, score: float = 0.8, version: int = 1) -> Suggested:
    wanted = {one: SuggestedTerm(version, term, score) for one in ids}
    return desk.database.write(lambda c: suggest_terms(c, wanted, layer=desk.layer, user_id=desk.user_id))


def classes(desk: Desk, ids: list[int]) -> list[tuple[int | None, float | None]]:
    with desk.database.read() as connection:
        found: dict[int, Annotation] = {one.id: one for one in annotations_by_id(connection, ids)}
    return [(found[key].term_id, found[key].term_score) for key in ids]


def test_only_what_nobody_classified_gets_a_suggestion(desk: Desk) -> None:
    ids = draw(
        desk, {}, {"term_id": 3}, {"locked": True}, {"status": Status.REJECTED}, {"term_id": 3, "term_score": 0.4}
    )
    done = suggest(desk, ids)
    assert (done.given, done.left) == (2, 3)
    assert classes(desk, ids) == [(7, 0.8), (3, None), (None, None), (None, None), (7, 0.8)]
    assert suggest(desk, ids, version=2).applied is None


def test_what_changed_since_it_was_looked_at_is_left(desk: Desk) -> None:
    ids = draw(desk, {}, {})
    desk.change(ChangeSet("Tag", edits=[Edit(ids[0], 1, {"tags": ("x",)})]))
    assert suggest(desk, ids).given == 1
    assert classes(desk, ids) == [(None, None), (7, 0.8)]
    assert suggest(desk, [10**9]).left == 1


def test_a_persons_class_the_same_one_too_is_no_suggestion_any_more(desk: Desk) -> None:
    ids = draw(desk, {}, {}, {})
    suggest(desk, ids)
    desk.change(ChangeSet("Class", edits=[Edit(ids[0], 2, {"term_id": 7}), Edit(ids[1], 2, {"term_id": None})]))
    assert classes(desk, ids) == [(7, None), (None, None), (7, 0.8)]


@pytest.mark.parametrize(
    ("action", "after"), [(AcceptTerm(), (7, None)), (SetTerm(7), (7, None)), (SetTerm(None), (None, None))]
)
def test_many_are_accepted_or_taken_away_and_undo_brings_the_probability_back(
    desk: Desk, action: Any, after: tuple[int | None, float | None]
) -> None:
    ids = draw(desk, {}, {}, {"term_id": 3})
    suggest(desk, ids[:1], score=0.95)
    suggest(desk, ids[1:2], score=0.55)
    chosen = ObjectFilter(suggested=True, min_term_score=0.9)
    done = desk.database.write(lambda c: apply_bulk(c, chosen, action, layer=desk.layer, user_id=desk.user_id))
    assert (done.matched, done.changed) == (1, 1)
    assert classes(desk, ids) == [after, (7, 0.55), (3, None)]
    desk.database.write(lambda c: history.undo(c, image_id=desk.image_id, user_id=desk.user_id))
    assert classes(desk, ids) == [(7, 0.95), (7, 0.55), (3, None)]


def test_accepting_an_object_agrees_to_its_class(desk: Desk) -> None:
    (key,) = draw(desk, {"status": Status.PREDICTED, "term_id": 7, "term_score": 0.6})
    done = desk.database.write(lambda c: accept(c, ObjectFilter(ids=(key,)), layer=desk.layer, user_id=desk.user_id))
    assert done.applied is not None
    assert classes(desk, [key, *done.applied.created_ids]) == [(7, None), (7, None)]


def test_a_class_that_is_deleted_takes_its_probability_along(desk: Desk) -> None:
    ids = draw(desk, {}, {})
    suggest(desk, ids)
    desk.database.write(lambda c: clear_term(c, 7, [desk.layer]))
    assert classes(desk, ids) == [(None, None), (None, None)]


def test_an_object_without_a_class_has_no_probability_of_one(desk: Desk) -> None:
    assert classes(desk, draw(desk, {"term_score": 0.5})) == [(None, None)]
