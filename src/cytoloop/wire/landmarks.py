"""Landmarks: named points, detectors that find them, distances and angles between them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, FiniteFloat

from .base import WireModel


class LandmarkConfiguration(WireModel):
    """How to train; the defaults do for twenty images.

    Images are looked at with their longer side ``size_px``; each gives ``views``, turned and scaled at random.
    ``tolerance_percent`` of the longer side is the error up to which a landmark counts as found.
    """

    size_px: int = Field(default=256, ge=64, le=768)
    trees: int = Field(default=20, ge=5, le=200)
    samples: int = Field(default=6000, ge=200, le=50_000)
    rotation_degrees: FiniteFloat = Field(default=20, ge=0, le=180)
    scale_percent: FiniteFloat = Field(default=10, ge=0, le=50)
    views: int = Field(default=6, ge=1, le=20)
    tolerance_percent: FiniteFloat = Field(default=2, gt=0, le=50)
    folds: int = Field(default=3, ge=2, le=10)
    seed: int = Field(default=0, ge=0, lt=2**31)


class TrainLandmarksRequest(WireModel):
    """Learn the landmarks ``term_ids`` (null: those of the project) from these images (null: all)."""

    kind: Literal["train-landmarks"] = "train-landmarks"
    image_ids: list[UUID] | None = Field(default=None, max_length=5000)
    term_ids: list[int] | None = Field(default=None, min_length=1, max_length=60)
    configuration: LandmarkConfiguration = Field(default_factory=LandmarkConfiguration)


class DetectLandmarksRequest(WireModel):
    """Suggest landmarks on one plane of these images (null: all), by a detector (null: the newest).

    What people placed or rejected stays; earlier suggestions are replaced. Each image is one undo step.
    """

    kind: Literal["detect-landmarks"] = "detect-landmarks"
    detector: int | None = Field(default=None, ge=1, le=999_999)
    image_ids: list[UUID] | None = Field(default=None, max_length=5000)
    z: int = Field(default=0, ge=0)
    t: int = Field(default=0, ge=0)


class LandmarkMeasure(WireModel):
    """A distance between two landmarks, or the angle at the second of three. Without a name it has theirs."""

    name: str = Field(default="", max_length=100)
    term_ids: list[int] = Field(min_length=2, max_length=3)


class LandmarkPlan(WireModel):
    """Which classes are landmarks, in the order in which they are placed, and what is measured between them."""

    term_ids: list[int] = Field(max_length=60)
    measures: list[LandmarkMeasure] = Field(default_factory=list[LandmarkMeasure], max_length=200)


class LandmarkCount(WireModel):
    """On how many images people placed a landmark, and on how many more it is only suggested."""

    term_id: int
    placed: int
    suggested: int


class LandmarkProblem(WireModel):
    """A landmark with several points on one plane of one layer; all but one are to be deleted."""

    image_id: UUID
    image_name: str
    term_id: int
    z: int
    t: int
    count: int


class Landmarks(LandmarkPlan):
    """The landmarks of a project. ``is_chosen``: people chose them; else they are what is on layers of landmarks.

    ``low_confidence``: suggestions below it are doubtful.
    """

    is_chosen: bool
    counts: list[LandmarkCount]
    problems: list[LandmarkProblem]
    low_confidence: float


class ImageLandmark(WireModel):
    """A landmark of a plane of an image, x and y in px; ``confidence`` (0..1) is that of a suggestion."""

    term_id: int
    annotation_id: int
    version: int
    layer_id: UUID
    x: float
    y: float
    state: Literal["placed", "suggested"]
    confidence: float | None
    count: int


class AcceptLandmarks(WireModel):
    """Agree to these suggestions (null: to all of this plane), as one undo step."""

    annotation_ids: list[int] | None = Field(default=None, max_length=1000)
    z: int = Field(default=0, ge=0)
    t: int = Field(default=0, ge=0)


class AcceptedLandmarks(WireModel):
    """How many suggestions were agreed to."""

    accepted: int


class LandmarkRow(WireModel):
    """The measures of a plane of an image, in the order of the columns; null where a landmark is missing.

    ``state`` "suggested": one of the landmarks is only suggested; "incomplete": one is missing.
    """

    image_id: UUID
    image_name: str
    z: int
    t: int
    state: Literal["placed", "suggested", "incomplete"]
    values: list[float | None]


class LandmarkTable(WireModel):
    """Distances (px and µm) and angles (degrees) over images; ``columns`` name measure and unit."""

    columns: list[str]
    rows: list[LandmarkRow]


class DetectorLandmark(WireModel):
    """A landmark that a detector finds, and how far off it was on held-out images (null: not known).

    Errors are distances in full-resolution px and µm. ``within`` is the share of errors up to the tolerance,
    ``baseline_px`` the median error of the mean position.
    """

    name: str
    color: str
    images: int | None
    count: int
    median_px: float | None
    mean_px: float | None
    median_um: float | None
    mean_um: float | None
    within: float | None
    baseline_px: float | None


class LandmarkDetector(WireModel):
    """A version of the project's landmark detector."""

    version: int
    title: str
    landmarks: list[DetectorLandmark]
    images: int | None
    folds: int | None
    tolerance_percent: float
    size_px: int
    trained_at: datetime | None


class LandmarkDetectorDetails(LandmarkDetector):
    card: str
    configuration: dict[str, Any]
