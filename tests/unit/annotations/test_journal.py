import shapely

from cytoloop.annotations import history, journal
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import ChangeSet, Edit, NewAnnotation, Removal

from .conftest import Desk

DRAW = ChangeSet("Draw 2 objects", creates=[NewAnnotation(shapely.box(10, 10, 30, 30), Kind.POLYGON)] * 2)


def listed(desk: Desk, limit: int = 50, before: int | None = None) -> list[journal.Entry]:
    with desk.database.read() as c:
        return journal.entries(c, image_id=desk.image_id, limit=limit, before=before)


def facts(desk: Desk) -> list[tuple[str, int, bool, bool]]:
    return [(one.label, one.objects, one.stands, one.undoable) for one in listed(desk)]


def undo(desk: Desk) -> None:
    desk.database.write(lambda c: history.undo(c, image_id=desk.image_id, user_id=desk.user_id))


def test_changes_are_listed_newest_first_with_who_and_how_many(desk: Desk) -> None:
    first, second = desk.change(DRAW).created_ids
    desk.change(ChangeSet("Change an object", edits=[Edit(first, 1, {"term_id": 3})]), desk.other_id)
    desk.change(ChangeSet("Delete an object", removals=[Removal(second, 1)]))
    found = listed(desk)
    assert [(one.label, one.user_id, one.objects) for one in found] == [
        ("Delete an object", desk.user_id, 1),
        ("Change an object", desk.other_id, 1),
        ("Draw 2 objects", desk.user_id, 2),
    ]
    assert all(one.layer_name == "Mine" and one.stands and one.undoable for one in found)
    assert [one.label for one in listed(desk, limit=1, before=found[0].id)] == ["Change an object"]


def test_what_was_undone_is_told_and_how_it_was_undone_is_not(desk: Desk) -> None:
    desk.change(DRAW)
    desk.change(ChangeSet("Draw more", creates=DRAW.creates))
    undo(desk)
    assert facts(desk) == [("Draw more", 2, False, False), ("Draw 2 objects", 2, True, True)]
    desk.database.write(lambda c: history.redo(c, image_id=desk.image_id, user_id=desk.user_id))
    assert facts(desk) == [("Draw more", 2, True, True), ("Draw 2 objects", 2, True, True)]
    undo(desk)
    desk.change(ChangeSet("Draw else", creates=DRAW.creates))
    assert facts(desk) == [
        ("Draw else", 2, True, True),
        ("Draw more", 2, False, False),
        ("Draw 2 objects", 2, True, True),
    ]
