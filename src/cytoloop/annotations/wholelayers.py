"""Layers that a job made, as steps of the history: each is taken away and brought back as a whole.

Objects are not deleted one by one: the layer is only marked, so that a run of a million objects goes and comes
back at once. Undo refuses where somebody else has worked on the layer since.
"""

from sqlalchemy import Connection, RowMapping, exists, func, insert, select, update

from cytoloop.core.clock import utc_now
from cytoloop.core.errors import ConflictError

from .layers import layer_by_id
from .model import Applied, Layer, LayerChange
from .tables import annotation_revision, change, layer, stat

PART = "part"
"""State of a change by which a job wrote a part of its layer: the layer as a whole is the step."""


def record_layer(connection: Connection, made: Layer, *, user_id: int, label: str, parts: str) -> None:
    """Make the layer the newest step of its user's history, once; ``parts`` is the state of what wrote it."""
    written = update(change).where(change.c.layer_id == made.id)
    connection.execute(written.where(change.c.state == parts).values(state=PART))
    count = select(func.coalesce(func.sum(stat.c.n), 0)).where(stat.c.layer_id == made.id)
    objects = int(connection.execute(count).scalar_one())
    known = written.where(change.c.whole_layer).where(change.c.state == "done").values(created=objects)
    if connection.execute(known).rowcount == 0:
        _add(connection, made, user_id=user_id, label=label, state="done", objects=objects)


def flip_layer(connection: Connection, target: RowMapping, *, user_id: int, label: str) -> Applied:
    """Take the layer of a step away, or bring it back. Raises ``ConflictError`` where someone is in the way."""
    found = layer_by_id(connection, target["layer_id"])
    if not found.removed:
        _refuse_if_touched(connection, found, after=target["id"], user_id=user_id)
    generation = connection.execute(
        update(layer)
        .where(layer.c.id == found.id)
        .values(removed=not found.removed, generation=layer.c.generation + 1)
        .returning(layer.c.generation)
    ).scalar_one()
    objects = target["created"]
    number = _add(connection, found, user_id=user_id, label=label, state="inverse", objects=objects)
    what = f"the layer \u201c{found.name}\u201d with {objects:,} object{'' if objects == 1 else 's'}"
    note = f"Brought back {what}." if found.removed else f"Took away {what}. Redo brings it back."
    touched = (LayerChange(found.id, generation, None),)
    return Applied(number, found.id, generation, layers=touched, note=note)


def forgotten_layers(connection: Connection, limit: int = 100) -> list[int]:
    """Layers that were taken away and that no redo can bring back any more."""
    waiting = (
        exists()
        .where(change.c.layer_id == layer.c.id)
        .where(change.c.whole_layer)
        .where(change.c.state == "undone")
        .correlate(layer)
    )
    query = select(layer.c.id).where(layer.c.removed).where(~waiting).order_by(layer.c.id).limit(limit)
    return list(connection.execute(query).scalars())


def _add(connection: Connection, made: Layer, *, user_id: int, label: str, state: str, objects: int) -> int:
    values = {"at": utc_now(), "user_id": user_id, "image_id": made.image_id, "layer_id": made.id, "first_id": 0}
    row = insert(change).values(label=label[:100], state=state, created=objects, whole_layer=True, **values)
    return int(connection.execute(row.returning(change.c.id)).scalar_one())


def _refuse_if_touched(connection: Connection, found: Layer, *, after: int, user_id: int) -> None:
    drawn = (
        select(change.c.id)
        .where(change.c.layer_id == found.id)
        .where(change.c.id > after)
        .where(change.c.user_id != user_id)
        .limit(1)
    )
    revised = (
        select(annotation_revision.c.id)
        .join(change, change.c.id == annotation_revision.c.by_change_id)
        .where(annotation_revision.c.layer_id == found.id)
        .where(annotation_revision.c.by_change_id > after)
        .where(change.c.user_id != user_id)
        .limit(1)
    )
    if any(connection.execute(query).first() is not None for query in (drawn, revised)):
        raise ConflictError(
            f"Someone else has worked on the layer {found.name!r} since; taking it away would lose their work. "
            "Hide it, or ask a manager to delete it."
        )
