"""What a training is told: typed, documented, read from TOML. The same file and data give the same model."""

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cytoloop.core.errors import InvalidInputError, NotFoundError


class NetworkKind(StrEnum):
    """Which architecture."""

    RESIDUAL = "residual"
    UNET = "unet"


class Head(StrEnum):
    """What a network predicts for every pixel."""

    FOREGROUND = "foreground"
    """Probability that the pixel lies in an object: one channel."""
    DISTANCE = "distance"
    """Distance to the object's edge over the object's largest one: one channel."""
    FLOWS = "flows"
    """Unit vector towards the object's middle, dy and dx: two channels."""
    STAR = "star"
    """Distances to the object's edge in 32 directions, px / diameter: 32 channels."""
    CLASSES = "classes"
    """Probability of each class, background first: as many channels as classes."""


STAR_RAYS = 32


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NetworkSettings(_Settings):
    """The architecture. ``widths`` and ``blocks`` belong to ``residual``, ``filters`` and ``depth`` to ``unet``."""

    kind: NetworkKind = NetworkKind.RESIDUAL
    widths: tuple[int, ...] = Field((32, 64, 128, 192), description="Channels of each stage, the first at half size.")
    blocks: tuple[int, ...] = Field((1, 1, 2, 2), description="Residual blocks of each stage.")
    filters: int = Field(16, ge=4, le=128, description="Channels of the first stage; doubled at each.")
    depth: int = Field(4, ge=1, le=4, description="How often the classic U-Net halves the picture.")

    @model_validator(mode="after")
    def _check_stages(self) -> Self:
        if len(self.widths) != len(self.blocks) or not 2 <= len(self.widths) <= 4:
            raise ValueError("widths and blocks must name the same 2 to 4 stages")
        return self

    @property
    def coarsest_stride(self) -> int:
        """How many px of what it sees one sample of its coarsest stage stands for."""
        return 2 ** (len(self.widths) if self.kind is NetworkKind.RESIDUAL else self.depth)


class Augmentations(_Settings):
    """Probabilities of the changes to a view; see ``augmentation.py`` for what each does."""

    invert: float = 0.12
    gray: float = 0.15
    false_colour: float = 0.1
    mix_channels: float = 0.12
    stain: float = 0.5
    gamma: float = 0.5
    histogram: float = 0.1
    gain: float = 0.8
    illumination: float = 0.2
    blur: float = 0.25
    noise: float = 0.35
    paste: float = 0.12
    synthetic: float = Field(0.06, description="Share of views that are drawn by code.")


class Views(_Settings):
    """How views are cut out of the images; lengths in px of the view."""

    size: int = Field(256, ge=64, le=1024, multiple_of=16)
    any_scale_share: float = Field(
        0.3, ge=0, le=1, description="Views with objects of 7 to 90 px instead of about one size."
    )
    scale_sigma: float = Field(0.28, ge=0, le=1, description="Spread of object sizes in the others, natural logarithm.")
    elastic_share: float = Field(0.25, ge=0, le=1)
    mosaic_share: float = Field(0.1, ge=0, le=1)
    object_share: float = Field(0.5, ge=0, le=1, description="Views that are sure to hold an object.")
    own_range_share: float = Field(
        0.3, ge=0, le=1, description="Views normalised by themselves, not by the whole image."
    )


class Optimisation(_Settings):
    """The optimiser (AdamW) and its schedule: linear warm-up, then half a cosine to a hundredth."""

    steps: int = Field(1000, ge=1)
    batch: int = Field(8, ge=1, le=256)
    learning_rate: float = Field(2e-3, gt=0)
    weight_decay: float = Field(0.02, ge=0)
    warm_up_steps: int = Field(200, ge=0)
    averaging: float = Field(0.999, ge=0, lt=1, description="Decay of the exponential moving average of the weights.")
    gradient_limit: float = Field(5.0, gt=0, description="Largest norm of a step's gradient.")


class Configuration(_Settings):
    """A whole training."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,60}$")] = "model"
    heads: tuple[Head, ...] = (Head.FOREGROUND, Head.DISTANCE)
    classes: int = Field(2, ge=2, le=100, description="Number of classes, background included, for the head 'classes'.")
    diameter_px: float = Field(26.0, gt=4, le=200, description="Object size that images are rescaled to.")
    seed: int = 0
    types: int = Field(9, ge=1, le=200, description="Into how many kinds of images the data is divided.")
    balance: float = Field(0.5, ge=0, le=1, description="0: all kinds of images are seen alike; 1: all images are.")
    network: NetworkSettings = Field(default_factory=lambda: NetworkSettings.model_validate({}))
    views: Views = Field(default_factory=lambda: Views.model_validate({}))
    augmentation: Augmentations = Field(default_factory=lambda: Augmentations.model_validate({}))
    optimisation: Optimisation = Field(default_factory=lambda: Optimisation.model_validate({}))

    @property
    def channels(self) -> int:
        """Output channels of the network, heads in order."""
        return sum(self.channels_of(head) for head in self.heads)

    def channels_of(self, head: Head) -> int:
        """Output channels of one head."""
        match head:
            case Head.FOREGROUND | Head.DISTANCE:
                return 1
            case Head.FLOWS:
                return 2
            case Head.STAR:
                return STAR_RAYS
            case Head.CLASSES:
                return self.classes


def read_configuration(path: Path) -> Configuration:
    """A configuration from a TOML file.

    Raises
    ------
    NotFoundError, InvalidInputError
        The file is missing, no TOML, or holds an unknown or impossible value; the message names it.
    """
    try:
        values = tomllib.loads(path.read_text())
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no configuration file {path}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{path} is no valid TOML: {error}.") from error
    try:
        return Configuration.model_validate(values)
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors())
        raise InvalidInputError(f"{path} is no valid training configuration: {reasons}.") from error
