"""A landmark detector on disk: a bioimage.io package with ONNX weights, read without trusting it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cytoloop.learning.classifiers.specification import MOST_CHANNELS, Colours
from cytoloop.learning.packages.tabular import (
    TREES,
    WEIGHTS,
    ClassFacts,
    KnownClass,
    NewFiles,
    Remembered,
    Told,
    description,
    known_classes,
    onnx_in,
    own_facts,
    write_whole,
)

from .specification import LandmarkSpec
from .training import MOST_LANDMARKS

TASK = "landmark-detection"
OUTPUTS = ("dx", "dy")
_CITE = (
    {
        "text": "Vandaele et al. 2018: Landmark detection in 2D bioimages for geometric morphometrics",
        "doi": "10.1038/s41598-017-18993-5",
    },
    TREES,
)


@dataclass(frozen=True, slots=True)
class LandmarkPackage:
    """A landmark detector, checked. All paths exist. ``landmarks`` are in the order of its forests."""

    folder: Path
    title: str
    landmarks: tuple[KnownClass, ...]
    spec: LandmarkSpec
    tolerance_percent: float
    """Of the longer side: votes that near to the result agree with it."""
    weights: Path
    record: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class NewDetector:
    """What goes into a package."""

    title: str
    landmarks: tuple[KnownClass, ...]
    spec: LandmarkSpec
    tolerance_percent: float
    files: NewFiles
    record: Mapping[str, Any]


class _Spec(BaseModel):
    model_config = ConfigDict(extra="ignore")

    colours: Colours
    channels: int = Field(ge=1, le=MOST_CHANNELS)
    size_px: int = Field(ge=64, le=768)
    version: Literal[1]


class _Facts(BaseModel):
    """What a detector says about itself under ``config: cytoloop``."""

    model_config = ConfigDict(extra="ignore")

    task: Literal["landmark-detection"]
    landmarks: list[ClassFacts] = Field(min_length=1, max_length=MOST_LANDMARKS)
    features: _Spec
    tolerance_percent: float = Field(2, gt=0, le=50, allow_inf_nan=False)
    training: dict[str, Any] = Field(default_factory=dict[str, Any])


def write_detector(folder: Path, new: NewDetector) -> LandmarkPackage:
    """Write the package into a new folder; nothing is left of one that could not be written whole."""
    return write_whole(folder, new.files, lambda at: _description(at, new), read_detector)


def _description(folder: Path, new: NewDetector) -> dict[str, Any]:
    told = Told(
        title=new.title,
        description=f"Landmark detector: {', '.join(one.name for one in new.landmarks)}",
        tags=("landmark-detection", "morphometrics", "2d"),
        inputs=new.spec.names,
        outputs=OUTPUTS,
        output="displacement",
        cite=_CITE,
    )
    own = {
        "task": TASK,
        "landmarks": [{"name": one.name, "color": one.color} for one in new.landmarks],
        "features": asdict(new.spec),
        "tolerance_percent": new.tolerance_percent,
        "training": dict(new.record),
    }
    return description(folder, told, own)


def read_detector(folder: Path) -> LandmarkPackage:
    """The landmark detector in a folder.

    Raises
    ------
    NotFoundError
        There is no description in the folder.
    InvalidInputError
        It is no landmark detector, or a file that it names is missing, damaged, too large, or leads out of the folder.
    """
    facts, title = own_facts(folder, _Facts, TASK, "is no landmark detector.")
    return LandmarkPackage(
        folder=folder,
        title=title,
        landmarks=known_classes(folder, facts.landmarks, "landmark"),
        spec=LandmarkSpec(**facts.features.model_dump()),
        tolerance_percent=facts.tolerance_percent,
        weights=onnx_in(folder, WEIGHTS),
        record=facts.training,
    )


known_detector = Remembered(read_detector)
"""``read_detector``, remembered as long as the files are not changed."""
