"""The review of proposals: what is accepted is copied into the image's review layer, with its origin as parent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from cytoloop.core.errors import InvalidInputError
from cytoloop.storage.rows import batches

from .applier import Applier
from .bulk import amended, without_geometry
from .filters import ObjectFilter, matching_rows
from .layers import find_review_layer, held_layer, review_layer
from .model import Applied, Layer, Status
from .store import forget_redo
from .tables import annotation


@dataclass(frozen=True, slots=True)
class Reviewed:
    """How many objects were meant, and how many of them got their decision now."""

    matched: int
    decided: int
    applied: Applied | None


def _words(verb: str, count: int) -> str:
    return f"{verb} {count:,} object{'' if count == 1 else 's'}"


def accept(connection: Connection, chosen: ObjectFilter, *, layer: Layer, user_id: int) -> Reviewed:
    """Copy objects, as they are now, into the review layer and mark them as accepted.

    One that has its copy there already is not copied again, so that what was corrected in the copy stays.
    """
    if layer.kind == "review":
        raise InvalidInputError(f"What is in {layer.name!r} is accepted already. Choose the layer that it came from.")
    layer = held_layer(connection, layer)
    rows = matching_rows(connection, layer.id, chosen, list(annotation.columns))
    target = find_review_layer(connection, layer.image_id)
    copied = set() if target is None else {one["parent_id"] for one in _copies(connection, target, rows)}
    fresh = [row for row in rows if row["id"] not in copied]
    unmarked = [row for row in rows if row["status"] != Status.ACCEPTED]
    decided = {row["id"] for row in (*fresh, *unmarked)}
    if not decided:
        return Reviewed(len(rows), 0, None)
    forget_redo(connection, layer.image_id, user_id)
    own = target or review_layer(connection, image_id=layer.image_id, creator_id=user_id)
    applier = Applier(connection, layer=own, user_id=user_id, label=_words("Accept", len(decided)))
    created = applier.copy(fresh, {"status": int(Status.ACCEPTED), "locked": False, "term_score": None})
    _mark(applier, unmarked, Status.ACCEPTED)
    return Reviewed(len(rows), len(decided), applier.finish(created))


def reject(connection: Connection, chosen: ObjectFilter, *, layer: Layer, user_id: int) -> Reviewed:
    """Mark objects as rejected; the copy of one that was accepted before leaves the review layer."""
    layer = held_layer(connection, layer)
    rows = matching_rows(connection, layer.id, chosen, without_geometry())
    unmarked = [row for row in rows if row["status"] != Status.REJECTED]
    if not unmarked:
        return Reviewed(len(rows), 0, None)
    forget_redo(connection, layer.image_id, user_id)
    applier = Applier(connection, layer=layer, user_id=user_id, label=_words("Reject", len(unmarked)))
    _mark(applier, unmarked, Status.REJECTED)
    target = find_review_layer(connection, layer.image_id)
    copies = [] if target is None else _copies(connection, target, unmarked)
    if copies:
        applier.remove({row["id"]: row for row in copies})
    return Reviewed(len(rows), len(unmarked), applier.finish())


def _mark(applier: Applier, rows: Sequence[Mapping[str, Any]], status: Status) -> None:
    changes: dict[str, Any] = {"status": int(status)}
    if status is Status.ACCEPTED:
        changes["term_score"] = None
    applier.amend(rows, [amended(row, changes, applier.change_id) for row in rows])


def _copies(connection: Connection, target: Layer, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the review layer holds of these objects, without outlines."""
    found: list[dict[str, Any]] = []
    for batch in batches([row["id"] for row in rows]):
        query = (
            select(*without_geometry())
            .where(annotation.c.layer_id == target.id)
            .where(annotation.c.parent_id.in_(batch))
        )
        found += (dict(row) for row in connection.execute(query).mappings())
    return found
