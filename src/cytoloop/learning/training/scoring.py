"""What a method scores on images whose truth is known, overall and by image type."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.method import Method, Pixels
from cytoloop.measurements.scores import ImageScores, score_pair, summarise

from .dataset import Example


@dataclass(frozen=True, slots=True)
class Scored:
    """One image's scores and the seconds that it took."""

    name: str
    scores: ImageScores
    seconds: float


@dataclass(frozen=True, slots=True)
class TypeScore:
    """Means over the images of a type: DSB score, F1 at IoU 0.5; and the counts of errors."""

    images: int
    dsb: float
    f1: float
    missed: int
    extra: int
    split: int
    merged: int
    dice: float
    """Mean Dice coefficient of the foreground."""

    def as_json(self) -> dict[str, float]:
        """For records."""
        return {
            "images": self.images,
            "dsb": round(self.dsb, 4),
            "f1": round(self.f1, 4),
            "missed": self.missed,
            "extra": self.extra,
            "split": self.split,
            "merged": self.merged,
            "dice": round(self.dice, 4),
        }


def pixels_of(example: Example) -> Pixels:
    """An example as methods see images."""
    rgb = example.image.ndim == 3
    return Pixels(example.image if rgb else example.image[..., None], rgb)


def score_method(
    method: Method,
    examples: Sequence[Example],
    parameters: Mapping[str, Any] | None = None,
    on_image: Callable[[Scored], None] = lambda _: None,
) -> list[Scored]:
    """Segment and score every example, one after the other.

    Objects that lie mostly where nothing is known (-1) do not count.
    """
    chosen = method.parameters.model_validate(dict(parameters or {}))
    found: list[Scored] = []
    for one in examples:
        pixels = pixels_of(one)
        begun = time.perf_counter()
        instances = method.segment(pixels, chosen, method.calibrate(pixels, chosen))
        seconds = time.perf_counter() - begun
        labels = without_unknown(instances.labels, one.labels)
        scores = score_pair(one.labels.clip(min=0).astype(np.int64), labels.astype(np.int64))
        found.append(Scored(one.name, scores, seconds))
        on_image(found[-1])
    return found


def without_unknown(found: NDArray[np.int32], truth: NDArray[np.int32]) -> NDArray[np.int32]:
    """The found objects ``(h, w)`` without those of which more than half lies where the truth is -1."""
    unknown = truth < 0
    if not unknown.any() or not found.any():
        return found
    count = int(found.max())
    area = np.bincount(found.ravel(), minlength=count + 1)
    hidden = np.bincount(found[unknown], minlength=count + 1)
    return np.where((hidden * 2 > area)[found], 0, found).astype(np.int32)


def by_type(scored: Sequence[Scored], types: Mapping[str, str]) -> dict[str, TypeScore]:
    """Scores of all images (key ``all``) and of each type by its name."""
    groups: dict[str, list[ImageScores]] = {"all": [one.scores for one in scored]}
    for one in scored:
        groups.setdefault(types[one.name], []).append(one.scores)
    return {name: _mean(group) for name, group in groups.items()}


def _mean(group: Sequence[ImageScores]) -> TypeScore:
    total = summarise(list(group))
    return TypeScore(
        len(group),
        float(np.mean([one.dsb for one in group])),
        float(np.mean([one.f1() for one in group])),
        total.missed,
        total.extra,
        total.split,
        total.merged,
        float(np.mean([one.dice for one in group])),
    )
