"""The stream of training samples: a view, changed in look, with its targets.

Sample ``n`` of a seed is always the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .augmentation import changed, with_pasted_objects
from .configuration import STAR_RAYS, Configuration, Head
from .dataset import Example
from .synthesis import synthetic_view
from .targets import flows, normalised_distance, star_distances, touching_weight
from .views import PickByType, Source, ViewPlan, random_view, separate


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """``image (3, h, w)``, ``targets (c, h, w)`` in the order of the heads, ``weight (1, h, w)`` per pixel; float32."""

    image: NDArray[np.float32]
    targets: NDArray[np.float32]
    weight: NDArray[np.float32]


class SampleStream:
    """Makes sample number ``n``."""

    def __init__(self, examples: Sequence[Example], types: Sequence[int], configuration: Configuration) -> None:
        self._sources = [Source(one) for one in examples]
        self._semantic = Head.CLASSES in configuration.heads
        self._pick = PickByType(types, [one.labels.size for one in examples], configuration.balance)
        self._configuration = configuration
        self._look = configuration.augmentation
        self._synthetic = 0.0 if self._semantic else self._look.synthetic
        self._plan = ViewPlan(configuration.views, configuration.diameter_px, separated=not self._semantic)

    def sample(self, number: int) -> Sample:
        """Sample ``number`` of the configuration's seed."""
        rng = np.random.default_rng([self._configuration.seed, number])
        size = self._plan.shares.size
        if rng.random() < self._synthetic:
            image, labels = synthetic_view(size, self._configuration.diameter_px, rng)
        else:
            view = random_view(self._sources, self._plan, self._pick, rng)
            image, labels = view.image, view.labels
            if not self._semantic and rng.random() < self._look.paste:
                image, labels = with_pasted_objects(image, labels, rng)
                labels = separate(labels)
        image = changed(image, self._look, rng)
        return Sample(
            np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32),
            targets_of(labels, self._configuration),
            pixel_weight(labels)[None],
        )


def pixel_weight(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """0 where nothing is known, 1 elsewhere, up to 3 between touching objects."""
    return np.where(labels < 0, np.float32(0), 1 + touching_weight(labels)).astype(np.float32)


def targets_of(labels: NDArray[np.int32], configuration: Configuration) -> NDArray[np.float32]:
    """What the heads should say, ``(channels, h, w)``."""
    parts: list[NDArray[np.float32]] = []
    for head in configuration.heads:
        match head:
            case Head.FOREGROUND:
                parts.append((labels > 0).astype(np.float32)[None])
            case Head.DISTANCE:
                parts.append(normalised_distance(labels)[None])
            case Head.FLOWS:
                parts.append(flows(labels))
            case Head.STAR:
                small = star_distances(labels, STAR_RAYS, step=2) / np.float32(configuration.diameter_px)
                parts.append(small.repeat(2, axis=1).repeat(2, axis=2))
            case Head.CLASSES:
                known = np.clip(labels, 0, configuration.classes - 1)
                parts.append(np.moveaxis(np.eye(configuration.classes, dtype=np.float32)[known], -1, 0))
    return np.concatenate(parts)
