"""Measurement tables, plots and summaries."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from .base import WireModel


class Column(WireModel):
    """A column: ``key`` for programs, ``label`` and ``unit`` (px, px^2, um, um^2, degree, "" ...) for people."""

    key: str
    label: str
    unit: str
    numeric: bool


class ObjectTable(WireModel):
    """A window of the object table of a layer: basic columns, then measured ones if there are any.

    Rows are in the order of ``columns``; the first is ``id``. ``stale_count`` objects changed since they were measured.
    """

    total: int
    offset: int
    columns: list[Column]
    rows: list[list[Any]]
    measured_at: datetime | None
    stale_count: int


class ObjectIndex(WireModel):
    """All objects of a table in its order, one list each: numbers, classes (null: none), versions.

    ``suggested``: whether a program gave the class, and nobody has agreed to it.
    """

    ids: list[int]
    term_ids: list[int | None]
    versions: list[int]
    suggested: list[bool]


class PlottedImage(WireModel):
    """An image whose objects are in a plot, their layer, and what its name tells."""

    id: UUID
    layer_id: UUID
    name: str
    group: str
    well: str | None


class ColumnData(WireModel):
    """Whole columns, for plots: at most 100,000 objects, drawn at random with a fixed seed beyond that.

    ``image_index`` tells for each object of which of the ``images`` it is. Rejected objects are left out.
    """

    total: int
    ids: list[int]
    term_ids: list[int | None]
    columns: dict[str, list[float | None]]
    bboxes: list[tuple[float, float, float, float]]
    images: list[PlottedImage]
    image_index: list[int]


class ClassSummary(WireModel):
    term_id: int | None
    count: int
    mean: dict[str, float | None]
    std: dict[str, float | None]
    median: dict[str, float | None]


class MeasurementSummary(WireModel):
    layer_id: UUID
    columns: list[Column]
    classes: list[ClassSummary]
    notes: list[str] = Field(default_factory=list[str])
    """What was told when columns were derived from the measured ones."""
