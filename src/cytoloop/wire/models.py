"""Models that segment."""

from typing import Any

from pydantic import Field

from .base import WireModel


class ModelScore(WireModel):
    """Scores on held-out images of one type. ``dsb`` is the DSB 2018 score, ``f1`` at an overlap of 0.5."""

    images: str
    count: int
    dsb: float
    f1: float
    missed: int | None = None
    extra: int | None = None
    split: int | None = None
    merged: int | None = None


class Model(WireModel):
    """A model package, in short. ``diameter_px`` null: images are not rescaled."""

    name: str
    title: str
    description: str
    version: str
    licence: str
    authors: list[str]
    shipped: bool
    task: str
    decoder: str
    outputs: list[str]
    diameter_px: float | None
    size_bytes: int = Field(description="Of the weights.")
    scores: list[ModelScore]


class ModelDetails(Model):
    """A model with its card in Markdown, its pictures' file names, and what a program needs to run its weights."""

    card: str
    pictures: list[str]
    weights_sha256: str
    channels: int
    stride: int
    smallest: int
    halo: int
    low_percentile: float
    high_percentile: float
    decoding: dict[str, float]
    training: dict[str, Any]
