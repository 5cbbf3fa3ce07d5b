"""What was done on an image, newest first: who changed what, and whether it still stands."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, and_, case, func, or_, select

from .tables import annotation_revision, change, layer


@dataclass(frozen=True, slots=True)
class Entry:
    """One step of work. ``layer_uuid`` is ``None`` where the layer was deleted since."""

    id: int
    at: datetime
    user_id: int
    label: str
    layer_uuid: UUID | None
    layer_name: str | None
    objects: int
    stands: bool
    undoable: bool
    """Whether undo of its user will come to it."""


def entries(connection: Connection, *, image_id: int, limit: int, before: int | None = None) -> list[Entry]:
    """The newest changes of an image, or those older than the change ``before``.

    A change that was undone is listed as one that does not stand; the steps by which it was taken back are not. A
    change that was done again is listed once, at the time when that happened.
    """
    revised = (
        select(func.count())
        .where(annotation_revision.c.by_change_id == change.c.id)
        .correlate(change)
        .scalar_subquery()
    )
    undone = or_(change.c.state == "undone", and_(change.c.state == "discarded", change.c.undo_change_id.is_not(None)))
    shown = case((layer.c.removed, None), else_=layer.c.uuid)
    query = (
        select(change, shown.label("layer_uuid"), layer.c.name.label("layer_name"), revised.label("revised"))
        .join(layer, layer.c.id == change.c.layer_id, isouter=True)
        .where(change.c.image_id == image_id)
        .where(or_(change.c.state.in_(["done", "run"]), undone))
        .order_by(change.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(change.c.id < before)
    return [
        Entry(
            id=row.id,
            at=row.at,
            user_id=row.user_id,
            label=row.label,
            layer_uuid=row.layer_uuid,
            layer_name=row.layer_name,
            objects=row.created + row.revised,
            stands=row.state in ("done", "run"),
            undoable=row.state == "done",
        )
        for row in connection.execute(query)
    ]
