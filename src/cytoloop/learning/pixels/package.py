"""A pixel classifier on disk: a bioimage.io package with ONNX weights, read without trusting it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.classifiers.specification import MOST_CHANNELS, Colours
from cytoloop.learning.packages.tabular import (
    WEIGHTS,
    ClassFacts,
    KnownClass,
    NewFiles,
    Remembered,
    Told,
    description,
    identifiers,
    known_classes,
    onnx_in,
    own_facts,
    write_whole,
)

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
    classes: list[ClassFacts] = Field(min_length=2, max_length=MOST_CLASSES)
    background: int | None = Field(None, ge=0)
    regions: bool = False
    features: _Spec
    training: dict[str, Any] = Field(default_factory=dict[str, Any])


def write_pixel_classifier(folder: Path, new: NewPixelClassifier) -> PixelPackage:
    """Write the package into a new folder; nothing is left of one that could not be written whole."""
    files = NewFiles(new.weights, new.test_input, new.test_output, new.card)
    return write_whole(folder, files, lambda at: _description(at, new), read_pixel_classifier)


def _description(folder: Path, new: NewPixelClassifier) -> dict[str, Any]:
    names = identifiers(new.classes)
    if new.spec.patch_px:
        names = [f"{name}_{pixel}" for pixel in range(new.spec.patch_core_px**2) for name in names]
    told = Told(
        title=new.title,
        description=f"Classifier of pixels: {', '.join(one.name for one in new.classes)}",
        tags=("pixel-classification", "segmentation", "2d"),
        inputs=new.spec.names,
        outputs=names,
    )
    own = {
        "task": TASK,
        "classes": [{"name": one.name, "color": one.color} for one in new.classes],
        "background": new.background,
        "regions": new.regions,
        "features": {
            **asdict(new.spec),
            "sigmas_px": list(new.spec.sigmas_px),
            "filters": list(map(str, new.spec.filters)),
        },
        "training": dict(new.record),
    }
    return description(folder, told, own)


def read_pixel_classifier(folder: Path) -> PixelPackage:
    """The pixel classifier in a folder.

    Raises
    ------
    NotFoundError
        There is no description in the folder.
    InvalidInputError
        It is no pixel classifier, or a file that it names is missing, damaged, too large, or leads out of the folder.
    """
    facts, title = own_facts(folder, _Facts, TASK, "is no pixel classifier.")
    classes = known_classes(folder, facts.classes)
    if facts.background is not None and facts.background >= len(facts.classes):
        raise InvalidInputError(f"{folder.name} has no class number {facts.background} to be the background.")
    if not all(0.1 <= one <= MOST_SIGMA_PX for one in facts.features.sigmas_px):
        raise InvalidInputError(f"{folder.name} has filters that are not between 0.1 and {MOST_SIGMA_PX:g} px.")
    if facts.features.patch_px % 2:
        raise InvalidInputError(f"{folder.name} sees windows of an odd side; only even ones are possible.")
    return PixelPackage(
        folder=folder,
        title=title,
        classes=classes,
        background=facts.background,
        regions=facts.regions,
        spec=PixelSpec(**facts.features.model_dump()),
        weights=onnx_in(folder, WEIGHTS),
        record=facts.training,
    )


known_pixel_classifier = Remembered(read_pixel_classifier)
"""``read_pixel_classifier``, remembered as long as the files are not changed."""
