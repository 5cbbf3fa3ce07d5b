"""The store of layers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, delete, false, func, insert, select, update

from cytoloop.core.clock import utc_now
from cytoloop.core.errors import NotFoundError
from cytoloop.core.ids import new_uuid
from cytoloop.storage.locks import Held, hold
from cytoloop.storage.rows import batches

from .model import Layer, Status
from .tables import (
    annotation,
    annotation_revision,
    change,
    idempotency,
    layer,
    point_block,
    stat,
    status_count,
    tile_version,
)

_SHOWN = layer.c.removed.is_(false())


def _layer(row: RowMapping) -> Layer:
    return Layer(**row)


def create_layer(
    connection: Connection,
    *,
    image_id: int,
    name: str,
    kind: str,
    creator_id: int,
    run_id: UUID | None = None,
) -> Layer:
    """Add a layer to an image."""
    result = connection.execute(
        insert(layer)
        .values(
            uuid=new_uuid(),
            image_id=image_id,
            name=name,
            kind=kind,
            creator_id=creator_id,
            run_id=run_id,
            generation=0,
            created_at=utc_now(),
        )
        .returning(layer)
    )
    return _layer(result.mappings().one())


def held_layer(connection: Connection, one: Layer) -> Layer:
    """The layer as it is now, or ``NotFoundError``; nobody else changes objects of its image in this transaction."""
    hold(connection, Held.IMAGE, one.image_id)
    return layer_by_id(connection, one.id)


def _find_user_layer(connection: Connection, image_id: int, creator_id: int) -> Layer | None:
    row = (
        connection.execute(
            select(layer)
            .where(layer.c.image_id == image_id)
            .where(layer.c.creator_id == creator_id)
            .where(layer.c.kind == "user")
            .order_by(layer.c.id)
            .limit(1)
        )
        .mappings()
        .first()
    )
    return None if row is None else _layer(row)


def user_layer(connection: Connection, *, image_id: int, creator_id: int, name: str) -> Layer:
    """The user's own layer on the image, made on first use."""
    found = _find_user_layer(connection, image_id, creator_id)
    if found is not None:
        return found
    hold(connection, Held.IMAGE, image_id)
    found = _find_user_layer(connection, image_id, creator_id)  # made while we waited?
    return found or create_layer(connection, image_id=image_id, name=name, kind="user", creator_id=creator_id)


def find_review_layer(connection: Connection, image_id: int) -> Layer | None:
    """The layer of the image that holds accepted objects, if there is one yet."""
    row = (
        connection.execute(
            select(layer)
            .where(layer.c.image_id == image_id)
            .where(layer.c.kind == "review")
            .order_by(layer.c.id)
            .limit(1)
        )
        .mappings()
        .first()
    )
    return None if row is None else _layer(row)


def review_layer(connection: Connection, *, image_id: int, creator_id: int) -> Layer:
    """The layer of the image that holds accepted objects, made on first use."""
    hold(connection, Held.IMAGE, image_id)
    found = find_review_layer(connection, image_id)
    return found or create_layer(connection, image_id=image_id, name="Review", kind="review", creator_id=creator_id)


SCRIBBLES = "scribbles"
"""Kind of the layer on which pixels are labelled for pixel classifiers; everybody who may draw draws on it."""
LANDMARKS = "landmarks"
"""Kind of the layer on which named points are placed and suggested; everybody who may draw draws on it."""


def find_shared_layer(connection: Connection, *, image_id: int, kind: str) -> Layer | None:
    """The image's one layer of a kind that everybody shares, if it is there."""
    query = select(layer).where(layer.c.image_id == image_id).where(layer.c.kind == kind).where(_SHOWN)
    row = connection.execute(query.order_by(layer.c.id).limit(1)).mappings().first()
    return None if row is None else _layer(row)


def shared_layer(connection: Connection, *, image_id: int, creator_id: int, kind: str) -> Layer:
    """The image's one layer of scribbles or of landmarks, made on first use."""
    hold(connection, Held.IMAGE, image_id)
    found = find_shared_layer(connection, image_id=image_id, kind=kind)
    if found is not None:
        return found
    return create_layer(connection, image_id=image_id, name=kind.capitalize(), kind=kind, creator_id=creator_id)


def layer_by_uuid(connection: Connection, uuid: UUID) -> Layer:
    """The layer, or ``NotFoundError``."""
    row = connection.execute(select(layer).where(layer.c.uuid == uuid).where(_SHOWN)).mappings().first()
    if row is None:
        raise NotFoundError(f"There is no layer {uuid}.")
    return _layer(row)


