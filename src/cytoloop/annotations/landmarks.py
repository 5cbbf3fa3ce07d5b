"""Points on a layer of landmarks: what a program suggested becomes a person's when the person moves it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from .model import ChangeSet, Edit, Status
from .store import rows_by_id


def placed_by_hand(connection: Connection, change_set: ChangeSet) -> ChangeSet:
    """The change in which every suggestion that is moved is accepted with its class, all in the one step."""
    moved = [one.id for one in change_set.edits if one.fields.get("geometry") is not None]
    if not moved:
        return change_set
    rows = rows_by_id(connection, moved)
    return replace(change_set, edits=[_placed(one, rows.get(one.id)) for one in change_set.edits])


def _placed(edit: Edit, row: Mapping[str, Any] | None) -> Edit:
    is_moved = edit.fields.get("geometry") is not None
    if row is None or not is_moved or row["status"] != Status.PREDICTED or edit.fields.get("status") is not None:
        return edit
    return replace(edit, fields={"term_id": row["term_id"], **edit.fields, "status": Status.ACCEPTED})
