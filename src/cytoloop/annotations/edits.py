"""What an edit makes of an object's row, and what a locked object refuses."""

from collections.abc import Iterable, Mapping
from typing import Any

from cytoloop.core.errors import ConflictError

from .details import FIELDS, as_text, changed_details, from_text
from .geometry import Kind, kind_of
from .model import Edit
from .rows import with_geometry

LOCKED_FIELDS = {"geometry", "term_id"}


def refuse_locked(current: Mapping[int, Mapping[str, Any]], edits: Iterable[Edit], removed: Iterable[int]) -> None:
    """Raise ``ConflictError`` if a locked object would lose its outline, its class or its life.

    An edit that unlocks the object may change the rest too.
    """
    locked = [key for key in removed if current[key]["locked"]]
    locked += [
        one.id
        for one in edits
        if current[one.id]["locked"] and one.fields.get("locked") is not False and LOCKED_FIELDS & one.fields.keys()
    ]
    if locked:
        raise ConflictError(
            f"{len(locked)} of the objects {'is' if len(locked) == 1 else 'are'} locked; nothing was changed. "
            "Unlock them first, then repeat.",
            locked=locked[:1000],
        )


def edited_row(row: dict[str, Any], edit: Edit, change_id: int) -> dict[str, Any]:
    """The row after the edit, one version later."""
    new = dict(row)
    fields = edit.fields
    geometry = fields.get("geometry")
    if geometry is not None:
        kind = fields.get("kind")
        new = with_geometry(new, geometry, Kind(kind) if kind is not None else kind_of(geometry))
    if "term_id" in fields:
        new |= {"term_id": fields["term_id"], "term_score": None}
    if fields.get("status") is not None:
        new["status"] = int(fields["status"])
    if fields.get("locked") is not None:
        new["locked"] = fields["locked"]
    if any(name in fields for name in FIELDS):
        new["details"] = as_text(changed_details(from_text(row["details"]), fields))
    return new | {"version": row["version"] + 1, "change_id": change_id}