def layers_by_uuid(connection: Connection, uuids: Sequence[UUID]) -> list[Layer]:
    """Those of these layers that are there."""
    query = select(layer).where(layer.c.uuid.in_(uuids)).where(_SHOWN)
    rows = connection.execute(query.order_by(layer.c.id)).mappings()
    return [_layer(row) for row in rows]


def layer_by_id(connection: Connection, layer_id: int) -> Layer:
    """The layer, also one that undo took away, or ``NotFoundError``."""
    found = find_layer(connection, layer_id)
    if found is None:
        raise NotFoundError("The layer is not there any more.")
    return found


def find_layer(connection: Connection, layer_id: int) -> Layer | None:
    """The layer, also one that undo took away, if it is there."""
    row = connection.execute(select(layer).where(layer.c.id == layer_id)).mappings().first()
    return None if row is None else _layer(row)


def layers_of_image(connection: Connection, image_id: int) -> list[Layer]:
    """Every layer of an image, oldest first."""
    return [one for one in all_layers_of_image(connection, image_id) if not one.removed]


def all_layers_of_image(connection: Connection, image_id: int) -> list[Layer]:
    """Also those that undo took away."""
    rows = connection.execute(select(layer).where(layer.c.image_id == image_id).order_by(layer.c.id)).mappings()
    return [_layer(row) for row in rows]


def layers_of_run(connection: Connection, run_id: UUID) -> list[Layer]:
    """Every layer that a run made."""
    query = select(layer).where(layer.c.run_id == run_id).where(_SHOWN)
    rows = connection.execute(query.order_by(layer.c.id)).mappings()
    return [_layer(row) for row in rows]


def rename_layer(connection: Connection, layer_id: int, name: str) -> None:
    connection.execute(update(layer).where(layer.c.id == layer_id).values(name=name))


def set_measurements(connection: Connection, layer_id: int, facts: dict[str, Any] | None) -> None:
    """Record which table holds the layer's measurements."""
    connection.execute(update(layer).where(layer.c.id == layer_id).values(measurements=facts))


def delete_layer(connection: Connection, layer_id: int) -> None:
    """Delete the layer with its objects and their history."""
    hold(connection, Held.IMAGE, layer_by_id(connection, layer_id).image_id)
    for table in (
        annotation,
        annotation_revision,
        point_block,
        stat,
        status_count,
        tile_version,
        change,
        idempotency,
    ):
        connection.execute(delete(table).where(table.c.layer_id == layer_id))
    connection.execute(delete(layer).where(layer.c.id == layer_id))


def delete_layers_of_image(connection: Connection, image_id: int) -> None:
    """Delete every layer of an image."""
    for one in all_layers_of_image(connection, image_id):
        delete_layer(connection, one.id)


def term_counts(connection: Connection, layer_ids: Sequence[int]) -> dict[int, dict[int | None, int]]:
    """How many objects of each class each layer has; key ``None`` counts those without a class."""
    counts: dict[int, dict[int | None, int]] = {one: {} for one in layer_ids}
    rows = connection.execute(
        select(stat.c.layer_id, stat.c.term_id, func.sum(stat.c.n))
        .where(stat.c.layer_id.in_(layer_ids))
        .group_by(stat.c.layer_id, stat.c.term_id)
    )
    for layer_id, term_id, n in rows:
        if n:
            counts[layer_id][term_id or None] = int(n)
    return counts


def state_counts(connection: Connection, layer_ids: Sequence[int]) -> dict[int, dict[Status, int]]:
    """How many objects of each state each layer has."""
    counts = {one: dict.fromkeys(Status, 0) for one in layer_ids}
    for row in connection.execute(select(status_count).where(status_count.c.layer_id.in_(layer_ids))):
        counts[row.layer_id][Status(row.status)] = int(row.n)
    return counts


def run_layers_of_images(connection: Connection, image_ids: Sequence[int]) -> list[Layer]:
    """The layers that runs made on these images."""
    query = select(layer).where(layer.c.kind == "run").where(_SHOWN).order_by(layer.c.id)
    parts = [connection.execute(query.where(layer.c.image_id.in_(one))).mappings() for one in batches(image_ids)]
    return [_layer(row) for part in parts for row in part]


def count_of_images(connection: Connection, image_ids: Sequence[int]) -> dict[int, int]:
    """How many objects each image has in all its layers."""
    rows = connection.execute(
        select(layer.c.image_id, func.sum(stat.c.n))
        .join(stat, stat.c.layer_id == layer.c.id)
        .where(layer.c.image_id.in_(image_ids))
        .where(_SHOWN)
        .group_by(layer.c.image_id)
    )
    return {image_id: int(n or 0) for image_id, n in rows}
