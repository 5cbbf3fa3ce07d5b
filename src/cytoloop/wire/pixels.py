"""Pixel classifiers: scribbles, training, versions."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, FiniteFloat

from .base import WireModel
from .classifiers import ClassifierClass, PartitionScores

PixelLearnerName = Literal["extra-trees", "random-forest", "boosting", "patches"]
FilterName = Literal["gaussian", "laplacian", "gradient", "difference", "structure", "hessian"]


class PixelConfiguration(WireModel):
    """How to train; the defaults do for a few scribbles.

    ``sigmas_px`` and ``filters`` are the filters that a pixel is known by. ``patches`` see windows of ``patch_px`` raw
    pixels instead, for tissue. ``line_px`` is how wide lines and points count, in full-resolution px; ``pixel_um`` a
    coarser resolution to look at; ``regions``: find regions of any size, not objects to be counted.
    """

    learner: PixelLearnerName = "extra-trees"
    sigmas_px: list[FiniteFloat] = Field(default=[0.7, 1.6, 3.5, 7.0], min_length=1, max_length=8)
    filters: list[FilterName] = Field(
        default=["gaussian", "laplacian", "gradient", "difference", "structure", "hessian"], min_length=1, max_length=6
    )
    trees: int = Field(default=50, ge=5, le=500)
    samples_per_class: int = Field(default=4000, ge=50, le=100_000)
    line_px: float = Field(default=3.0, gt=0, le=200)
    pixel_um: float | None = Field(default=None, gt=0, le=1000)
    patch_px: int = Field(default=16, ge=8, le=32, multiple_of=2)
    regions: bool = False
    folds: int = Field(default=3, ge=2, le=10)
    seed: int = Field(default=0, ge=0, lt=2**31)


class TrainPixelsRequest(WireModel):
    """Learn from the scribbles on these images (all where null). ``background_term_id``: what is no object.

    ``automatic``: made while somebody scribbles. Of such versions the newest two stay, and those that found objects.
    """

    kind: Literal["train-pixels"] = "train-pixels"
    image_ids: list[UUID] | None = Field(default=None, max_length=5000)
    background_term_id: int | None = None
    configuration: PixelConfiguration = Field(default_factory=PixelConfiguration)
    automatic: bool = False


class ScribbledClass(WireModel):
    term_id: int
    count: int


class ScribbledImage(WireModel):
    """An image with scribbles, by class."""

    image_id: UUID
    name: str
    layer_id: UUID
    classes: list[ScribbledClass]


class PixelClassifier(WireModel):
    """A version. ``background`` is the place of that class; ``scribbles`` and ``pixels`` count what it learnt from.

    ``pixel_um`` is the resolution at which images are to be looked at; null: their own.
    """

    version: int
    method: str
    title: str
    classes: list[ClassifierClass]
    background: int | None
    regions: bool
    learner: str | None
    scribbles: list[int]
    pixels: list[int]
    images: int | None
    macro_f1: float | None
    accuracy: float | None
    pixel_um: float | None
    trained_at: datetime | None


class PixelClassifierDetails(PixelClassifier):
    """``split`` says whether scribbles or only pixels were held out together: of the latter the scores flatter."""

    card: str
    split: Literal["scribble", "pixel"] | None
    folds: int | None
    scores: PartitionScores | None
    configuration: dict[str, Any]
    features: list[str]
