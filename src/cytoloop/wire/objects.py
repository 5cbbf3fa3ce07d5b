"""Many objects at once: which ones, what to do with them, and the review of predictions."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from .annotations import HistoryState, Id, Name, ReviewCounts, Status
from .base import WireModel

Number = Annotated[float, Field(allow_inf_nan=False)]
Bbox = tuple[Number, Number, Number, Number]
IdempotencyKey = Annotated[str, Field(min_length=8, max_length=100)]
MAX_IDS = 100_000


class ObjectFilter(WireModel):
    """Objects for which everything holds that is given; empty means all.

    ``term_id`` 0 means those without a class; ``author`` is the name that objects show; area in px^2;
    ``property_value`` is compared as text; ``text`` is looked for in the number and the description;
    ``suggested``: a program gave the class, and nobody has agreed to it; ``bbox`` (px) takes what lies in it whole.
    """

    term_id: Id | None = None
    z: Id | None = None
    t: Id | None = None
    min_score: Number | None = None
    max_score: Number | None = None
    min_term_score: Number | None = None
    max_term_score: Number | None = None
    suggested: bool | None = None
    min_area: Number | None = None
    max_area: Number | None = None
    author: str | None = Field(default=None, max_length=200)
    status: Status | None = None
    tag: str | None = Field(default=None, max_length=100)
    property: str | None = Field(default=None, max_length=100)
    property_value: str | None = Field(default=None, max_length=1000)
    text: str | None = Field(default=None, max_length=1000)
    bbox: Bbox | None = None


class SetTerm(WireModel):
    """``term_id`` null takes the class away."""

    action: Literal["set_term"]
    term_id: int | None


class AcceptTerm(WireModel):
    """Agree to the classes that a program suggested."""

    action: Literal["accept_term"]


class SetStatus(WireModel):
    action: Literal["set_status"]
    status: Status


class AddTag(WireModel):
    action: Literal["add_tag"]
    tag: Name


class RemoveTag(WireModel):
    action: Literal["remove_tag"]
    tag: Name


class SetLocked(WireModel):
    action: Literal["set_locked"]
    locked: bool


class MoveTo(WireModel):
    """Into another layer of the same image that the caller may change."""

    action: Literal["move"]
    layer_id: UUID


class Delete(WireModel):
    action: Literal["delete"]


BulkAction = Annotated[
    SetTerm | AcceptTerm | SetStatus | AddTag | RemoveTag | SetLocked | MoveTo | Delete, Field(discriminator="action")
]


class BulkRequest(WireModel):
    """One action on the objects of ``ids`` that fit ``filter``; without ``ids``, on all that fit it."""

    action: BulkAction
    filter: ObjectFilter = Field(default_factory=ObjectFilter)
    ids: list[Id] | None = Field(default=None, max_length=MAX_IDS)
    idempotency_key: IdempotencyKey | None = None


class BulkResult(WireModel):
    """``matched`` objects were meant, ``changed`` of them changed, ``locked`` were spared because they are locked."""

    matched: int
    changed: int
    locked: int
    change_id: int | None
    history: HistoryState


class ReviewRequest(WireModel):
    """Accept or reject the objects of a layer: of ``ids`` those that fit ``filter``, or all that fit it."""

    layer_id: UUID
    decision: Literal["accept", "reject"]
    filter: ObjectFilter = Field(default_factory=ObjectFilter)
    ids: list[Id] | None = Field(default=None, max_length=MAX_IDS)
    idempotency_key: IdempotencyKey | None = None


class ReviewResult(WireModel):
    """``decided`` objects got their decision now; ``counts`` are those of the layer after it.

    ``review_layer_id`` is the layer that holds the accepted copies; null while there is none.
    """

    matched: int
    decided: int
    change_id: int | None
    review_layer_id: UUID | None
    counts: ReviewCounts
    history: HistoryState


class ImageReview(ReviewCounts):
    """Progress of one image: its run layers together."""

    image_id: UUID
    name: str
    layers: int


class ProjectReview(WireModel):
    """Progress of a project, image by image; images without run layers are left out."""

    images: list[ImageReview]
    total: ReviewCounts
