"""Layers, annotations, changes and history."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from .base import WireModel

LayerKind = Literal["user", "run", "review", "import", "study", "scribbles", "landmarks"]
GeometryKind = Literal["point", "line", "polygon", "multipolygon", "rectangle", "ellipse", "arrow", "angle"]
Status = Literal["accepted", "predicted", "rejected"]
Id = Annotated[int, Field(ge=0, lt=2**53)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
PropertyText = Annotated[str, Field(max_length=1000)]
PropertyNumber = Annotated[float, Field(allow_inf_nan=False)]
Properties = Annotated[dict[Name, PropertyText | PropertyNumber | bool], Field(max_length=100)]
Tags = Annotated[list[Name], Field(max_length=100)]
Description = Annotated[str, Field(max_length=10_000)]


class TermCount(WireModel):
    """How many objects have this class; ``term_id`` null counts those without."""

    term_id: int | None
    count: int


class ReviewCounts(WireModel):
    """How many objects of a layer wait for a decision, and how many were accepted and rejected."""

    predicted: int
    accepted: int
    rejected: int


class Layer(WireModel):
    """A layer of annotations on one image; ``generation`` rises with every change."""

    id: UUID
    image_id: UUID
    name: str
    kind: LayerKind
    creator: str
    editable: bool
    run_id: UUID | None
    generation: int
    count: int
    term_counts: list[TermCount]
    review: ReviewCounts
    measured_at: datetime | None
    created_at: datetime


class LayerCreate(WireModel):
    """``kind`` "user" without a name returns the caller's own layer, made on first use.

    "scribbles" is the image's one layer of labels for pixel classifiers, "landmarks" that of named points; they are
    made on first use, and their names are given.
    """

    kind: Literal["user", "scribbles", "landmarks"] = "user"
    name: str | None = Field(default=None, min_length=1, max_length=200)


class LayerUpdate(WireModel):
    name: str = Field(min_length=1, max_length=200)


class Annotation(WireModel):
    """One object. ``geometry`` is GeoJSON, exactly as drawn; ``version`` rises with every edit.

    ``term_score`` is how sure a program is of the class; null where a person gave it or has agreed to it.

    A ``locked`` object keeps its outline and class, and cannot be deleted, until it is unlocked.
    """

    id: int
    layer_id: UUID
    kind: GeometryKind
    geometry: dict[str, Any]
    term_id: int | None
    score: float | None
    term_score: float | None
    status: Status
    z: int
    t: int
    area: float
    bbox: tuple[float, float, float, float]
    parent_id: int | None
    creator: str
    version: int
    properties: dict[str, str | float | bool]
    tags: list[str]
    description: str
    locked: bool


class AnnotationCreate(WireModel):
    geometry: dict[str, Any]
    kind: GeometryKind | None = None
    term_id: int | None = None
    score: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    term_score: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    status: Status = "accepted"
    z: int = Field(default=0, ge=0)
    t: int = Field(default=0, ge=0)
    parent_id: int | None = None
    properties: Properties = Field(default_factory=dict[Name, PropertyText | PropertyNumber | bool])
    tags: Tags = Field(default_factory=list[Name])
    description: Description = ""
    locked: bool = False


class AnnotationUpdate(WireModel):
    """Fields left out stay as they are. ``version`` is the one that the caller read.

    ``properties`` and ``tags`` replace those that were there.
    """

    id: int
    version: int
    geometry: dict[str, Any] | None = None
    kind: GeometryKind | None = None
    term_id: int | None = None
    status: Status | None = None
    properties: Properties | None = None
    tags: Tags | None = None
    description: Description | None = None
    locked: bool | None = None


class AnnotationRef(WireModel):
    id: int
    version: int


class ChangeRequest(WireModel):
    """One step of work, applied whole or not at all, and undone as one step.

    At most 10,000 objects. A repeated ``idempotency_key`` returns the first answer again.
    """

    creates: list[AnnotationCreate] = Field(default_factory=list[AnnotationCreate], max_length=10_000)
    updates: list[AnnotationUpdate] = Field(default_factory=list[AnnotationUpdate], max_length=10_000)
    deletes: list[AnnotationRef] = Field(default_factory=list[AnnotationRef], max_length=10_000)
    idempotency_key: str | None = Field(default=None, min_length=8, max_length=100)


class ChangeResult(WireModel):
    """``created_ids`` in the order of ``creates``; ``versions`` are those of the updated objects."""

    change_id: int
    generation: int
    created_ids: list[int]
    versions: dict[int, int]
    bbox: tuple[float, float, float, float] | None


class LayerChanged(WireModel):
    """A layer's new generation, and the box (px) in which something changed."""

    layer_id: UUID
    generation: int
    bbox: tuple[float, float, float, float] | None


class HistoryState(WireModel):
    """What undo and redo would do for the caller on this image, and what was just changed.

    ``message`` tells what was done where that is more than a change of objects: a layer went or came back.
    """

    undo_label: str | None
    redo_label: str | None
    undo_count: int
    redo_count: int
    changed: list[LayerChanged] = Field(default_factory=list[LayerChanged])
    message: str | None = None


class SetImportLayer(WireModel):
    image_id: UUID
    image: str
    layer_id: UUID
    created: int


class SetImportResult(WireModel):
    """What a zip of annotation files became, and what of it was left out and why."""

    layers: list[SetImportLayer]
    warnings: list[str]


class ImportResult(WireModel):
    layer: Layer
    created: int
    warnings: list[str]


class DensityScale(WireModel):
    """The highest density of a map and its unit: 1/mm^2 where the pixel size is known, else 1/Mpx."""

    most: float
    unit: str
