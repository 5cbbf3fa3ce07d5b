"""Classes for many objects at once, each its own, as one step of a person's work."""

from collections.abc import Mapping

from sqlalchemy import Connection

from .applier import Applier
from .bulk import BulkDone, amended, without_geometry
from .filters import ObjectFilter, matching_rows
from .layers import held_layer
from .model import Layer
from .store import forget_redo


def assign_terms(
    connection: Connection, terms: Mapping[int, int | None], *, layer: Layer, user_id: int, label: str = "Set the class"
) -> BulkDone:
    """Give each object (by id) its class, ``None`` for none; it counts as a person's. Locked objects are spared."""
    layer = held_layer(connection, layer)
    rows = matching_rows(connection, layer.id, ObjectFilter(ids=tuple(terms)), without_geometry())
    free = [row for row in rows if not row["locked"]]
    changed = [row for row in free if row["term_id"] != terms[row["id"]] or row["term_score"] is not None]
    locked = len(rows) - len(free)
    if not changed:
        return BulkDone(len(rows), 0, locked, None)
    forget_redo(connection, layer.image_id, user_id)
    objects = f"{len(changed):,} object{'' if len(changed) == 1 else 's'}"
    applier = Applier(connection, layer=layer, user_id=user_id, label=f"{label} of {objects}")
    after = [amended(row, {"term_id": terms[row["id"]], "term_score": None}, applier.change_id) for row in changed]
    applier.amend(changed, after)
    return BulkDone(len(rows), len(changed), locked, applier.finish())
