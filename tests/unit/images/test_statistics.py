"""Histograms of planes large and small, values at pixels, planes for analysis."""

import numpy as np
import pytest

from cytoloop.core.errors import InvalidInputError, TooLargeError
from cytoloop.core.geometry import Box
from cytoloop.images.memory import ArraySource
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.reading import read_plane
from cytoloop.images.statistics import histogram, pixel_values


def test_percentiles_leave_out_hot_pixels(rng: np.random.Generator) -> None:
    pixels = rng.normal(1000, 50, (500, 600)).clip(1).astype(np.uint16)
    pixels[:2, :3] = 65535
    found = histogram(Pyramid(ArraySource(np.stack([pixels * 0, pixels]), "CYX")), 1)
    assert (found.channel, found.maximum) == (1, 65535)
    assert 820 < found.low < 900
    assert 1100 < found.high < 1200


def test_padding_does_not_set_the_black_point(rng: np.random.Generator) -> None:
    pixels = rng.integers(300, 900, (400, 400)).astype(np.uint16)
    pixels[:, 200:] = 0
    found = histogram(Pyramid(ArraySource(pixels, "YX")))
    assert found.minimum == 0
    assert found.low >= 300


def test_large_planes_are_sampled(rng: np.random.Generator) -> None:
    pixels = rng.integers(100, 200, (3000, 3500)).astype(np.uint16)
    found = histogram(Pyramid(ArraySource(pixels, "YX")))
    assert sum(found.counts) < pixels.size
    assert 95 <= found.low < found.high <= 205


def test_colours_have_histograms_of_their_own() -> None:
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[..., 1] = np.arange(40)
    pyramid = Pyramid(ArraySource(pixels, "YXS"))
    assert [histogram(pyramid, c).maximum for c in range(3)] == [1, 39, 1]
    with pytest.raises(InvalidInputError):
        histogram(pyramid, 3)


def test_pixel_values() -> None:
    pixels = np.arange(2 * 3 * 4 * 5 * 6, dtype=np.float32).reshape(2, 3, 4, 5, 6)
    source = ArraySource(pixels, "TCZYX")
    assert pixel_values(source, 4, 2, z=3, t=1) == pixels[1, :, 3, 2, 4].tolist()
    rgb = ArraySource(np.arange(60, dtype=np.uint8).reshape(4, 5, 3), "YXS")
    assert pixel_values(rgb, 1, 2) == [33.0, 34.0, 35.0]
    for x, y in ((-1, 0), (0, -1), (6, 0), (0, 5)):
        with pytest.raises(InvalidInputError, match="outside"):
            pixel_values(source, x, y)


def test_planes_are_exact() -> None:
    pixels = np.arange(3 * 20 * 30, dtype=np.int16).reshape(3, 20, 30)
    source = ArraySource(pixels, "CYX")
    np.testing.assert_array_equal(read_plane(source), pixels)
    np.testing.assert_array_equal(read_plane(source, channels=[2]), pixels[2])
    part = read_plane(source, Box(3.2, 4.9, 10.1, 12), channels=[2, 0])
    np.testing.assert_array_equal(part, pixels[[2, 0], 4:12, 3:11])
    cut = read_plane(source, Box(-5, -5, 2, 2))
    np.testing.assert_array_equal(cut, pixels[:, :2, :2])
    rgb = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    np.testing.assert_array_equal(read_plane(ArraySource(rgb, "YXS")), rgb)


def test_planes_have_a_limit() -> None:
    source = ArraySource(np.zeros((2, 100, 100), np.uint8), "CYX")
    with pytest.raises(TooLargeError, match="19,999"):
        read_plane(source, max_pixels=19_999)
    assert read_plane(source, max_pixels=20_000).shape == (2, 100, 100)
    for box in (Box(200, 0, 300, 10), Box(5, 5, 5, 9), Box(float("nan"), 0, 1, 1)):
        with pytest.raises(InvalidInputError):
            read_plane(source, box)
    with pytest.raises(InvalidInputError):
        read_plane(source, channels=[])
    with pytest.raises(InvalidInputError):
        read_plane(source, channels=[5])
