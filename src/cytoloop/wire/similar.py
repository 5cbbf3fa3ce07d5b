"""Objects that look like one."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from .base import WireModel


class IndexObjectsRequest(WireModel):
    """Look at every object of the project that was not looked at yet, so that similar ones can be found."""

    kind: Literal["index-objects"] = "index-objects"
    image_ids: list[UUID] | None = Field(default=None, max_length=5000)


class SimilarObject(WireModel):
    """An object and how alike it is, -1 to 1."""

    image_id: UUID
    layer_id: UUID
    annotation_id: int
    version: int
    term_id: int | None
    term_score: float | None
    similarity: float


class SuggestedClass(WireModel):
    """A class and its share of the votes of the nearest objects that have one from a person."""

    term_id: int
    share: float


class SimilarObjects(WireModel):
    """The likest first. ``compared`` of ``total`` objects of the project were looked at."""

    objects: list[SimilarObject]
    suggestions: list[SuggestedClass]
    compared: int
    total: int
