"""The objects most like one, and the class that they suggest."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely import to_wkb
from sqlalchemy import Connection

from cytoloop.annotations import store
from cytoloop.annotations.model import Annotation, Layer, Status
from cytoloop.core.geometry import Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.learning.retrieval.nearest import PackedVectors, nearest
from cytoloop.workflows.classification.labelled import ObjectRow, area_states

from .vectors import LayerVectors, plane_vectors

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


def object_count(connection: Connection, layers: Sequence[Layer]) -> int:
    """How many objects of these layers could be compared."""
    states = area_states(connection, layers)
    return sum(one[Status.ACCEPTED] + one[Status.PREDICTED] for one in states.values())


def vector_of(one: Annotation, vectors: LayerVectors, pyramid: Pyramid) -> NDArray[np.float32]:
    """The object's vector: remembered where its outline is the same, else computed now."""
    row = ObjectRow(one.id, one.version, one.z, one.t, to_wkb(one.geometry), one.term_id)
    known = vectors.of(row)
    return plane_vectors(pyramid, [one.geometry], Plane(one.z, one.t))[0] if known is None else known


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest of ``compared`` objects by id, the likest first, and how alike they are, -1 to 1."""

    ids: list[int]
    similarities: list[float]
    compared: int


def neighbours(query: NDArray[np.float32], vectors: Iterable[LayerVectors], count: int) -> Neighbours:
    """The objects with a vector most like one; some more than ``count``, as not all may be there still."""
    ids: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    numbers = 0

    def blocks() -> Iterator[PackedVectors]:
        nonlocal numbers
        for layer in vectors:
            for keys, packed in layer.every():
                ids.append(keys)
                numbers += int(np.isfinite(packed.scales).sum())
                yield packed

    rows, cosines = nearest(query, blocks(), max(count, VOTERS) * _LOOKED_AT + 1)
    return Neighbours(np.concatenate(ids)[rows].tolist(), cosines.tolist(), numbers)


def similar_objects(
    connection: Connection, near: Neighbours, layers: Sequence[Layer], *, but: int, count: int, total: int
) -> Found:
    """The nearest that are there, without the object ``but``; rejected and deleted ones are left out."""
    by_row = {one.id: one for one in layers}
    present = {one.id: one for one in store.annotations_by_id(connection, near.ids)}
    found = [
        Similar(by_row[one.layer_id], one, similarity)
        for key, similarity in zip(near.ids, near.similarities, strict=True)
        if key != but
        and (one := present.get(key)) is not None
        and one.layer_id in by_row
        and one.status is not Status.REJECTED
    ]
    return Found(found[:count], _votes(found), near.compared, total)


def _votes(found: Sequence[Similar]) -> list[SuggestedClass]:
    """Classes from people among the nearest; who is ``_FADES`` less alike than the likest has a third of a vote."""
    labelled = [one for one in found if one.annotation.term_id is not None and one.annotation.term_score is None]
    weights: dict[int, float] = defaultdict(float)
    for one in labelled[:VOTERS]:
        weights[one.annotation.term_id or 0] += math.exp((one.similarity - labelled[0].similarity) / _FADES)
    whole = sum(weights.values())
    ranked = sorted(weights.items(), key=lambda one: (-one[1], one[0]))
    return [SuggestedClass(term, weight / whole) for term, weight in ranked]
