"""Which objects of a project people have classified, and which are open."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from cytoloop.annotations.geometry import LINES, Kind
from cytoloop.annotations.layers import state_counts
from cytoloop.annotations.model import Layer, Status
from cytoloop.annotations.points import read_records
from cytoloop.annotations.tables import annotation, layer
from cytoloop.learning.classifiers.specification import ImageKind
from cytoloop.projects.images import ProjectImage
from cytoloop.storage.rows import batches

SOURCES = ("user", "run", "import")
"""Kinds of layers that are learnt from and classified: the review's hold copies, a study's are answers."""
LARGE_LAYER = 20_000
"""Objects from which on a layer's labels are counted from packed numbers, not from rows."""
AREAS = frozenset(one for one in Kind if one not in (Kind.POINT, *LINES))
"""Kinds of objects that have an area."""
_AREAS = sorted(map(int, AREAS))


def is_area(*, rejected: bool = False) -> ColumnElement[bool]:
    """Objects with an area; those that were rejected only on request."""
    area = annotation.c.kind.in_(_AREAS)
    return area if rejected else and_(area, annotation.c.status != int(Status.REJECTED))


def is_labelled() -> ColumnElement[bool]:
    """Areas whose class a person gave or agreed to."""
    return and_(is_area(), annotation.c.term_id.is_not(None), annotation.c.term_score.is_(None))


def is_open() -> ColumnElement[bool]:
    """Areas without a class from a person, which may be changed."""
    unknown = or_(annotation.c.term_id.is_(None), annotation.c.term_score.is_not(None))
    return and_(is_area(), unknown, annotation.c.locked.is_(False))


def layers_to_learn_from(connection: Connection, images: Sequence[ProjectImage]) -> list[Layer]:
    """Layers of these images that are learnt from, oldest first."""
    query = select(layer).where(layer.c.kind.in_(SOURCES)).where(layer.c.removed.is_(False)).order_by(layer.c.id)
    ids = [one.id for one in images if one.stored is not None and one.state == "ready"]
    rows = [
        row for part in batches(ids) for row in connection.execute(query.where(layer.c.image_id.in_(part))).mappings()
    ]
    return [Layer(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How many objects of a layer have a class from a person, and how many a suggested one."""

    layer_id: int
    image_id: int
    term_id: int | None
    labelled: int
    suggested: int


def label_counts(connection: Connection, layers: Sequence[Layer]) -> list[LabelCount]:
    """Areas of each class in each layer; ``term_id`` ``None`` counts those without a class."""
    sizes = state_counts(connection, [one.id for one in layers])
    large = {one.id for one in layers if sum(sizes[one.id].values()) > LARGE_LAYER}
    found = _counted_by_rows(connection, [one for one in layers if one.id not in large])
    for one in layers:
        if one.id in large:
            found += _counted_by_records(connection, one)
    return found


def _counted_by_rows(connection: Connection, layers: Sequence[Layer]) -> list[LabelCount]:
    image_of = {one.id: one.image_id for one in layers}
    columns = annotation.c
    found: list[LabelCount] = []
    for part in batches(list(image_of)):
        query = (
            select(columns.layer_id, columns.term_id, func.count(), func.count(columns.term_score))
            .where(columns.layer_id.in_(part))
            .where(is_area())
            .group_by(columns.layer_id, columns.term_id)
        )
        for layer_id, term_id, total, suggested in connection.execute(query):
            found.append(LabelCount(layer_id, image_of[layer_id], term_id, total - suggested, suggested))
    return found


def _counted_by_records(connection: Connection, one: Layer) -> list[LabelCount]:
    """From the packed numbers: rows of very many objects take long to read."""
    points, facts = read_records(connection, one.id)
    area = np.isin(facts["kind"], _AREAS) & (points["status"] != int(Status.REJECTED))
    terms, place = np.unique(points["term"][area], return_inverse=True)
    total = np.bincount(place, minlength=len(terms)).tolist()
    suggested = np.bincount(place, ~np.isnan(facts["term_score"][area]), len(terms)).astype(int).tolist()
    counts = zip(terms.tolist(), total, suggested, strict=True)
    return [LabelCount(one.id, one.image_id, term or None, every - some, some) for term, every, some in counts]


def area_states(connection: Connection, layers: Sequence[Layer]) -> dict[int, Counter[Status]]:
    """How many areas of each state the layers of each image have, by the image's row."""
    sizes = state_counts(connection, [one.id for one in layers])
    image_of = {one.id: one.image_id for one in layers}
    found = {one.image_id: Counter[Status]() for one in layers}
    large = [one for one in image_of if sum(sizes[one].values()) > LARGE_LAYER]
    for one in large:  # from the packed numbers: rows of very many objects take long to read
        points, facts = read_records(connection, one)
        states, counts = np.unique(points["status"][np.isin(facts["kind"], _AREAS)], return_counts=True)
        for state, count in zip(states.tolist(), counts.tolist(), strict=True):
            found[image_of[one]][Status(state)] += count
    columns = annotation.c
    query = select(columns.layer_id, columns.status, func.count()).where(is_area(rejected=True))
    for part in batches([one for one in image_of if one not in set(large)]):
        grouped = query.where(columns.layer_id.in_(part)).group_by(columns.layer_id, columns.status)
        for layer_id, state, count in connection.execute(grouped):
            found[image_of[layer_id]][Status(state)] += count
    return found


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """An object as a worker needs it; ``shape`` is a fingerprint of outline and plane."""

    id: int
    version: int
    z: int
    t: int
    wkb: bytes
    term_id: int | None

    @property
    def shape(self) -> int:
        digest = hashlib.blake2b(self.wkb, digest_size=8, key=b"%d %d" % (self.z, self.t)).digest()
        return int.from_bytes(digest, "little", signed=True)


def id_ranges(connection: Connection, one: Layer, condition: ColumnElement[bool], size: int) -> list[tuple[int, int]]:
    """First and last id of runs of at most ``size`` objects of a layer."""
    query = select(annotation.c.id).where(annotation.c.layer_id == one.id).where(condition).order_by(annotation.c.id)
    ids = list(connection.execute(query).scalars())
    return [(ids[start], ids[min(start + size, len(ids)) - 1]) for start in range(0, len(ids), size)]


def objects_of(
    connection: Connection, layer_id: int, condition: ColumnElement[bool], between: tuple[int, int] | None = None
) -> list[ObjectRow]:
    """Objects of a layer by id, of a range of ids (both included) or all."""
    columns = annotation.c
    query: Any = (
        select(columns.id, columns.version, columns.z, columns.t, columns.geom, columns.term_id)
        .where(columns.layer_id == layer_id)
        .where(condition)
        .order_by(columns.id)
    )
    if between is not None:
        query = query.where(columns.id.between(*between))
    return [ObjectRow(*row) for row in connection.execute(query)]


def image_kind(image: ProjectImage) -> ImageKind:
    """What of an image decides which features it has."""
    info = image.stored.info if image.stored is not None else {}
    calibrated = bool(info.get("pixel_width_um") and info.get("pixel_height_um"))
    return ImageKind(image.name, bool(info.get("rgb")), int(info.get("size_c", 1)), calibrated)
