"""Measurement tables, plots and summaries."""

from datetime import datetime
from typing import Any
from uuid import UUID

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


class ColumnData(WireModel):
    """Whole columns, for plots: at most 100,000 objects, drawn at random with a fixed seed beyond that."""

    total: int
    ids: list[int]
    term_ids: list[int | None]
    columns: dict[str, list[float | None]]
    bboxes: list[tuple[float, float, float, float]]


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
