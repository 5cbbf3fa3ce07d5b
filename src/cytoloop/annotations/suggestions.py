"""Classes that a program suggests: they never take the place of a person's, and are undone as one step."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from .applier import Applier
from .bulk import amended, without_geometry
from .filters import ObjectFilter, matching_rows
from .layers import held_layer
from .model import Applied, Layer, Status
from .store import forget_redo


@dataclass(frozen=True, slots=True)
class SuggestedTerm:
    """A class for an object as it was at ``version``; ``score`` 0..1."""

    version: int
    term_id: int
    score: float


@dataclass(frozen=True, slots=True)
class Suggested:
    """How many objects have their suggestion now, and how many were left: changed, locked, or classed by a person."""

    given: int
    left: int
    applied: Applied | None


def suggest_terms(
    connection: Connection, suggestions: Mapping[int, SuggestedTerm], *, layer: Layer, user_id: int
) -> Suggested:
    """Give objects of a layer suggested classes, as one step of the user's history.

    Left as they are: objects with a class from a person, locked and rejected ones, and what was changed since it was
    looked at.
    """
    layer = held_layer(connection, layer)
    chosen = ObjectFilter(ids=tuple(suggestions))
    rows = matching_rows(connection, layer.id, chosen, without_geometry())
    open_rows = [
        row
        for row in rows
        if (row["term_id"] is None or row["term_score"] is not None)
        and not row["locked"]
        and row["status"] != Status.REJECTED
        and row["version"] == suggestions[row["id"]].version
    ]
    changed = [row for row in open_rows if (row["term_id"], row["term_score"]) != _wanted(suggestions[row["id"]])]
    left = len(suggestions) - len(open_rows)
    if not changed:
        return Suggested(len(open_rows), left, None)
    forget_redo(connection, layer.image_id, user_id)
    label = f"Classify {len(changed):,} object{'' if len(changed) == 1 else 's'}"
    applier = Applier(connection, layer=layer, user_id=user_id, label=label)
    names = ("term_id", "term_score")
    after = [
        amended(row, dict(zip(names, _wanted(suggestions[row["id"]]), strict=True)), applier.change_id)
        for row in changed
    ]
    applier.amend(changed, after)
    return Suggested(len(open_rows), left, applier.finish())


def _wanted(one: SuggestedTerm) -> tuple[int, float]:
    return one.term_id, min(1.0, max(0.0, one.score))
