import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from cytoloop.annotations import history, store
from cytoloop.annotations.details import (
    NOTHING,
    Details,
    as_text,
    changed_details,
    checked_details,
    from_text,
)
from cytoloop.annotations.geometry import Kind, kind_fits
from cytoloop.annotations.model import Annotation, ChangeSet, Edit, NewAnnotation, Removal
from cytoloop.core.errors import ConflictError, InvalidInputError

from .conftest import Desk

SQUARE = shapely.box(10, 10, 30, 30)
RICH = Details({"stain": "HE", "depth": 2.5, "done": True}, ("mitosis", "edge"), "Two\nlines, ümlaut")
VALUES = st.text(max_size=20) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()


def one(desk: Desk, key: int) -> Annotation:
    with desk.database.read() as c:
        return store.annotation_by_id(c, key)


@given(st.dictionaries(st.text(max_size=9), VALUES, max_size=9), st.lists(st.text(), max_size=9), st.text())
def test_details_come_back_from_their_text(properties: dict, tags: list[str], description: str) -> None:
    details = Details(properties, tuple(tags), description)
    assert from_text(as_text(details)) == details


def test_nothing_to_say_takes_no_room() -> None:
    assert as_text(NOTHING) is None
    assert from_text(None) == NOTHING


@pytest.mark.parametrize(
    ("details", "says"),
    [
        (Details({str(n): True for n in range(101)}), "at most 100"),
        (Details({" ": 1.0}), "not all blank"),
        (Details({"n": "x" * 1001}), "longer than 1,000"),
        (Details({"n": float("nan")}), "no finite number"),
        (Details(tags=("x" * 101,)), "1 to 100 characters"),
        (Details(description="x" * 10_001), "longer than 10,000"),
        (Details(description="a\0b"), "NUL"),
    ],
)
def test_what_is_beyond_a_limit_is_refused_in_words(details: Details, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says) as caught:
        checked_details(details, "Object 3")
    assert "Object 3" in caught.value.message


def test_repeated_tags_are_kept_once() -> None:
    assert checked_details(Details(tags=("b", "a", "b")), "x").tags == ("b", "a")


def test_fields_that_are_not_named_stay() -> None:
    assert changed_details(RICH, {"tags": ["new"]}) == Details(RICH.properties, ("new",), RICH.description)


def test_details_are_stored_changed_and_undone(desk: Desk) -> None:
    (key,) = desk.change(ChangeSet("Draw", creates=[NewAnnotation(SQUARE, Kind.POLYGON, details=RICH)])).created_ids
    assert one(desk, key).details == RICH
    desk.change(ChangeSet("Write", edits=[Edit(key, 1, {"properties": {}, "description": "", "locked": True})]))
    assert (one(desk, key).details, one(desk, key).locked) == (Details(tags=RICH.tags), True)
    desk.database.write(lambda c: history.undo(c, image_id=desk.image_id, user_id=desk.user_id))
    assert (one(desk, key).details, one(desk, key).locked) == (RICH, False)
    desk.database.write(lambda c: history.redo(c, image_id=desk.image_id, user_id=desk.user_id))
    assert (one(desk, key).details, one(desk, key).locked) == (Details(tags=RICH.tags), True)


@pytest.mark.parametrize("fields", [{"geometry": shapely.box(0, 0, 5, 5)}, {"term_id": 4}])
def test_a_locked_object_keeps_outline_and_class_until_it_is_unlocked(desk: Desk, fields: dict) -> None:
    new = NewAnnotation(SQUARE, Kind.POLYGON, locked=True)
    key, free = desk.change(ChangeSet("Draw", creates=[new, NewAnnotation(SQUARE, Kind.POLYGON)])).created_ids
    before = one(desk, key)
    with pytest.raises(ConflictError, match="1 of the objects is locked") as caught:
        desk.change(ChangeSet("Both", edits=[Edit(key, 1, fields), Edit(free, 1, {"term_id": 9})]))
    assert caught.value.details["locked"] == [key]
    with pytest.raises(ConflictError, match="Unlock them first"):
        desk.change(ChangeSet("Delete", removals=[Removal(key, 1)]))
    assert (one(desk, key), one(desk, free).term_id) == (before, None)
    desk.change(ChangeSet("Tag", edits=[Edit(key, 1, {"tags": ["a"]})]))
    desk.change(ChangeSet("Unlock", edits=[Edit(key, 2, {"locked": False} | fields)]))
    desk.change(ChangeSet("Delete", removals=[Removal(key, 3)]))


def test_arrows_and_angles_are_lines_and_an_angle_has_three_points() -> None:
    two, three = shapely.LineString([(0, 0), (1, 1)]), shapely.LineString([(0, 0), (1, 1), (2, 0)])
    assert kind_fits(Kind.ARROW, two)
    assert kind_fits(Kind.ARROW, three)
    assert kind_fits(Kind.ANGLE, three)
    assert not kind_fits(Kind.ANGLE, two)
    assert not kind_fits(Kind.ARROW, SQUARE)
    assert not kind_fits(Kind.RECTANGLE, three)
