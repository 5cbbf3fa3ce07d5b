"""Classifiers as files: export, import, and what their records tell, whoever wrote them."""

import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError
from sqlalchemy import Connection

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.classifiers.package import ClassifierPackage, read_classifier
from cytoloop.learning.classifiers.trial import require_runnable
from cytoloop.learning.packages.reading import DESCRIPTIONS
from cytoloop.learning.packages.tabular import KnownClass
from cytoloop.projects import ontologies
from cytoloop.projects.store import Project
from cytoloop.workflows.announcing import Announcer
from cytoloop.workflows.images.archives import ArchiveLimits, unpack

from .shelf import PRIVATE, ClassifierShelf, ClassifierVersion

LIMITS = ArchiveLimits(max_bytes=2 << 30, max_files=200, max_ratio=200.0)
_LARGEST_CARD = 200_000
Share = FiniteFloat | None


def export_classifier(package: ClassifierPackage, target: Path) -> Path:
    """Write the package as one zip file, without what only its project knows."""
    return zipped(package.folder, target)


def zipped(folder: Path, target: Path) -> Path:
    """A package's folder as one zip file."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name not in PRIVATE and not path.name.startswith("."):
                archive.write(path, path.relative_to(folder))
    return target


def unpacked_classifier(archive: Path, target: Path) -> ClassifierPackage:
    """A classifier from a zip file, checked and tried out in a process of its own.

    Raises
    ------
    InvalidInputError, TooLargeError
        It is no zip, no classifier, cannot be run, or would leave its folder.
    """
    inside = unpacked(archive, target)
    for name in PRIVATE:
        (inside / name).unlink(missing_ok=True)
    package = read_classifier(inside)
    require_runnable(inside)
    return package


def unpacked(archive: Path, target: Path) -> Path:
    """The folder with the description that a zip file holds, below ``target``, which is made."""
    target.mkdir()
    unpack(archive, target, LIMITS)
    if any((target / name).is_file() for name in DESCRIPTIONS):
        return target
    below = [one for one in target.iterdir() if one.is_dir()]
    return below[0] if len(below) == 1 else target


def add_classifier(
    connection: Connection, shelf: ClassifierShelf, project: Project, package: ClassifierPackage, announcer: Announcer
) -> ClassifierVersion:
    """Put a checked classifier on the project's shelf; classes that the project lacks are added.

    Raises
    ------
    InvalidInputError
        It tells other things apart than those of the shelf.
    """
    if package.subject != shelf.subject:
        raise InvalidInputError(
            f"This classifier tells {package.subject} apart. Import it where {package.subject} are."
        )
    add_classes(connection, project, package.classes, announcer)
    return shelf.version(project.uuid, shelf.add(project.uuid, package.folder))


def add_classes(connection: Connection, project: Project, classes: Sequence[KnownClass], announcer: Announcer) -> None:
    """Add the classes that the project lacks."""
    known = {one.name.casefold() for one in ontologies.terms_of(connection, project.ontology_id)}
    missing = [one for one in classes if one.name.casefold() not in known]
    for one in missing:
        ontologies.create_term(connection, project.ontology_id, name=one.name, color=one.color)
    if missing:
        announcer.ontology(connection, project.id)


class _ClassScore(BaseModel):
    model_config = ConfigDict(extra="ignore")

    support: int = Field(ge=0)
    precision: Share = None
    recall: Share = None
    f1: Share = None
    auc: Share = None
    roc: list[tuple[FiniteFloat, FiniteFloat]] = Field(default_factory=list[tuple[float, float]], max_length=1000)


class _Scores(BaseModel):
    model_config = ConfigDict(extra="ignore")

    objects: int = Field(ge=0)
    accuracy: Share = None
    macro_f1: Share = None
    log_loss: Share = None
    confusion: list[list[int]] = Field(max_length=200)
    classes: list[_ClassScore] = Field(max_length=200)


class Point(BaseModel):
    """After an epoch of a network's training: losses and shares that were right."""

    model_config = ConfigDict(extra="ignore")

    epoch: int = Field(ge=0)
    epochs: int = Field(ge=0)
    loss: FiniteFloat
    accuracy: FiniteFloat
    validation_loss: FiniteFloat
    validation_accuracy: FiniteFloat
    best: bool
    seconds: FiniteFloat


class Facts(BaseModel):
    """What a training record tells, as far as it is in our form."""

    model_config = ConfigDict(extra="ignore")

    learner: str | None = None
    labels: list[int] = Field(default_factory=list[int], max_length=200)
    images: int | None = None
    folds: int | None = None
    split: Literal["image", "object"] | None = None
    trained_at: datetime | None = None
    configuration: dict[str, Any] = Field(default_factory=dict[str, Any])
    curve: list[Point] = Field(default_factory=list[Point], max_length=1000)
    continued_from: int | None = None
    best_epoch: int | None = None
    ended_by: Annotated[str | None, Field(max_length=40)] = None
    scores: dict[Literal["held_out", "training", "test"], dict[str, Any]] = Field(
        default_factory=dict[Literal["held_out", "training", "test"], dict[str, Any]]
    )

    @property
    def macro_f1(self) -> float | None:
        return self.scores.get("held_out", {}).get("macro_f1")

    @property
    def accuracy(self) -> float | None:
        return self.scores.get("held_out", {}).get("accuracy")


def facts_of(package: ClassifierPackage) -> Facts:
    """The facts; none of a record that is not in our form, and no scores that are not of its classes."""
    record = dict(package.record)
    configuration: Any = record.get("configuration")
    if isinstance(configuration, dict):
        record["learner"] = str(configuration.get("learner"))[:40]
    scores: Any = record.get("scores")
    record["scores"] = known_scores(scores, len(package.classes)) if isinstance(scores, dict) else {}
    try:
        return Facts.model_validate(record)
    except ValidationError:
        return Facts()


def known_scores(scores: Mapping[str, Any], count: int) -> dict[str, Any]:
    """Scores by partition, as far as they are in our form and of so many classes."""
    found: dict[str, Any] = {}
    for name in ("held_out", "training", "test"):
        try:
            one = _Scores.model_validate(scores.get(name))
        except ValidationError:
            continue
        if len(one.classes) == count and [len(row) for row in one.confusion] == [count] * count:
            found[name] = one.model_dump()
    return found


def card_text(folder: Path) -> str:
    """The card in a package's folder, Markdown; empty where there is none."""
    path = folder / "README.md"
    if not path.is_file() or path.is_symlink():
        return ""
    return path.read_bytes()[:_LARGEST_CARD].decode("utf-8", errors="replace")
