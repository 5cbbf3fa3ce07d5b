"""The store of objects: one step of work in one transaction, and windows of objects back."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    select,
    update,
)

from cytoloop.core.errors import InvalidInputError, NotFoundError, StaleVersionError
from cytoloop.core.geometry import Box
from cytoloop.storage.locks import Held, hold
from cytoloop.storage.rows import batches

from .applier import Applier
from .counts import record_difference
from .edits import edited_row, refuse_locked
from .layers import held_layer
from .model import Annotation, Applied, ChangeSet, Layer
from .rows import Row, as_annotations, as_row
from .tables import ANNOTATION_COLUMNS, annotation, annotation_revision, change
from .windows import in_cells, levels_in_use

_TERM, _TERM_SCORE, _VERSION = (ANNOTATION_COLUMNS.index(name) for name in ("term_id", "term_score", "version"))


def apply_change(
    connection: Connection,
    change_set: ChangeSet,
    *,
    layer: Layer,
    user_id: int,
    kind: str = "done",
) -> Applied:
    """Apply one step of work to a layer.

    Parameters
    ----------
    kind
        ``"done"`` for work that its user can undo, ``"run"`` for what a job wrote.

    Raises
    ------
    StaleVersionError
        An object was changed since it was read; ``details["stale"]`` lists the ids. Nothing was applied.
    ConflictError
        A locked object would be changed or deleted; ``details["locked"]`` lists the ids.
    """
    layer = held_layer(connection, layer)
    touched = {one.id: one.version for one in change_set.edits}
    removed = {one.id: one.version for one in change_set.removals}
    if len(touched) + len(removed) < len(change_set.edits) + len(change_set.removals) or (
        touched.keys() & removed.keys()
    ):
        raise InvalidInputError("An object appears twice in one change; send each once.")
    current = _current_rows(connection, layer.id, {**touched, **removed})
    refuse_locked(current, change_set.edits, removed)
    applier = Applier(connection, layer=layer, user_id=user_id, label=change_set.label, state=kind)
    forget_redo(connection, layer.image_id, user_id)
    created = applier.create(change_set.creates)
    edited = [edited_row(current[one.id], one, applier.change_id) for one in change_set.edits]
    if edited:
        applier.replace({one.id: current[one.id] for one in change_set.edits}, edited)
    if removed:
        applier.remove({key: current[key] for key in removed})
    return applier.finish(created, {row["id"]: row["version"] for row in edited})


def forget_redo(connection: Connection, image_id: int, user_id: int) -> None:
    """New work: what the user had undone on the image cannot be done again."""
    connection.execute(
        update(change)
        .where(change.c.image_id == image_id)
        .where(change.c.user_id == user_id)
        .where(change.c.state == "undone")
        .values(state="discarded")
    )


def _current_rows(connection: Connection, layer_id: int, versions: dict[int, int]) -> dict[int, dict[str, Any]]:
    found = rows_by_id(connection, list(versions))
    stale = [
        key
        for key, version in versions.items()
        if key not in found or found[key]["layer_id"] != layer_id or found[key]["version"] != version
    ]
    if stale:
        raise StaleVersionError(
            f"{len(stale)} of the objects were changed or deleted by someone since you read them; "
            "nothing was saved. Reload them and repeat the edit.",
            stale=stale,
        )
    return found


def rows_by_id(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Present rows by object id; ids that are not there are left out."""
    found: dict[int, dict[str, Any]] = {}
    for batch in batches(ids):
        for row in connection.execute(select(annotation).where(annotation.c.id.in_(batch))).mappings():
            found[row["id"]] = dict(row)
    return found


def annotation_by_id(connection: Connection, annotation_id: int) -> Annotation:
    """One object, or ``NotFoundError``."""
    found = annotations_by_id(connection, [annotation_id])
    if not found:
        raise NotFoundError(f"There is no object {annotation_id}; it may have been deleted.")
    return found[0]


