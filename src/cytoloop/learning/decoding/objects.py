"""What every decoder ends with: small and unlikely objects go, the others are numbered and scored."""

import math

import cc3d
import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.method import Instances

from .settings import DecoderSettings


def disc_area(diameter_px: float) -> float:
    """Area of a disc, px²."""
    return math.pi * diameter_px**2 / 4


def pieces(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Connected pieces (edges touching) numbered from 1, ``(h, w) int32``."""
    return cc3d.connected_components(mask.view(np.uint8), connectivity=4).astype(np.int32)


def finished(
    labels: NDArray[np.int32], probability: NDArray[np.float32], diameter_px: float, settings: DecoderSettings
) -> Instances:
    """Objects that are large and probable enough, ``1..n``, scored by mean probability."""
    count = int(labels.max(initial=0))
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    sums = np.bincount(labels.ravel(), probability.ravel(), minlength=count + 1)
    scores = sums / np.maximum(areas, 1)
    kept = (areas >= max(3.0, settings.smallest * disc_area(diameter_px))) & (scores >= settings.least_score)
    kept[0] = False
    numbers = np.zeros(count + 1, np.int32)
    numbers[kept] = np.arange(1, int(kept.sum()) + 1, dtype=np.int32)
    return Instances(numbers[labels], np.clip(scores[kept], 0.0, 1.0))
