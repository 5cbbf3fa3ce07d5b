"""Landmark detectors as files: import, and what their records tell, whoever wrote them."""

from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError
from sqlalchemy import Connection

from cytoloop.learning.landmarks.package import LandmarkPackage, read_detector
from cytoloop.learning.landmarks.trial import require_runnable_detector
from cytoloop.projects.store import Project
from cytoloop.workflows.announcing import Announcer
from cytoloop.workflows.classification.packages import add_classes, unpacked

from .shelf import LandmarkShelf, LandmarkVersion


def unpacked_detector(archive: Path, target: Path) -> LandmarkPackage:
    """A landmark detector from a zip file, checked and tried out in a process of its own.

    Raises
    ------
    InvalidInputError, TooLargeError
        It is no zip, no landmark detector, cannot be run, or would leave its folder.
    """
    inside = unpacked(archive, target)
    package = read_detector(inside)
    require_runnable_detector(inside)
    return package


def add_detector(
    connection: Connection, shelf: LandmarkShelf, project: Project, package: LandmarkPackage, announcer: Announcer
) -> LandmarkVersion:
    """Put a checked detector on the project's shelf; classes that the project lacks are added."""
    add_classes(connection, project, package.landmarks, announcer)
    return shelf.version(project.uuid, shelf.add(project.uuid, package.folder))


class ScoreFacts(BaseModel):
    """Errors of a landmark on held-out images."""

    model_config = ConfigDict(extra="ignore")

    count: int = Field(default=0, ge=0)
    median_px: FiniteFloat | None = None
    mean_px: FiniteFloat | None = None
    median_um: FiniteFloat | None = None
    mean_um: FiniteFloat | None = None
    within: FiniteFloat | None = None
    baseline_px: FiniteFloat | None = None


class DetectorFacts(BaseModel):
    """What a training record tells, as far as it is in our form."""

    model_config = ConfigDict(extra="ignore")

    images: int | None = None
    counts: list[int] = Field(default_factory=list[int], max_length=200)
    folds: int | None = None
    trained_at: datetime | None = None
    configuration: dict[str, Any] = Field(default_factory=dict[str, Any])
    scores: list[ScoreFacts] = Field(default_factory=list[ScoreFacts], max_length=200)


def detector_facts(package: LandmarkPackage) -> DetectorFacts:
    """The facts; none of a record that is not in our form, and no scores that are not of its landmarks."""
    try:
        facts = DetectorFacts.model_validate(dict(package.record))
    except ValidationError:
        return DetectorFacts()
    return facts if len(facts.scores) == len(package.landmarks) else facts.model_copy(update={"scores": []})
