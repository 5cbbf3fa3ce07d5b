"""Tiny synthetic pictures and the files made of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
from numpy.typing import NDArray

from cytoloop.images.registry import open_image
from cytoloop.images.source import ImageSource


class Opener(Protocol):
    """Opens an image that the fixture closes."""

    def __call__(self, path: Path, series: int = 0) -> ImageSource: ...


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def smooth_rgb() -> NDArray[np.uint8]:
    """(y, x, 3) uint8, 1,100 x 1,500: soft enough for JPEG, different in each colour."""
    y, x = np.mgrid[0:1100, 0:1500]
    parts = (x / 1500 * 255, y / 1100 * 255, 128 + 90 * np.sin(x / 97) * np.cos(y / 61))
    return np.stack(parts, axis=-1).astype(np.uint8)


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Opens images and closes them after the test."""
    sources: list[ImageSource] = []

    def open_it(path: Path, series: int = 0) -> ImageSource:
        sources.append(open_image(path, series))
        return sources[-1]

    yield open_it
    for source in sources:
        source.close()
        source.close()
