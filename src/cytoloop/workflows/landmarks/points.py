"""The landmarks on a project's images: points with a class, by plane of an image.

A landmark is a point with its class, accepted, whose class a person gave or agreed to. It may lie on the image's layer
of landmarks, on somebody's own, on an imported one or on one of a run. Where several layers have the same one on the
same plane, the one that was changed last counts; two of a name on one layer are a mistake, which is told.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.layers import LANDMARKS
from cytoloop.annotations.model import Status
from cytoloop.annotations.tables import annotation, layer
from cytoloop.core.errors import InvalidInputError
from cytoloop.projects import ontologies
from cytoloop.projects.images import ProjectImage
from cytoloop.projects.landmarks import LandmarkPlan, find_plan
from cytoloop.projects.ontologies import Term
from cytoloop.projects.store import Project
from cytoloop.projects.tables import project_image
from cytoloop.storage.rows import batches
from cytoloop.workflows.classification.labelled import SOURCES

MOST_POINTS = 200_000
LOW_CONFIDENCE = 0.5
"""Below it a suggestion is doubtful."""


@dataclass(frozen=True, slots=True, order=True)
class PlaneKey:
    """A plane of an image, by the image's number."""

    image_id: int
    z: int
    t: int


@dataclass(frozen=True, slots=True)
class LandmarkPoint:
    """A point with a class, x and y in full-resolution px; ``confidence`` is that of a suggestion."""

    id: int
    version: int
    layer_id: int
    term_id: int
    plane: PlaneKey
    x: float
    y: float
    status: Status
    confidence: float | None
    change_id: int
    locked: bool
    shared: bool
    """Whether it is on the layer of landmarks."""

    @property
    def is_placed(self) -> bool:
        """Whether a person placed it or has agreed to it."""
        return self.status is Status.ACCEPTED and self.confidence is None

    @property
    def is_suggested(self) -> bool:
        """Whether a program placed it and nobody has decided."""
        return self.status is not Status.REJECTED and not self.is_placed


@dataclass(frozen=True, slots=True)
class Twice:
    """Several points of one name on one plane of one layer."""

    plane: PlaneKey
    layer_id: int
    term_id: int
    count: int


def project_plan(connection: Connection, project: Project) -> tuple[LandmarkPlan, bool]:
    """The landmarks and measures of a project, and whether somebody chose them.

    Until then landmarks are the classes that have points on layers of landmarks.
    """
    known = [one.id for one in ontologies.terms_of(connection, project.ontology_id)]
    plan = find_plan(connection, project.id)
    if plan is not None:
        return plan.among(known), True
    query = (
        select(annotation.c.term_id)
        .distinct()
        .join(layer, layer.c.id == annotation.c.layer_id)
        .join(project_image, project_image.c.id == layer.c.image_id)
        .where(project_image.c.project_id == project.id)
        .where(layer.c.kind == LANDMARKS)
        .where(layer.c.removed.is_(False))
        .where(annotation.c.kind == int(Kind.POINT))
        .where(annotation.c.term_id.in_(known))
    )
    used = set(connection.execute(query).scalars()) if known else set[int]()
    return LandmarkPlan(tuple(one for one in known if one in used)), False


def named_terms(connection: Connection, project: Project, term_ids: Sequence[int]) -> list[Term]:
    """Classes of the project by id, in this order, or ``InvalidInputError``."""
    known = {one.id: one for one in ontologies.terms_of(connection, project.ontology_id)}
    missing = [one for one in term_ids if one not in known]
    if missing:
        raise InvalidInputError(f"There is no class {missing[0]} in this project. Add it first, or leave it out.")
    return [known[one] for one in term_ids]


def landmark_points(
    connection: Connection, images: Sequence[ProjectImage], term_ids: Sequence[int]
) -> list[LandmarkPoint]:
    """Points of these classes on these images, oldest first; rejected ones too."""
    ids = [one.id for one in images if one.stored is not None and one.state == "ready"]
    if not term_ids:
        return []
    query = _points_of(term_ids)
    rows = [row for part in batches(ids) for row in connection.execute(query.where(layer.c.image_id.in_(part)))]
    if len(rows) > MOST_POINTS:
        raise InvalidInputError(
            f"There are more than {MOST_POINTS:,} points of these classes, so they are hardly landmarks. Choose "
            "classes of which each image has one point."
        )
    return [_point_of(row) for row in rows]


def _points_of(term_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    """One more than may be, so that too many are noticed."""
    a, b = annotation.c, layer.c
    place = (a.id, a.version, a.layer_id, a.term_id, a.z, a.t.label("time"), a.cx, a.cy)
    facts = (a.status, a.term_score, a.change_id, a.locked, b.image_id, b.kind.label("layer_kind"))
    return (
        select(*place, *facts)
        .join(layer, b.id == a.layer_id)
        .where(b.kind.in_((*SOURCES, LANDMARKS)))
        .where(b.removed.is_(False))
        .where(a.kind == int(Kind.POINT))
        .where(a.term_id.in_(list(term_ids)))
        .order_by(a.id)
        .limit(MOST_POINTS + 1)
    )


def _point_of(row: Row[Any]) -> LandmarkPoint:
    return LandmarkPoint(
        id=row.id,
        version=row.version,
        layer_id=row.layer_id,
        term_id=row.term_id,
        plane=PlaneKey(row.image_id, row.z, row.time),
        x=row.cx,
        y=row.cy,
        status=Status(row.status),
        confidence=row.term_score,
        change_id=row.change_id,
        locked=row.locked,
        shared=row.layer_kind == LANDMARKS,
    )


def counting_points(points: Sequence[LandmarkPoint]) -> dict[PlaneKey, dict[int, LandmarkPoint]]:
    """The point of each landmark that counts, by plane: a person's before a suggestion, the last changed first."""
    found: dict[PlaneKey, dict[int, LandmarkPoint]] = {}
    for one in points:
        if one.status is Status.REJECTED:
            continue
        own = found.setdefault(one.plane, {})
        other = own.get(one.term_id)
        if other is None or (one.is_placed, one.change_id, one.id) > (other.is_placed, other.change_id, other.id):
            own[one.term_id] = one
    return dict(sorted(found.items()))


def placed_points(points: Sequence[LandmarkPoint]) -> dict[PlaneKey, dict[int, LandmarkPoint]]:
    """As ``counting_points``, of people's points alone."""
    return counting_points([one for one in points if one.is_placed])


def placed_twice(points: Sequence[LandmarkPoint]) -> list[Twice]:
    """Names that people placed several times on one plane of one layer."""
    counts = Counter((one.plane, one.layer_id, one.term_id) for one in points if one.is_placed)
    return [Twice(*key, count) for key, count in sorted(counts.items()) if count > 1]


def require_once(twice: Sequence[Twice], names: Mapping[int, str], images: Mapping[int, str]) -> None:
    """Raise ``InvalidInputError`` where a landmark has several points."""
    if not twice:
        return
    first = twice[0]
    more = f" (and {len(twice) - 1} more)" if len(twice) > 1 else ""
    raise InvalidInputError(
        f"The landmark {names[first.term_id]!r} has {first.count} points on {images[first.plane.image_id]}{more}. An "
        "image has one of each: delete the others, then train."
    )
