"""Questions about where objects lie."""

from uuid import UUID

from .base import WireModel


class ClassInRegion(WireModel):
    """Objects of a class in a region; ``term_id`` null: without a class.

    ``area`` is the sum of their areas (``unit``^2), ``area_ratio`` that over the region's, ``density`` is in
    ``density_unit``.
    """

    term_id: int | None
    count: int
    area: float
    area_ratio: float | None
    density: float | None


class RegionRow(WireModel):
    """A region: the object that it is (null: drawn), its area (``unit``^2), and what lies in it."""

    annotation_id: int | None
    name: str
    area: float
    count: int
    classes: list[ClassInRegion]


class ClassTotal(WireModel):
    """Objects of a class in any of the regions, each once, and in none."""

    term_id: int | None
    inside: int
    outside: int


class RegionTable(WireModel):
    """Objects by region and class; an object belongs where its centre lies, the border included."""

    layer_id: UUID
    unit: str
    density_unit: str
    regions: list[RegionRow]
    totals: list[ClassTotal]


class NeighbourDistances(WireModel):
    """From each object to the nearest one of the other kind, in ``unit``; nulls where there is none.

    ``within`` counts distances up to ``reach``. ``edges`` and ``counts`` are a histogram up to the 99th percentile; the
    last bar holds what lies beyond.
    """

    layer_id: UUID
    unit: str
    origin_count: int
    target_count: int
    count: int
    minimum: float | None
    first_quartile: float | None
    median: float | None
    third_quartile: float | None
    maximum: float | None
    mean: float | None
    reach: float | None
    within: int | None
    edges: list[float]
    counts: list[int]
