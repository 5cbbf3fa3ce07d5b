"""A classifier on disk: a bioimage.io package with ONNX weights, read without trusting it."""

import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.packages.onnxfile import require_inside
from cytoloop.learning.packages.reading import read_description
from cytoloop.learning.packages.writing import FORMAT_VERSION

from .crops import CropSpec, Spec
from .specification import MOST_CHANNELS, Colours, FeatureSpec

OPSET = 17
_LARGEST_WEIGHTS = 512 << 20
MOST_CLASSES = 200
MOST_MEMBERS = 16
Subject = Literal["objects", "images"]
"""What is told apart: objects of images, or whole images."""
TORCH = "weights.pt"
"""TorchScript of a network, for other programs; it is never opened here."""


@dataclass(frozen=True, slots=True)
class KnownClass:
    """A class by name and colour ``#rrggbb``: numbers of classes differ from project to project."""

    name: str
    color: str


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


class _Class(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1, max_length=100)
    color: str = Field("#888888", pattern=r"^#[0-9a-fA-F]{6}$")


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
    classes: list[_Class] = Field(min_length=2, max_length=MOST_CLASSES)
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
    partial = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    (partial / "weights.onnx").write_bytes(new.weights)
    members = [f"committee-{number}.onnx" for number in range(1, len(new.committee) + 1)]
    for name, content in zip(members, new.committee, strict=True):
        (partial / name).write_bytes(content)
    np.save(partial / "test_input.npy", new.test_input)
    np.save(partial / "test_output.npy", new.test_output)
    if new.test_vectors is not None:
        np.save(partial / "test_vectors.npy", new.test_vectors)
    if new.torch_weights is not None:
        shutil.copyfile(new.torch_weights, partial / TORCH)
    (partial / "README.md").write_text(new.card, encoding="utf-8")
    text = yaml.safe_dump(_description(partial, new, members), sort_keys=False, allow_unicode=True, width=110)
    (partial / "bioimageio.yaml").write_text(text, encoding="utf-8")
    read_classifier(partial)
    partial.rename(folder)
    return read_classifier(folder)


def _description(folder: Path, new: NewClassifier, members: list[str]) -> dict[str, Any]:
    spec = new.spec
    return {
        "type": "model",
        "format_version": FORMAT_VERSION,
        "name": plain_title(new.title),
        "description": f"Classifier of {new.subject}: {', '.join(one.name for one in new.classes)}"[:1000],
        "version": "1.0.0",
        "timestamp": datetime.now(UTC).replace(microsecond=0).isoformat(),
        "license": new.licence,
        "authors": [{"name": "Cytoloop"}],
        "cite": [_citation(spec)],
        "tags": ["classification", new.subject, "2d"],
        "documentation": "README.md",
        "inputs": [_input(folder, spec)],
        "outputs": _outputs(folder, new),
        "weights": _weights(folder, new),
        "attachments": [file_entry(folder, name) for name in members],
        "config": {
            "cytoloop": {
                "task": "classification",
                "classes": [{"name": one.name, "color": one.color} for one in new.classes],
                "subject": new.subject,
                **_seen(spec),
                "committee": members,
                "training": dict(new.record),
            }
        },
    }


def _citation(spec: Spec) -> dict[str, str]:
    if isinstance(spec, CropSpec):
        return {"text": "He et al. 2016: Deep residual learning", "doi": "10.1109/CVPR.2016.90"}
    return {"text": "Geurts et al. 2006: Extremely randomized trees", "doi": "10.1007/s10994-006-6226-1"}


def _seen(spec: Spec) -> dict[str, Any]:
    if isinstance(spec, FeatureSpec):
        return {"features": asdict(spec)}
    return {"crops": asdict(spec)}


def _input(folder: Path, spec: Spec) -> dict[str, Any]:
    if isinstance(spec, FeatureSpec):
        return tensor_entry(folder, "features", list(spec.names), "test_input.npy")
    entry = tensor_entry(folder, "crops", list(spec.names), "test_input.npy")
    entry["axes"] += [{"type": "space", "id": axis, "size": spec.side} for axis in ("y", "x")]
    return entry


