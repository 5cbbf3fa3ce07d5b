"""The objects most like one, and the class that they suggest."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from shapely import to_wkb
from sqlalchemy import Connection

from cytoloop.annotations import store
from cytoloop.annotations.model import Annotation, Layer, Status
from cytoloop.core.geometry import Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.learning.retrieval.nearest import nearest
from cytoloop.workflows.classifier_shelf import ClassifierShelf
from cytoloop.workflows.labelled import ObjectRow, area_states

from .vectors import ProjectVectors, plane_vectors, project_vectors

VOTERS = 15
"""The nearest objects with a class from a person that suggest one."""
_FADES = 0.05
_LOOKED_AT = 4
"""Times as many as are asked for are looked up: some may be gone."""


@dataclass(frozen=True, slots=True)
class Similar:
    """An object and how alike it is, -1 to 1."""

    layer: Layer
    annotation: Annotation
    similarity: float


@dataclass(frozen=True, slots=True)
class SuggestedClass:
    """A class, and its share of the votes of the nearest objects that have one."""

    term_id: int
    share: float


@dataclass(frozen=True, slots=True)
class Found:
    """The likest objects first; ``compared`` of ``total`` objects of the project have a vector."""

    objects: list[Similar]
    suggestions: list[SuggestedClass]
    compared: int
    total: int


def known_vectors(
    connection: Connection, shelf: ClassifierShelf, project: UUID, layers: Sequence[Layer]
) -> tuple[ProjectVectors, int]:
    """Vectors of these layers, and how many objects they have."""
    states = area_states(connection, layers)
    total = sum(one[Status.ACCEPTED] + one[Status.PREDICTED] for one in states.values())
    return project_vectors(shelf, project, [(one.id, one.uuid) for one in layers]), total


def vector_of(one: Annotation, vectors: ProjectVectors, pyramid: Pyramid) -> NDArray[np.float32]:
    """The object's vector: remembered where its outline is the same, else computed now."""
    row = ObjectRow(one.id, one.version, one.z, one.t, to_wkb(one.geometry), one.term_id)
    known = np.flatnonzero((vectors.known.ids == one.id) & (vectors.known.shapes == row.shape))
    if len(known):
        return vectors.known.values[known[0]]
    return plane_vectors(pyramid, [one.geometry], Plane(one.z, one.t))[0]


def similar_objects(
    connection: Connection,
    query: NDArray[np.float32],
    vectors: ProjectVectors,
    layers: Sequence[Layer],
    *,
    but: int,
    count: int,
    total: int,
) -> Found:
    """The objects most like a vector, without the object ``but``; rejected and deleted ones are left out."""
    ids = vectors.known.ids
    rows, cosines = nearest(query, vectors.known.values, max(count, VOTERS) * _LOOKED_AT + 1)
    by_row = {one.id: one for one in layers}
    present = {one.id: one for one in store.annotations_by_id(connection, [int(key) for key in ids[rows]])}
    found = [
        Similar(by_row[one.layer_id], one, float(cosine))
        for key, cosine in zip(ids[rows].tolist(), cosines.tolist(), strict=True)
        if key != but
        and (one := present.get(key)) is not None
        and one.layer_id in by_row
        and one.status is not Status.REJECTED
    ]
    return Found(found[:count], _votes(found), int(np.isfinite(vectors.known.values[:, 0]).sum()), total)


def _votes(found: Sequence[Similar]) -> list[SuggestedClass]:
    """Classes from people among the nearest; who is ``_FADES`` less alike than the likest has a third of a vote."""
    labelled = [one for one in found if one.annotation.term_id is not None and one.annotation.term_score is None]
    weights: dict[int, float] = defaultdict(float)
    for one in labelled[:VOTERS]:
        weights[one.annotation.term_id or 0] += math.exp((one.similarity - labelled[0].similarity) / _FADES)
    whole = sum(weights.values())
    ranked = sorted(weights.items(), key=lambda one: (-one[1], one[0]))
    return [SuggestedClass(term, weight / whole) for term, weight in ranked]
