"""Drawn objects and a network that knows their maps."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from cytoloop.learning.training.configuration import STAR_RAYS
from cytoloop.learning.training.targets import flows, normalised_distance, star_distances


def _ellipses(shape: tuple[int, int], diameter: float, count: int, seed: int = 0) -> NDArray[np.int32]:
    """Labels of ellipses of about one diameter that may touch but do not overlap."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    labels = np.zeros(shape, np.int32)
    for number in range(1, count + 1):
        cy, cx = rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
        turn, stretch = rng.uniform(0, np.pi), rng.uniform(1, 1.4)
        u = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)
        v = -(x - cx) * np.sin(turn) + (y - cy) * np.cos(turn)
        inside = (u / stretch) ** 2 + (v * stretch) ** 2 <= (diameter / 2) ** 2
        if not (labels[inside] > 0).any():
            labels[inside] = number
    return np.unique(labels, return_inverse=True)[1].reshape(shape).astype(np.int32)


@pytest.fixture
def touching() -> NDArray[np.int32]:
    """Two discs of 26 px that touch and one alone; ``(96, 128)``."""
    y, x = np.mgrid[:96, :128]
    labels = np.zeros((96, 128), np.int32)
    for number, (cy, cx) in enumerate([(40, 40), (40, 65), (70, 105)], start=1):
        labels[((y - cy) ** 2 + (x - cx) ** 2 <= 13**2) & (labels == 0)] = number
    return labels


def _true_maps(labels: NDArray[np.int32], diameter: float) -> dict[str, NDArray[np.float32]]:
    """What perfect networks would predict, by decoder."""
    foreground = (labels > 0).astype(np.float32)[None]
    return {
        "watershed": np.concatenate([foreground, normalised_distance(labels)[None]]),
        "flows": np.concatenate([foreground, flows(labels)]),
        "star": np.concatenate([foreground, star_distances(labels, STAR_RAYS) / np.float32(diameter)]),
        "components": foreground,
    }


@pytest.fixture
def ellipses() -> Callable[..., NDArray[np.int32]]:
    """``ellipses(shape, diameter, count, seed=0)``."""
    return _ellipses


@pytest.fixture
def true_maps() -> Callable[[NDArray[np.int32], float], dict[str, NDArray[np.float32]]]:
    """``true_maps(labels, diameter)``."""
    return _true_maps