def annotations_by_id(connection: Connection, ids: Sequence[int]) -> list[Annotation]:
    """Present objects of these ids."""
    found: list[Annotation] = []
    for batch in batches(ids):
        found += as_annotations(connection.execute(select(annotation).where(annotation.c.id.in_(batch))).all())
    return found


def window_condition(connection: Connection, layer_id: int, window: Box) -> ColumnElement[bool]:
    """The condition that selects a layer's objects whose box touches the window."""
    return and_(
        in_cells(annotation, layer_id, window, levels_in_use(connection, layer_id)),
        annotation.c.x1 >= window.x0,
        annotation.c.x0 <= window.x1,
        annotation.c.y1 >= window.y0,
        annotation.c.y0 <= window.y1,
    )


def select_objects(
    connection: Connection,
    layer_id: int,
    *,
    window: Box | None = None,
    z: int | None = None,
    t: int | None = None,
    term_id: int | None = None,
    ids: Sequence[int] | None = None,
) -> Select[Any]:
    """A query for objects of a layer. ``term_id`` 0 means those without a class; ``ids`` are at most a few thousand."""
    query = select(annotation)
    if window is None:
        query = query.where(annotation.c.layer_id == layer_id)
    else:
        query = query.where(window_condition(connection, layer_id, window))
    if z is not None:
        query = query.where(annotation.c.z == z)
    if t is not None:
        query = query.where(annotation.c.t == t)
    if term_id is not None:
        query = query.where(annotation.c.term_id.is_(None) if term_id == 0 else annotation.c.term_id == term_id)
    if ids is not None:
        query = query.where(annotation.c.id.in_(ids))
    return query


def annotations_page(connection: Connection, query: Select[Any], *, after_id: int, limit: int) -> list[Annotation]:
    """The next objects of a query by id."""
    rows = connection.execute(query.where(annotation.c.id > after_id).order_by(annotation.c.id).limit(limit))
    return as_annotations(rows.all())


def geometries(connection: Connection, query: Select[Any]) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Ids ``(n,)`` and decoded geometries ``(n,)`` of a query: the quick way to many outlines."""
    rows = connection.execute(query.with_only_columns(annotation.c.id, annotation.c.geom)).all()
    ids = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    return ids, np.asarray(shapely.from_wkb([row[1] for row in rows]), dtype=object)


def count_objects(connection: Connection, query: Select[Any]) -> int:
    """How many objects a query selects."""
    counted = query.with_only_columns(func.count(), maintain_column_froms=True)
    return int(connection.execute(counted).scalar_one())


def _without_term(row: Row) -> Row:
    """The row as the next version without a class."""
    changed = list(row)
    changed[_TERM] = changed[_TERM_SCORE] = None
    changed[_VERSION] += 1
    return tuple(changed)


def clear_term(connection: Connection, term_id: int, layers: Sequence[Layer]) -> None:
    """Take a class away from every object of these layers; used when the class is deleted."""
    hold(connection, Held.IMAGE, *(one.image_id for one in layers))
    for one in layers:
        rows = [
            as_row(row)
            for row in connection.execute(
                select(annotation).where(annotation.c.layer_id == one.id).where(annotation.c.term_id == term_id)
            ).mappings()
        ]
        if not rows:
            continue
        connection.execute(
            update(annotation)
            .where(annotation.c.layer_id == bindparam("layer"))
            .where(annotation.c.term_id == bindparam("term"))
            .values(term_id=None, term_score=None, version=annotation.c.version + 1),
            {"layer": one.id, "term": term_id},
        )
        connection.execute(
            update(annotation_revision)
            .where(annotation_revision.c.layer_id == one.id)
            .where(annotation_revision.c.term_id == term_id)
            .values(term_id=None, term_score=None)
        )
        record_difference(connection, one.id, rows, [_without_term(row) for row in rows])
