"""Comparisons of methods and preprocessing."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from .base import WireModel


class Preprocessing(WireModel):
    """Steps under a short name; names joined by ``+`` are done one after another."""

    name: str
    title: str


class ComparisonRow(WireModel):
    """One method after one preprocessing; numbers are null while it waits, or where it found nothing."""

    row: int
    method: str
    method_title: str
    steps_name: str
    state: Literal["waiting", "done", "failed"]
    objects: int | None
    median_diameter_px: float | None
    seconds: float | None
    error: str | None


class Comparison(WireModel):
    """Rows in the order of the request: each method with each preprocessing. ``box`` is x0, y0, x1, y1 (px)."""

    job_id: UUID
    image_id: UUID
    box: list[float]
    rows: list[ComparisonRow]


class PipelineCreate(WireModel):
    """A name for programs (small letters, digits, ``-``, ``_``, ``.``) and a title for people."""

    name: str = Field(min_length=1, max_length=64)
    title: str = Field(min_length=1, max_length=100)
