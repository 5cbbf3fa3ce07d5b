"""Scribbles: objects with a class on an image's layer of scribbles, from which pixel classifiers learn."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, select

from cytoloop.annotations.layers import SCRIBBLES
from cytoloop.annotations.model import Layer, Status
from cytoloop.annotations.tables import annotation, layer
from cytoloop.projects.images import ProjectImage
from cytoloop.storage.rows import batches


def is_scribble() -> ColumnElement[bool]:
    """Objects of any kind whose class a person gave or agreed to."""
    columns = annotation.c
    return and_(columns.term_id.is_not(None), columns.term_score.is_(None), columns.status != int(Status.REJECTED))


def scribble_layers(connection: Connection, images: Sequence[ProjectImage]) -> list[Layer]:
    """The layers of scribbles of these images, oldest first."""
    query = select(layer).where(layer.c.kind == SCRIBBLES).where(layer.c.removed.is_(False)).order_by(layer.c.id)
    ids = [one.id for one in images if one.stored is not None and one.state == "ready"]
    rows = [
        row for part in batches(ids) for row in connection.execute(query.where(layer.c.image_id.in_(part))).mappings()
    ]
    return [Layer(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class ScribbleCount:
    """How many scribbles of a class a layer has."""

    layer_id: int
    image_id: int
    term_id: int
    count: int


def scribble_counts(connection: Connection, layers: Sequence[Layer]) -> list[ScribbleCount]:
    """Scribbles of each class in each layer."""
    image_of = {one.id: one.image_id for one in layers}
    columns = annotation.c
    found: list[ScribbleCount] = []
    for part in batches(list(image_of)):
        query = (
            select(columns.layer_id, columns.term_id, func.count())
            .where(columns.layer_id.in_(part))
            .where(is_scribble())
            .group_by(columns.layer_id, columns.term_id)
        )
        rows = connection.execute(query)
        found += [ScribbleCount(layer_id, image_of[layer_id], term, count) for layer_id, term, count in rows]
    return found
