"""Which object to look at next: open ones, in the order that the last classification worked out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import numpy as np
import pyarrow.parquet as pq
from sqlalchemy import Connection, select

from cytoloop.annotations.layers import layers_by_uuid
from cytoloop.annotations.model import Layer
from cytoloop.annotations.tables import annotation
from cytoloop.learning.classifiers.package import ClassifierPackage
from cytoloop.projects.images import ProjectImage
from cytoloop.storage.rows import batches

from .labelled import is_open, layers_to_learn_from
from .shelf import CHECKED, ClassifierShelf

QueueName = Literal["uncertainty", "diversity", "disagreement"]
_LOOKED_AT = 4000
"""Entries of a queue that are compared with what is open now."""


@dataclass(frozen=True, slots=True)
class Queued:
    """An object of a queue; ``value`` is what it was sorted by."""

    layer: Layer
    id: int
    version: int
    term_id: int | None
    term_score: float | None
    value: float


def queued_objects(
    connection: Connection,
    shelf: ClassifierShelf,
    project: UUID,
    images: Sequence[ProjectImage],
    by: QueueName,
    limit: int,
) -> list[Queued]:
    """The first open objects of a queue on these images; none before a classifier was applied."""
    path = shelf.queue_path(project)
    if not path.is_file():
        return []
    table = pq.read_table(path)
    layers = {one.id: one for one in layers_to_learn_from(connection, images)}
    layer_ids, ids, values = (table[name].to_numpy() for name in ("layer", "id", by))
    inside = np.isin(layer_ids, list(layers)) & (values >= 0)
    rows = np.flatnonzero(inside)
    order = rows[np.argsort(values[rows] if by == "diversity" else -values[rows], kind="stable")][:_LOOKED_AT]
    present = _open_among(connection, [int(one) for one in ids[order]])
    found = [
        Queued(layers[int(layer_ids[row])], *present[int(ids[row])], float(values[row]))
        for row in order
        if int(ids[row]) in present
    ]
    return found[:limit]


def _open_among(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[int, int, int | None, float | None]]:
    columns = annotation.c
    found: dict[int, tuple[int, int, int | None, float | None]] = {}
    for part in batches(ids):
        query = select(columns.id, columns.version, columns.term_id, columns.term_score)
        for key, version, term_id, score in connection.execute(query.where(columns.id.in_(part)).where(is_open())):
            found[key] = (key, version, term_id, score)
    return found


@dataclass(frozen=True, slots=True)
class Checked:
    """A label and what it was taken for while it was held out; classes by their place in the classifier."""

    layer: Layer
    id: int
    version: int
    truth: int
    predicted: int
    score: float


def checked_objects(
    connection: Connection,
    package: ClassifierPackage,
    layers: Sequence[UUID],
    *,
    truth: int,
    predicted: int,
    limit: int,
) -> list[Checked]:
    """Labels of one cell of the confusion matrix that are still there, the surest first."""
    pairs = _cell(package, truth, predicted)[:limit]
    known = {one.id: one for one in layers_by_uuid(connection, layers)}
    ids = [key for key, _ in pairs]
    query = select(annotation.c.id, annotation.c.layer_id, annotation.c.version)
    present: dict[int, tuple[int, int]] = {}
    for part in batches(ids):
        present |= {
            key: (layer, version) for key, layer, version in connection.execute(query.where(annotation.c.id.in_(part)))
        }
    return [
        Checked(known[present[key][0]], key, present[key][1], truth, predicted, score)
        for key, score in pairs
        if key in present and present[key][0] in known
    ]


def checked_images(package: ClassifierPackage, *, truth: int, predicted: int) -> list[tuple[int, float]]:
    """Rows of images of one cell of the confusion matrix and their scores, the surest first."""
    return _cell(package, truth, predicted)


def _cell(package: ClassifierPackage, truth: int, predicted: int) -> list[tuple[int, float]]:
    path = package.folder / CHECKED
    if not path.is_file():  # an imported classifier knows no objects
        return []
    table = pq.read_table(path)
    rows = np.flatnonzero((table["truth"].to_numpy() == truth) & (table["predicted"].to_numpy() == predicted))
    scores = table["score"].to_numpy()
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    return [(int(key), float(score)) for key, score in zip(table["id"].to_numpy()[rows], scores[rows], strict=True)]
