"""Pictures of discs whose true labels are known."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray


@dataclass(frozen=True)
class Discs:
    """``image (h, w) float``, background 20, objects 120; ``labels (h, w) int32``."""

    image: NDArray[np.float64]
    labels: NDArray[np.int32]


def draw_discs(centers: list[tuple[int, int]], radius: float, shape: tuple[int, int]) -> Discs:
    y, x = np.mgrid[: shape[0], : shape[1]]
    labels = np.zeros(shape, np.int32)
    for number, (row, column) in enumerate(centers, start=1):
        labels[(y - row) ** 2 + (x - column) ** 2 <= radius**2] = number
    image = 20.0 + 100.0 * (labels > 0)
    return Discs(image, labels)


@pytest.fixture
def discs() -> Discs:
    """Seven discs, two of them touching, one cut by the border."""
    centers = [(30, 30), (30, 90), (70, 30), (70, 51), (110, 100), (60, 120), (128, 20)]
    return draw_discs(centers, 11.5, (140, 150))
