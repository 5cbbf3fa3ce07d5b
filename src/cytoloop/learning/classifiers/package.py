"""A classifier on disk: a bioimage.io package with ONNX weights, read without trusting it."""

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.packages.tabular import (
    TREES,
    WEIGHTS,
    ClassFacts,
    KnownClass,
    NewFiles,
    Told,
    description,
    file_entry,
    identifiers,
    known_classes,
    onnx_in,
    own_facts,
    tensor_entry,
    write_whole,
)

from .crops import CropSpec, Spec
from .specification import MOST_CHANNELS, Colours, FeatureSpec

TASK = "classification"
MOST_CLASSES = 200
MOST_MEMBERS = 16
Subject = Literal["objects", "images"]
"""What is told apart: objects of images, or whole images."""
TORCH = "weights.pt"
"""TorchScript of a network, for other programs; it is never opened here."""
_RESIDUAL = {"text": "He et al. 2016: Deep residual learning", "doi": "10.1109/CVPR.2016.90"}
_VECTORS = "test_vectors.npy"


@dataclass(frozen=True, slots=True)
class ClassifierPackage:
    """A classifier, checked. All paths exist."""

    folder: Path
    title: str
    classes: tuple[KnownClass, ...]
    spec: Spec
    weights: Path
    committee: tuple[Path, ...]
    """Small classifiers: of features, or of the vectors that a network makes of crops."""
    subject: Subject = "objects"
    record: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The training record: configuration, counts, data, scores, time."""


@dataclass(frozen=True, slots=True)
class NewClassifier:
    """What goes into a package. ``test_input`` and ``test_output (n, k)`` are an example of its work.

    The input are features ``(n, f)``, or crops ``(n, c, s, s)``; then ``test_vectors (n, d)`` are the second output.
    """

    title: str
    classes: tuple[KnownClass, ...]
    spec: Spec
    weights: bytes
    committee: tuple[bytes, ...]
    test_input: NDArray[np.float32]
    test_output: NDArray[np.float32]
    card: str
    """Markdown."""
    record: Mapping[str, Any]
    subject: Subject = "objects"
    test_vectors: NDArray[np.float32] | None = None
    torch_weights: Path | None = None
    torch_version: str = ""
    licence: str = "CC0-1.0"


class _Spec(BaseModel):
    model_config = ConfigDict(extra="ignore")

    colours: Colours
    channels: int = Field(ge=1, le=16)
    unit: Literal["um", "px"]
    version: Literal[1]


class _Crops(BaseModel):
    model_config = ConfigDict(extra="ignore")

    colours: Colours
    channels: int = Field(ge=1, le=MOST_CHANNELS)
    side: int = Field(ge=32, le=224, multiple_of=16)
    context: float = Field(ge=1, le=6)
    own_range: bool
    version: Literal[1]


class _Facts(BaseModel):
    """What a classifier says about itself under ``config: cytoloop``."""

    model_config = ConfigDict(extra="ignore")

    task: Literal["classification"]
    classes: list[ClassFacts] = Field(min_length=2, max_length=MOST_CLASSES)
    subject: Subject = "objects"
    features: _Spec | None = None
    crops: _Crops | None = None
    committee: list[str] = Field(default_factory=list[str], max_length=MOST_MEMBERS)
    training: dict[str, Any] = Field(default_factory=dict[str, Any])

    @property
    def spec(self) -> Spec | None:
        """What it sees; ``None`` unless it says one thing."""
        if self.features is not None and self.crops is None:
            return FeatureSpec(**self.features.model_dump())
        if self.crops is not None and self.features is None:
            return CropSpec(**self.crops.model_dump())
        return None


def write_classifier(folder: Path, new: NewClassifier) -> ClassifierPackage:
    """Write the package into a new folder; nothing is left of one that could not be written whole."""
    members = {f"committee-{number}.onnx": content for number, content in enumerate(new.committee, start=1)}
    more = dict(members)
    if new.test_vectors is not None:
        vectors = io.BytesIO()
        np.save(vectors, new.test_vectors)
        more[_VECTORS] = vectors.getvalue()
    if new.torch_weights is not None:
        more[TORCH] = new.torch_weights.read_bytes()
    files = NewFiles(new.weights, new.test_input, new.test_output, new.card)
    return write_whole(folder, files, lambda at: _description(at, new, list(members)), read_classifier, more)


def _description(folder: Path, new: NewClassifier, members: list[str]) -> dict[str, Any]:
    told = Told(
        title=new.title,
        description=f"Classifier of {new.subject}: {', '.join(one.name for one in new.classes)}",
        tags=("classification", new.subject, "2d"),
        inputs=new.spec.names,
        outputs=identifiers(new.classes),
        licence=new.licence,
        cite=(_RESIDUAL if isinstance(new.spec, CropSpec) else TREES,),
    )
    own = {
        "task": TASK,
        "classes": [{"name": one.name, "color": one.color} for one in new.classes],
        "subject": new.subject,
        "crops" if isinstance(new.spec, CropSpec) else "features": asdict(new.spec),
        "committee": members,
        "training": dict(new.record),
    }
    return _of_crops(folder, new, description(folder, told, own, members))


def _of_crops(folder: Path, new: NewClassifier, content: dict[str, Any]) -> dict[str, Any]:
    """What the description of a network tells besides: sides of crops, the vectors, weights for other programs."""
    if isinstance(new.spec, CropSpec):
        [entry] = content["inputs"]
        entry["id"] = "crops"
        entry["axes"] += [{"type": "space", "id": axis, "size": new.spec.side} for axis in ("y", "x")]
    if new.test_vectors is not None:
        names = [f"v{number}" for number in range(new.test_vectors.shape[1])]
        content["outputs"].append(tensor_entry(folder, "vectors", names, _VECTORS))
    if new.torch_weights is not None:
        version = new.torch_version.split("+")[0]
        content["weights"]["torchscript"] = {**file_entry(folder, TORCH), "pytorch_version": version}
    return content


def read_classifier(folder: Path) -> ClassifierPackage:
    """The classifier in a folder.

    Raises
    ------
    NotFoundError
        There is no description in the folder.
    InvalidInputError
        It is no classifier, or a file that it names is missing, damaged, too large, or leads out of the folder.
    """
    refusal = "is no classifier of objects or images. Models that find objects belong to the page of models."
    facts, title = own_facts(folder, _Facts, TASK, refusal)
    spec = facts.spec
    if spec is None:
        raise InvalidInputError(f"{folder.name}: config.cytoloop must name either 'features' or 'crops'.")
    return ClassifierPackage(
        folder=folder,
        title=title,
        classes=known_classes(folder, facts.classes),
        spec=spec,
        weights=onnx_in(folder, WEIGHTS),
        committee=tuple(onnx_in(folder, name) for name in facts.committee),
        subject=facts.subject,
        record=facts.training,
    )
