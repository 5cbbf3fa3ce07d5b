"""Looking for structure in measurements: statistics of groups, projections, clusters, unusual objects."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from .annotations import HistoryState, Id
from .base import WireModel
from .measurements import Column

Scope = Literal["image", "project"]
Grouping = Literal["class", "image", "group", "well", "cluster"]
ExploreMethod = Literal["pca", "tsne", "umap", "kmeans", "mixture", "hdbscan", "forest", "distance"]
ExploreStep = Literal["project", "cluster", "outliers"]


class ExploreMethodInfo(WireModel):
    """A way of deriving columns; ``available``: whether what it needs is installed."""

    name: ExploreMethod
    step: ExploreStep
    title: str
    available: bool


class ExploreRequest(WireModel):
    """Derive columns from a layer's measurements, or from those of the layers like it in all images of the project.

    ``project`` arranges objects in two dimensions (pca, tsne, umap), ``cluster`` groups them (kmeans, mixture,
    hdbscan), ``outliers`` tells how unusual each is (forest, distance). ``features`` are keys of columns; without them
    all that tell how objects look. ``count``: clusters, null lets the data decide; ``smallest``: objects of a cluster
    (hdbscan).
    """

    kind: Literal["explore"] = "explore"
    layer_id: UUID
    step: ExploreStep
    method: ExploreMethod
    scope: Scope = "image"
    features: list[str] | None = Field(default=None, min_length=1, max_length=1000)
    count: int | None = Field(default=None, ge=2, le=50)
    smallest: int | None = Field(default=None, ge=2, le=100_000)
    perplexity: float = Field(default=30, ge=2, le=200)
    neighbours: int = Field(default=15, ge=2, le=200)
    seed: int = Field(default=0, ge=0, lt=2**31)


class GroupStatistics(WireModel):
    """A measurement in a group: ``n`` known values; ``sd`` divides by n - 1; quartiles are interpolated linearly."""

    n: int
    mean: float | None
    sd: float | None
    minimum: float | None
    first_quartile: float | None
    median: float | None
    third_quartile: float | None
    maximum: float | None


class GroupRow(WireModel):
    """A group of objects; ``term_id`` is its class where objects are grouped by class. Statistics by column key."""

    name: str
    term_id: int | None
    images: int
    objects: int
    statistics: dict[str, GroupStatistics]


class GroupTable(WireModel):
    by: Grouping
    scope: Scope
    columns: list[Column]
    groups: list[GroupRow]


class ClusterTerms(WireModel):
    """Which class the objects of each cluster (by number) get, null for none; clusters that are not named stay."""

    terms: dict[int, Id | None] = Field(min_length=1, max_length=51)
    scope: Scope = "image"


Bound = Annotated[float, Field(allow_inf_nan=False)] | None


class Gate(WireModel):
    """Objects whose measurements lie within ranges: by column the least and the greatest value, null for no bound.

    With ``groups``, only those of the groups of these names, as the statistics name them when grouped ``by`` the same.
    """

    ranges: dict[str, tuple[Bound, Bound]] = Field(min_length=1, max_length=8)
    scope: Scope = "image"
    by: Grouping = "class"
    groups: list[str] | None = Field(None, min_length=1, max_length=500)


class GatedObjects(WireModel):
    """Objects of the layer within a gate, and how many there are in layers like it in other images."""

    ids: list[Id]
    elsewhere: int
    images: int
    """Of those elsewhere."""


class GateTerm(Gate):
    """Which class the objects within a gate get; null for none."""

    term_id: Id | None


class TermsGiven(WireModel):
    """``history`` is that of the image of the layer that was asked for; every image has a step of its own."""

    changed: int
    locked: int
    images: int
    history: HistoryState
