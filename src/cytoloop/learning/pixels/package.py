"""A pixel classifier on disk: a bioimage.io package with ONNX weights, read without trusting it."""

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.classifiers.package import (
    OPSET,
    KnownClass,
    file_entry,
    identifiers,
    onnx_in,
    plain_title,
    tensor_entry,
)
from cytoloop.learning.classifiers.specification import MOST_CHANNELS, Colours
from cytoloop.learning.packages.reading import read_description
from cytoloop.learning.packages.writing import FORMAT_VERSION

from .configuration import Filter
from .filters import MOST_SIGMA_PX
from .specification import PixelSpec

TASK = "pixel-classification"
MOST_CLASSES = 30


@dataclass(frozen=True, slots=True)
class PixelPackage:
    """A pixel classifier, checked. All paths exist. ``background`` is the place of that class, if there is one."""

    folder: Path
    title: str
    classes: tuple[KnownClass, ...]
    background: int | None
    regions: bool
    """Whether it finds regions of any size, not objects."""
    spec: PixelSpec
    weights: Path
    record: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class NewPixelClassifier:
    """What goes into a package. ``test_input (n, f)`` and ``test_output (n, o)`` are an example of its work."""

    title: str
    classes: tuple[KnownClass, ...]
    background: int | None
    regions: bool
    spec: PixelSpec
    weights: bytes
    test_input: NDArray[np.float32]
    test_output: NDArray[np.float32]
    card: str
    record: Mapping[str, Any]


class _Class(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1, max_length=100)
    color: str = Field("#888888", pattern=r"^#[0-9a-fA-F]{6}$")


class _Spec(BaseModel):
    model_config = ConfigDict(extra="ignore")

    colours: Colours
    channels: int = Field(ge=1, le=MOST_CHANNELS)
    sigmas_px: tuple[float, ...] = Field(min_length=1, max_length=8)
    filters: tuple[Filter, ...] = Field(min_length=1, max_length=len(Filter))
    patch_px: int = Field(0, ge=0, le=32)
    pixel_um: float | None = Field(None, gt=0, le=1e6, allow_inf_nan=False)
    reduced: bool = False
    version: Literal[1]


class _Facts(BaseModel):
    """What a pixel classifier says about itself under ``config: cytoloop``."""

    model_config = ConfigDict(extra="ignore")

    task: Literal["pixel-classification"]
    classes: list[_Class] = Field(min_length=2, max_length=MOST_CLASSES)
    background: int | None = Field(None, ge=0)
    regions: bool = False
    features: _Spec
    training: dict[str, Any] = Field(default_factory=dict[str, Any])


def write_pixel_classifier(folder: Path, new: NewPixelClassifier) -> PixelPackage:
    """Write the package into a new folder; nothing is left of one that could not be written whole."""
    partial = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    (partial / "weights.onnx").write_bytes(new.weights)
    np.save(partial / "test_input.npy", new.test_input)
    np.save(partial / "test_output.npy", new.test_output)
    (partial / "README.md").write_text(new.card, encoding="utf-8")
    text = yaml.safe_dump(_description(partial, new), sort_keys=False, allow_unicode=True, width=110)
    (partial / "bioimageio.yaml").write_text(text, encoding="utf-8")
    read_pixel_classifier(partial)
    partial.rename(folder)
    return read_pixel_classifier(folder)


def _description(folder: Path, new: NewPixelClassifier) -> dict[str, Any]:
    names = identifiers(new.classes)
    if new.spec.patch_px:
        names = [f"{name}_{pixel}" for pixel in range(new.spec.patch_core_px**2) for name in names]
    features = {**asdict(new.spec), "sigmas_px": list(new.spec.sigmas_px), "filters": list(map(str, new.spec.filters))}
    return {
        "type": "model",
        "format_version": FORMAT_VERSION,
        "name": plain_title(new.title),
        "description": f"Classifier of pixels: {', '.join(one.name for one in new.classes)}"[:1000],
        "version": "1.0.0",
        "timestamp": datetime.now(UTC).replace(microsecond=0).isoformat(),
        "license": "CC0-1.0",
        "authors": [{"name": "Cytoloop"}],
        "cite": [{"text": "Geurts et al. 2006: Extremely randomized trees", "doi": "10.1007/s10994-006-6226-1"}],
        "tags": ["pixel-classification", "segmentation", "2d"],
        "documentation": "README.md",
        "inputs": [tensor_entry(folder, "features", list(new.spec.names), "test_input.npy")],
        "outputs": [tensor_entry(folder, "probabilities", names, "test_output.npy")],
        "weights": {"onnx": {**file_entry(folder, "weights.onnx"), "opset_version": OPSET}},
        "config": {
            "cytoloop": {
                "task": TASK,
                "classes": [{"name": one.name, "color": one.color} for one in new.classes],
                "background": new.background,
                "regions": new.regions,
                "features": features,
                "training": dict(new.record),
            }
        },
    }


def known_pixel_classifier(folder: Path) -> PixelPackage:
    """``read_pixel_classifier``, remembered as long as the files are not changed: versions are read often."""
    try:
        changed = (folder / "bioimageio.yaml").stat().st_mtime_ns, (folder / "weights.onnx").stat().st_mtime_ns
    except FileNotFoundError:
        return read_pixel_classifier(folder)
    return _remembered(folder, changed)


@lru_cache(maxsize=200)
def _remembered(folder: Path, changed: tuple[int, int]) -> PixelPackage:  # noqa: ARG001 - part of the key
    return read_pixel_classifier(folder)


def read_pixel_classifier(folder: Path) -> PixelPackage:
    """The pixel classifier in a folder.

    Raises
    ------
    NotFoundError
        There is no description in the folder.
    InvalidInputError
        It is no pixel classifier, or a file that it names is missing, damaged, too large, or leads out of the folder.
    """
    content = read_description(folder)
    own: Any = (content.get("config") or {}).get("cytoloop") if isinstance(content.get("config"), dict) else None
    if not isinstance(own, dict) or own.get("task") != TASK:
        raise InvalidInputError(f"{folder.name} is no pixel classifier.")
    try:
        facts = _Facts.model_validate(own)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInputError(f"{folder.name}: config.cytoloop.{where}: {first['msg']}.") from error
    if len({one.name for one in facts.classes}) < len(facts.classes):
        raise InvalidInputError(f"{folder.name} names a class twice. Give each another name.")
    if facts.background is not None and facts.background >= len(facts.classes):
        raise InvalidInputError(f"{folder.name} has no class number {facts.background} to be the background.")
    if not all(0.1 <= one <= MOST_SIGMA_PX for one in facts.features.sigmas_px):
        raise InvalidInputError(f"{folder.name} has filters that are not between 0.1 and {MOST_SIGMA_PX:g} px.")
    if facts.features.patch_px % 2:
        raise InvalidInputError(f"{folder.name} sees windows of an odd side; only even ones are possible.")
    return PixelPackage(
        folder=folder,
        title=str(content.get("name") or folder.name)[:200],
        classes=tuple(KnownClass(one.name, one.color) for one in facts.classes),
        background=facts.background,
        regions=facts.regions,
        spec=PixelSpec(**facts.features.model_dump()),
        weights=onnx_in(folder, "weights.onnx"),
        record=facts.training,
    )
