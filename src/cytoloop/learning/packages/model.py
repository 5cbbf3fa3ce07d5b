"""What a model package holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Task(StrEnum):
    """What a model finds."""

    INSTANCES = "instances"
    """Single objects."""
    SEMANTIC = "semantic"
    """Regions of classes."""


class Decoder(StrEnum):
    """How a model's output becomes objects; see ``learning/decoding``."""

    WATERSHED = "watershed"
    """Channels: foreground probability, normalised distance."""
    STAR = "star"
    """Channels: foreground probability, then distances to the edge in equal angles, in diameters."""
    FLOWS = "flows"
    """Channels: foreground probability, dy, dx."""
    COMPONENTS = "components"
    """Channel: foreground probability (of two or more channels, the classes after the first, which is background)."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What a program must know to run a model. Lengths in px of what the network sees."""

    task: Task
    decoder: Decoder
    outputs: tuple[str, ...]
    """Meaning of each output channel: ``foreground``, ``distance``, ``flow_y``, ``ray_0`` ... or a class's name."""
    diameter_px: float | None
    """Median object diameter that images are rescaled to; ``None``: images are not rescaled."""
    decoding: Mapping[str, float] = field(default_factory=dict[str, float])
    """Settings of the decoder that differ from its defaults."""
    channels: int = 3
    """Input channels: 3 (RGB, or one channel three times) or 1."""
    stride: int = 16
    """The sides of what the network sees are multiples of this."""
    smallest: int = 64
    """Shortest side that the network takes."""
    halo: int = 32
    """Margin of a tile whose output is not used."""
    low_percentile: float = 1.0
    high_percentile: float = 99.8


@dataclass(frozen=True, slots=True)
class ModelPackage:
    """A model on disk, checked. All paths exist."""

    folder: Path
    name: str
    """Stable name for programs: the folder's."""
    title: str
    description: str
    version: str
    licence: str
    """SPDX identifier."""
    authors: tuple[str, ...]
    spec: ModelSpec
    weights: Path
    """ONNX file."""
    torch_weights: Path | None
    """State of the torch network (safetensors), where it can be trained on."""
    card: Path | None
    """The model card, Markdown."""
    pictures: tuple[Path, ...]
    training: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The training record: configuration, data, steps, time, scores. Empty for foreign models."""
    shipped: bool = False
    """Whether the model came with the program."""
