"""A classifier on disk: a bioimage.io package with ONNX weights, read without trusting it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from cytoloop.learning.packages.tabular import (
    ClassFacts,
    KnownClass,
    NewFiles,
    Told,
    description,
    identifiers,
    known_classes,
    onnx_in,
    own_facts,
    write_whole,
)

from .specification import Colours, FeatureSpec

TASK = "classification"
MOST_CLASSES = 200
MOST_MEMBERS = 16


@dataclass(frozen=True, slots=True)
class ClassifierPackage:
    """A classifier, checked. All paths exist."""

    folder: Path
    title: str
    classes: tuple[KnownClass, ...]
    spec: FeatureSpec
    weights: Path
    committee: tuple[Path, ...]
    record: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The training record: configuration, counts, data, scores, time."""


@dataclass(frozen=True, slots=True)
class NewClassifier:
    """What goes into a package. ``test_input (n, f)`` and ``test_output (n, k)`` are an example of its work."""

    title: str
    classes: tuple[KnownClass, ...]
    spec: FeatureSpec
    weights: bytes
    committee: tuple[bytes, ...]
    test_input: NDArray[np.float32]
    test_output: NDArray[np.float32]
    card: str
    """Markdown."""
    record: Mapping[str, Any]
    licence: str = "CC0-1.0"


class _Spec(BaseModel):
    model_config = ConfigDict(extra="ignore")

    colours: Colours
    channels: int = Field(ge=1, le=16)
    unit: Literal["um", "px"]
    version: Literal[1]


class _Facts(BaseModel):
    """What a classifier says about itself under ``config: cytoloop``."""

    model_config = ConfigDict(extra="ignore")

    task: Literal["classification"]
    classes: list[ClassFacts] = Field(min_length=2, max_length=MOST_CLASSES)
    features: _Spec
    committee: list[str] = Field(default_factory=list[str], max_length=MOST_MEMBERS)
    training: dict[str, Any] = Field(default_factory=dict[str, Any])


def write_classifier(folder: Path, new: NewClassifier) -> ClassifierPackage:
    """Write the package into a new folder; nothing is left of one that could not be written whole."""
    members = {f"committee-{number}.onnx": content for number, content in enumerate(new.committee, start=1)}
    files = NewFiles(new.weights, new.test_input, new.test_output, new.card)
    return write_whole(folder, files, lambda at: _description(at, new, list(members)), read_classifier, members)


def _description(folder: Path, new: NewClassifier, members: list[str]) -> dict[str, Any]:
    spec = new.spec
    told = Told(
        title=new.title,
        description=f"Classifier of objects: {', '.join(one.name for one in new.classes)}",
        tags=("classification", "objects", "2d"),
        inputs=spec.names,
        outputs=identifiers(new.classes),
        licence=new.licence,
    )
    features = {"colours": spec.colours, "channels": spec.channels, "unit": spec.unit, "version": spec.version}
    own = {
        "task": TASK,
        "classes": [{"name": one.name, "color": one.color} for one in new.classes],
        "features": features,
        "committee": members,
        "training": dict(new.record),
    }
    return description(folder, told, own, members)


def read_classifier(folder: Path) -> ClassifierPackage:
    """The classifier in a folder.

    Raises
    ------
    NotFoundError
        There is no description in the folder.
    InvalidInputError
        It is no classifier, or a file that it names is missing, damaged, too large, or leads out of the folder.
    """
    refusal = "is no classifier of objects. Models that find objects belong to the page of models."
    facts, title = own_facts(folder, _Facts, TASK, refusal)
    return ClassifierPackage(
        folder=folder,
        title=title,
        classes=known_classes(folder, facts.classes),
        spec=FeatureSpec(**facts.features.model_dump()),
        weights=onnx_in(folder, "weights.onnx"),
        committee=tuple(onnx_in(folder, name) for name in facts.committee),
        record=facts.training,
    )
