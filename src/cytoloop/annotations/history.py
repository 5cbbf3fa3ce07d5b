"""Undo and redo, kept in the database: they survive a reload and a restart.

Undo takes back the newest change that the user made on the image, as a change of its own. An object
that somebody else has touched since is not overwritten: then undo is refused with the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select, update

from cytoloop.core.errors import ConflictError
from cytoloop.storage.locks import Held, hold
from cytoloop.storage.rows import batches

from .applier import AMENDABLE, Applier
from .layers import layer_by_id
from .model import Applied
from .store import rows_by_id
from .tables import ANNOTATION_COLUMNS, annotation_revision, change
from .wholelayers import flip_layer


@dataclass(frozen=True, slots=True)
class History:
    """What undo and redo would do now."""

    undo_label: str | None
    redo_label: str | None
    undo_count: int
    redo_count: int


def history_state(connection: Connection, *, image_id: int, user_id: int) -> History:
    """How far the user can go back and forth on the image."""
    undo = _next_undo(connection, image_id, user_id)
    redo = _next_redo(connection, image_id, user_id)
    counts = dict(
        connection.execute(
            select(change.c.state, func.count())
            .where(change.c.image_id == image_id)
            .where(change.c.user_id == user_id)
            .where(change.c.state.in_(["done", "undone"]))
            .group_by(change.c.state)
        ).all()
    )
    return History(
        undo_label=undo["label"] if undo else None,
        redo_label=redo["label"] if redo else None,
        undo_count=int(counts.get("done", 0)),
        redo_count=int(counts.get("undone", 0)),
    )


def undo(connection: Connection, *, image_id: int, user_id: int) -> Applied:
    """Take back the newest change. Raises ``ConflictError`` when there is none or someone is in the way."""
    hold(connection, Held.IMAGE, image_id)
    target = _next_undo(connection, image_id, user_id)
    if target is None:
        raise ConflictError("There is nothing to undo on this image.")
    applied = _invert(connection, target, user_id=user_id, label=f"Undo {target['label']}")
    connection.execute(
        update(change).where(change.c.id == target["id"]).values(state="undone", undo_change_id=applied.change_id)
    )
    return applied


def redo(connection: Connection, *, image_id: int, user_id: int) -> Applied:
    """Do again what was last undone. Raises ``ConflictError`` like ``undo``."""
    hold(connection, Held.IMAGE, image_id)
    target = _next_redo(connection, image_id, user_id)
    if target is None:
        raise ConflictError("There is nothing to redo on this image.")
    inverse = connection.execute(select(change).where(change.c.id == target["undo_change_id"])).mappings().one()
    applied = _invert(connection, inverse, user_id=user_id, label=f"Redo {target['label']}")
    # From now on, undoing the original means taking back what the redo did.
    connection.execute(update(change).where(change.c.id == target["id"]).values(state="discarded", undo_change_id=None))
    connection.execute(
        update(change).where(change.c.id == applied.change_id).values(state="done", label=target["label"])
    )
    return applied


def _next_undo(connection: Connection, image_id: int, user_id: int) -> RowMapping | None:
    return (
        connection.execute(
            select(change)
            .where(change.c.image_id == image_id)
            .where(change.c.user_id == user_id)
            .where(change.c.state == "done")
            .order_by(change.c.id.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )


def _next_redo(connection: Connection, image_id: int, user_id: int) -> RowMapping | None:
    return (
        connection.execute(
            select(change)
            .where(change.c.image_id == image_id)
            .where(change.c.user_id == user_id)
            .where(change.c.state == "undone")
            .order_by(change.c.undo_change_id.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )


def _invert(connection: Connection, target: RowMapping, *, user_id: int, label: str) -> Applied:
    if target["whole_layer"]:
        return flip_layer(connection, target, user_id=user_id, label=label)
    revisions = list(
        connection.execute(
            select(annotation_revision).where(annotation_revision.c.by_change_id == target["id"])
        ).mappings()
    )
    created = list(range(target["first_id"], target["first_id"] + target["created"]))
    created += [row["id"] for row in revisions if row["op"] == "restore"]
    updated = [row for row in revisions if row["op"] == "update"]
    deleted = [row for row in revisions if row["op"] == "delete"]
    _refuse_if_touched(
        connection,
        [*created, *(row["id"] for row in updated), *(row["id"] for row in deleted)],
        after=target["id"],
        user_id=user_id,
    )
    applier = Applier(
        connection,
        layer=layer_by_id(connection, target["layer_id"]),
        user_id=user_id,
        label=label,
        state="inverse",
    )
    _take_back(connection, applier, created, updated, deleted)
    return applier.finish()


def _take_back(
    connection: Connection,
    applier: Applier,
    created: Sequence[int],
    updated: Sequence[RowMapping],
    deleted: Sequence[RowMapping],
) -> None:
    present = rows_by_id(connection, [*created, *(row["id"] for row in updated)])
    if any(row["id"] not in present for row in updated):
        raise ConflictError("Some of these objects went with their layer; this step cannot be undone any more.")
    gone = {key: present[key] for key in created if key in present}
    if gone:
        applier.remove(gone)
    if updated:
        older = [_restored(row, present[row["id"]]["version"], applier.change_id) for row in updated]
        _put_back(applier, {row["id"]: present[row["id"]] for row in updated}, older)
    if deleted:
        applier.restore([_restored(row, row["version"], applier.change_id) for row in deleted])


def _put_back(applier: Applier, present: dict[int, dict[str, Any]], older: Sequence[dict[str, Any]]) -> None:
    """Rows that lie where they lay are changed in place, which is quicker for many."""
    stays = [_place(row) == _place(present[row["id"]]) for row in older]
    amended = [row for row, same in zip(older, stays, strict=True) if same]
    moved = [row for row, same in zip(older, stays, strict=True) if not same]
    applier.amend([present[row["id"]] for row in amended], amended)
    if moved:
        applier.replace({row["id"]: present[row["id"]] for row in moved}, moved)


_place = itemgetter(*(name for name in ANNOTATION_COLUMNS if name not in AMENDABLE))


def _restored(row: RowMapping, version: int, change_id: int) -> dict[str, Any]:
    """The older row with a newer version, so that pages that show the newer one notice."""
    values = {name: row[name] for name in ANNOTATION_COLUMNS}
    return values | {"version": version + 1, "change_id": change_id}


def _refuse_if_touched(connection: Connection, ids: Sequence[int], *, after: int, user_id: int) -> None:
    for batch in batches(ids):
        touched = connection.execute(
            select(annotation_revision.c.id)
            .join(change, change.c.id == annotation_revision.c.by_change_id)
            .where(annotation_revision.c.id.in_(batch))
            .where(annotation_revision.c.by_change_id > after)
            .where(change.c.user_id != user_id)
            .limit(1)
        ).first()
        if touched is not None:
            raise ConflictError(
                "Someone else has changed one of these objects since; undoing would overwrite their work."
            )