def _outputs(folder: Path, new: NewClassifier) -> list[dict[str, Any]]:
    found = [tensor_entry(folder, "probabilities", identifiers(new.classes), "test_output.npy")]
    if new.test_vectors is not None:
        names = [f"v{number}" for number in range(new.test_vectors.shape[1])]
        found.append(tensor_entry(folder, "vectors", names, "test_vectors.npy"))
    return found


def _weights(folder: Path, new: NewClassifier) -> dict[str, Any]:
    found: dict[str, Any] = {"onnx": {**file_entry(folder, "weights.onnx"), "opset_version": OPSET}}
    if new.torch_weights is not None:
        version = new.torch_version.split("+")[0]
        found["torchscript"] = {**file_entry(folder, TORCH), "pytorch_version": version}
    return found


def plain_title(title: str) -> str:
    """A title as the format wants it: at least five letters, digits, spaces and few signs."""
    cleaned = re.sub(r"[^A-Za-z0-9_+\- ()]", "-", title)[:120].strip()
    return cleaned if len(cleaned) >= 5 else f"{cleaned} classifier".strip()


def identifiers(classes: tuple[KnownClass, ...]) -> list[str]:
    """Names of the output's channels: small letters and digits, each another."""
    cleaned = (re.sub(r"\W", "_", one.name.lower(), flags=re.ASCII) for one in classes)
    return [f"class_{number}_{name}" for number, name in enumerate(cleaned)]


def tensor_entry(folder: Path, name: str, channels: list[str], example: str) -> dict[str, Any]:
    return {
        "id": name,
        "axes": [{"type": "batch"}, {"type": "channel", "channel_names": channels}],
        "data": {"type": "float32"},
        "test_tensor": file_entry(folder, example),
    }


def file_entry(folder: Path, name: str) -> dict[str, str]:
    return {"source": name, "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()}


def read_classifier(folder: Path) -> ClassifierPackage:
    """The classifier in a folder.

    Raises
    ------
    NotFoundError
        There is no description in the folder.
    InvalidInputError
        It is no classifier, or a file that it names is missing, damaged, too large, or leads out of the folder.
    """
    content = read_description(folder)
    own: Any = (content.get("config") or {}).get("cytoloop") if isinstance(content.get("config"), dict) else None
    if not isinstance(own, dict) or own.get("task") != "classification":
        raise InvalidInputError(
            f"{folder.name} is no classifier of objects or images. Models that find objects belong to the page of "
            "models."
        )
    try:
        facts = _Facts.model_validate(own)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInputError(f"{folder.name}: config.cytoloop.{where}: {first['msg']}.") from error
    if len({one.name for one in facts.classes}) < len(facts.classes):
        raise InvalidInputError(f"{folder.name} names a class twice. Give each another name.")
    spec = facts.spec
    if spec is None:
        raise InvalidInputError(f"{folder.name}: config.cytoloop must name either 'features' or 'crops'.")
    return ClassifierPackage(
        folder=folder,
        title=str(content.get("name") or folder.name)[:200],
        classes=tuple(KnownClass(one.name, one.color) for one in facts.classes),
        spec=spec,
        weights=onnx_in(folder, "weights.onnx"),
        committee=tuple(onnx_in(folder, name) for name in facts.committee),
        subject=facts.subject,
        record=facts.training,
    )


def onnx_in(folder: Path, name: str) -> Path:
    """An ONNX file that lies in the folder itself and refers to nothing outside it."""
    path = folder / name
    if "/" in name or "\\" in name or path.suffix != ".onnx" or path.is_symlink() or not path.is_file():
        raise InvalidInputError(f"{folder.name} names the network {name!r}, which is not in the package.")
    if path.stat().st_size > _LARGEST_WEIGHTS:
        raise InvalidInputError(f"{name} of {folder.name} is larger than {_LARGEST_WEIGHTS >> 20} MiB.")
    require_inside(path)
    return path
