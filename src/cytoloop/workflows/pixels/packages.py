"""Pixel classifiers as files: import, and what their records tell, whoever wrote them."""

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection

from cytoloop.learning.pixels.package import PixelPackage, read_pixel_classifier
from cytoloop.learning.pixels.trial import require_runnable_pixels
from cytoloop.projects.store import Project
from cytoloop.workflows.announcing import Announcer
from cytoloop.workflows.classification.packages import add_classes, known_scores, unpacked

from .shelf import PixelShelf, PixelVersion


def unpacked_pixel_classifier(archive: Path, target: Path) -> PixelPackage:
    """A pixel classifier from a zip file, checked and tried out in a process of its own.

    Raises
    ------
    InvalidInputError, TooLargeError
        It is no zip, no pixel classifier, cannot be run, or would leave its folder.
    """
    inside = unpacked(archive, target)
    package = read_pixel_classifier(inside)
    require_runnable_pixels(inside)
    return package


def add_pixel_classifier(
    connection: Connection, shelf: PixelShelf, project: Project, package: PixelPackage, announcer: Announcer
) -> PixelVersion:
    """Put a checked pixel classifier on the project's shelf; classes that the project lacks are added."""
    add_classes(connection, project, package.classes, announcer)
    return shelf.version(project.uuid, shelf.add(project.uuid, package.folder))


class PixelFacts(BaseModel):
    """What a training record tells, as far as it is in our form."""

    model_config = ConfigDict(extra="ignore")

    learner: str | None = None
    scribbles: list[int] = Field(default_factory=list[int], max_length=200)
    pixels: list[int] = Field(default_factory=list[int], max_length=200)
    images: int | None = None
    folds: int | None = None
    split: Literal["scribble", "pixel"] | None = None
    trained_at: datetime | None = None
    configuration: dict[str, Any] = Field(default_factory=dict[str, Any])
    held_out: dict[str, Any] | None = None


def pixel_facts(package: PixelPackage) -> PixelFacts:
    """The facts; none of a record that is not in our form, and no scores that are not of its classes."""
    record = dict(package.record)
    configuration: Any = record.get("configuration")
    if isinstance(configuration, dict):
        record["learner"] = str(configuration.get("learner"))[:40]
    scores: Any = record.get("scores")
    known = known_scores(scores, len(package.classes)) if isinstance(scores, dict) else {}
    record["held_out"] = known.get("held_out")
    try:
        return PixelFacts.model_validate(record)
    except ValidationError:
        return PixelFacts()
