"""Layers, annotations and changes as frozen values."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any
from uuid import UUID

from shapely.geometry.base import BaseGeometry

from cytoloop.core.geometry import Box

from .details import NOTHING, Details
from .geometry import Kind


class Status(IntEnum):
    """Where an object stands between proposal and truth."""

    ACCEPTED = 0
    PREDICTED = 1
    REJECTED = 2


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of one image. ``measurements`` describes its latest table, if it was measured.

    A ``removed`` layer was taken away by undo; nobody sees it unless redo brings it back.
    """

    id: int
    uuid: UUID
    image_id: int
    name: str
    kind: str
    creator_id: int
    run_id: UUID | None
    generation: int
    measurements: dict[str, Any] | None
    created_at: datetime
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Annotation:
    """One object, whoever made it. Coordinates in full-resolution px; ``area`` in px^2.

    ``score`` (0..1) is how sure a program is of the object, ``term_score`` of its class: where that is ``None``, the
    class was given by a person, or a person has agreed to it.
    """

    id: int
    layer_id: int
    kind: Kind
    geometry: BaseGeometry
    term_id: int | None
    creator_id: int
    status: Status
    z: int
    t: int
    area: float
    box: Box
    score: float | None
    parent_id: int | None
    version: int
    details: Details = NOTHING
    locked: bool = False
    term_score: float | None = None


@dataclass(frozen=True, slots=True)
class NewAnnotation:
    """An object to be stored; its geometry is already checked."""

    geometry: BaseGeometry
    kind: Kind
    term_id: int | None = None
    status: Status = Status.ACCEPTED
    z: int = 0
    t: int = 0
    score: float | None = None
    parent_id: int | None = None
    details: Details = NOTHING
    locked: bool = False
    term_score: float | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one object. Fields that are not in ``fields`` stay; ``version`` is the one that was read.

    ``fields`` may hold geometry, kind, term_id, status, properties, tags, description, locked.
    """

    id: int
    version: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Removal:
    """A deletion of one object, as it was at ``version``."""

    id: int
    version: int


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """One step of work on one layer, applied whole or not at all."""

    label: str
    creates: Sequence[NewAnnotation] = ()
    edits: Sequence[Edit] = ()
    removals: Sequence[Removal] = ()


@dataclass(frozen=True, slots=True)
class LayerChange:
    """A layer's new generation, and the box (px) in which something changed."""

    layer_id: int
    generation: int
    box: Box | None


@dataclass(frozen=True, slots=True)
class Applied:
    """What a change did to its layer; ``box`` holds everything that changed there (px).

    ``layers`` are all that it touched, its own first. ``note`` is what to tell where it is more than objects.
    """

    change_id: int
    layer_id: int
    generation: int
    created_ids: list[int] = field(default_factory=list[int])
    versions: dict[int, int] = field(default_factory=dict[int, int])
    box: Box | None = None
    layers: tuple[LayerChange, ...] = ()
    note: str | None = None
