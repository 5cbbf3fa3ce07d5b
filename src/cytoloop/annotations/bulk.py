"""One change of many objects, chosen by a filter: class, state, tags, lock, another layer, or deletion."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from sqlalchemy import Connection, null

from cytoloop.core.errors import InvalidInputError

from .applier import Applier
from .details import MAX_TAGS, Details, as_text, from_text
from .filters import ObjectFilter, matching_rows
from .layers import held_layer
from .model import Applied, Layer, Status
from .store import forget_redo
from .tables import annotation


@dataclass(frozen=True, slots=True)
class SetTerm:
    """Give objects a class; ``None`` takes it away."""

    term_id: int | None


@dataclass(frozen=True, slots=True)
class AcceptTerm:
    """Agree to the classes that a program suggested."""


@dataclass(frozen=True, slots=True)
class SetStatus:
    """Say where objects stand."""

    status: Status


@dataclass(frozen=True, slots=True)
class AddTag:
    """Give objects a tag that they do not have yet."""

    tag: str


@dataclass(frozen=True, slots=True)
class RemoveTag:
    """Take a tag away."""

    tag: str


@dataclass(frozen=True, slots=True)
class SetLocked:
    """Lock or unlock objects."""

    locked: bool


@dataclass(frozen=True, slots=True)
class MoveTo:
    """Put objects into another layer of the image; they keep their numbers."""

    layer: Layer


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete objects."""


Action = SetTerm | AcceptTerm | SetStatus | AddTag | RemoveTag | SetLocked | MoveTo | Delete


@dataclass(frozen=True, slots=True)
class BulkDone:
    """How many objects a filter chose, how many of them changed, and how many were spared as locked.

    ``applied`` is ``None`` where nothing had to change.
    """

    matched: int
    changed: int
    locked: int
    applied: Applied | None


def label_of(action: Action, count: int) -> str:
    """What the undo list says."""
    objects = f"{count:,} object{'' if count == 1 else 's'}"
    match action:
        case SetTerm():
            return f"Set the class of {objects}"
        case AcceptTerm():
            return f"Accept the class of {objects}"
        case SetStatus(status):
            return f"Mark {objects} as {status.name.lower()}"
        case AddTag(tag):
            return f"Tag {objects} with {tag}"
        case RemoveTag(tag):
            return f"Take the tag {tag} from {objects}"
        case SetLocked(locked):
            return f"{'Lock' if locked else 'Unlock'} {objects}"
        case MoveTo(layer):
            return f"Move {objects} to {layer.name}"
        case Delete():
            return f"Delete {objects}"
        case _:
            assert_never(action)


def _spares_locked(action: Action) -> bool:
    return isinstance(action, SetTerm | AcceptTerm | MoveTo | Delete)


def changed_columns(row: Mapping[str, Any], action: Action) -> dict[str, Any]:
    """The columns that an action changes in a row, empty where it already is as wanted."""
    match action:
        case SetTerm(term_id):
            wanted: dict[str, Any] = {"term_id": term_id, "term_score": None}
        case AcceptTerm():
            wanted = {"term_score": None}
        case SetStatus(status):
            wanted = {"status": int(status)}
        case SetLocked(locked):
            wanted = {"locked": locked}
        case MoveTo(layer):
            wanted = {"layer_id": layer.id}
        case AddTag(tag) | RemoveTag(tag):
            wanted = {"details": _tagged(row["details"], tag, wanted=isinstance(action, AddTag))}
        case Delete():
            return {}
        case _:
            assert_never(action)
    return {name: value for name, value in wanted.items() if row[name] != value}


def _tagged(text: str | None, tag: str, *, wanted: bool) -> str | None:
    details = from_text(text)
    if (tag in details.tags) == wanted:
        return text
    tags = (*details.tags, tag) if wanted else tuple(one for one in details.tags if one != tag)
    if len(tags) > MAX_TAGS:
        raise InvalidInputError(
            f"An object has {MAX_TAGS} tags already, and there is no room for {tag!r}. Remove one first."
        )
    return as_text(Details(details.properties, tags, details.description))


def without_geometry() -> list[Any]:
    """The columns of an object in their order, its outline left out: it is large and stays as it is."""
    return [null().label("geom") if column.name == "geom" else column for column in annotation.columns]


def amended(row: Mapping[str, Any], changes: Mapping[str, Any], change_id: int) -> dict[str, Any]:
    """The row with other values, one version later."""
    return {**row, **changes, "version": row["version"] + 1, "change_id": change_id}


def apply_bulk(connection: Connection, chosen: ObjectFilter, action: Action, *, layer: Layer, user_id: int) -> BulkDone:
    """Apply an action to all objects that a filter chooses, as one change; locked ones are spared and counted.

    A lock spares an object's outline, class, layer and life, not its tags and its state.
    """
    layer = held_layer(connection, layer)
    if isinstance(action, MoveTo):
        held_layer(connection, action.layer)
    rows = matching_rows(connection, layer.id, chosen, without_geometry())
    free = [row for row in rows if not (row["locked"] and _spares_locked(action))]
    locked = len(rows) - len(free)
    if isinstance(action, Delete):
        pairs: list[tuple[dict[str, Any], dict[str, Any]]] = [(row, {}) for row in free]
    else:
        pairs = [(row, changes) for row in free if (changes := changed_columns(row, action))]
    if not pairs:
        return BulkDone(len(rows), 0, locked, None)
    forget_redo(connection, layer.image_id, user_id)
    applier = Applier(connection, layer=layer, user_id=user_id, label=label_of(action, len(pairs)))
    if isinstance(action, Delete):
        applier.remove({row["id"]: row for row, _ in pairs})
    else:
        applier.amend([row for row, _ in pairs], [amended(row, changes, applier.change_id) for row, changes in pairs])
    return BulkDone(len(rows), len(pairs), locked, applier.finish())
