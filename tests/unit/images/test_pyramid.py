"""Levels, tiles and regions: tiles put together are the region, means are means, memory is bounded."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError, NotFoundError, TooLargeError
from cytoloop.core.geometry import Box
from cytoloop.images.memory import ArraySource
from cytoloop.images.planar import Window
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.resampling import averaged, resampled
from cytoloop.images.source import ImageInfo, Level


def values(shape: tuple[int, ...], dtype: str = "uint16") -> NDArray[Any]:
    return np.random.default_rng(3).integers(0, 120, shape).astype(dtype)


def means(array: NDArray[Any], factor: int) -> NDArray[np.float64]:
    """Means of squares the slow way; at the edge the last pixels are repeated."""
    bottom, right = -array.shape[0] % factor, -array.shape[1] % factor
    padded = np.pad(
        array.astype(float),
        ((0, bottom), (0, right), *[(0, 0)] * (array.ndim - 2)),
        mode="edge",
    )
    h, w = padded.shape[0] // factor, padded.shape[1] // factor
    return padded.reshape(h, factor, w, factor, *array.shape[2:]).mean(axis=(1, 3))


def mosaic(pyramid: Pyramid, level: int) -> NDArray[Any]:
    size = pyramid.levels[level]
    columns, rows = (
        -(-size.width // size.tile_width),
        -(-size.height // size.tile_height),
    )
    return np.concatenate(
        [np.concatenate([pyramid.tile(level, column, row) for column in range(columns)], axis=1) for row in range(rows)]
    )


@settings(max_examples=30, deadline=None)
@given(
    height=st.integers(1, 1300),
    width=st.integers(1, 1300),
    tile_size=st.sampled_from([16, 128, 240, 256, 1024, 5000]),
    rgb=st.booleans(),
)
def test_tiles_put_together_are_the_level(height: int, width: int, tile_size: int, rgb: bool) -> None:
    pixels = values((height, width, 3) if rgb else (height, width), "uint8" if rgb else "uint16")
    pyramid = Pyramid(ArraySource(pixels, "YXS" if rgb else "YX", tile_size_px=tile_size))
    assert max(pyramid.levels[-1].width, pyramid.levels[-1].height) <= 512
    for level, size in enumerate(pyramid.levels):
        together = mosaic(pyramid, level)
        assert together.shape[:2] == (size.height, size.width)
        assert together.dtype == pixels.dtype
        factor = int(size.downsample)
        assert np.abs(together - means(pixels, factor)).max() <= 0.5 + 1e-6
        assert (size.width, size.height) == (-(-width // factor), -(-height // factor))


@settings(max_examples=40, deadline=None)
@given(
    x0=st.floats(0, 300),
    y0=st.floats(0, 300),
    w=st.integers(1, 60),
    h=st.integers(1, 60),
    downsample=st.floats(1, 6),
)
def test_regions_of_any_scale_are_area_means(x0: float, y0: float, w: int, h: int, downsample: float) -> None:
    pixels = values((700, 700), "float64")
    box = Box(x0, y0, x0 + w * downsample, y0 + h * downsample)
    region = Pyramid(ArraySource(pixels, "YX")).region(box, downsample)
    assert region.shape == (h, w)
    integral = np.pad(pixels, ((1, 0), (1, 0))).cumsum(0).cumsum(1)

    def below(y: float, x: float) -> float:
        yi, xi = min(int(y), 699), min(int(x), 699)
        fy, fx = y - yi, x - xi
        corners = integral[yi : yi + 2, xi : xi + 2]
        return float(np.array([1 - fy, fy]) @ corners @ np.array([1 - fx, fx]))

    for row, column in ((0, 0), (h - 1, w - 1), (h // 2, w // 2)):
        top, left = y0 + row * downsample, x0 + column * downsample
        bottom, right = top + downsample, left + downsample
        total = below(bottom, right) - below(top, right) - below(bottom, left) + below(top, left)
        assert region[row, column] == pytest.approx(total / downsample**2, abs=1e-3)


def test_full_resolution_regions_are_exact() -> None:
    pixels = values((300, 400), "int8")
    region = Pyramid(ArraySource(pixels, "YX")).region(Box(13, 17, 113, 67), 1)
    np.testing.assert_array_equal(region, pixels[17:67, 13:113])


def test_enlarging_repeats_pixels() -> None:
    pixels = values((20, 30))
    region = Pyramid(ArraySource(pixels, "YX")).region(Box(5, 5, 10, 10), 0.25)
    np.testing.assert_array_equal(region, np.repeat(np.repeat(pixels[5:10, 5:10], 4, 0), 4, 1))


def test_beyond_the_image_is_filled() -> None:
    rgb = Pyramid(ArraySource(np.full((50, 50, 3), 7, np.uint8), "YXS"))
    region = rgb.region(Box(-50, 0, 50, 50), 1)
    assert (region[:, :50] == 255).all()
    assert (region[:, 50:] == 7).all()


def test_thumbnails_have_the_size_asked_for_and_no_lines_at_the_edge() -> None:
    pyramid = Pyramid(ArraySource(np.full((2967, 2221), 90, np.uint8), "YX"))
    for size in (100, 256, 333, 512, 1000):
        thumbnail = pyramid.thumbnail(size)
        assert max(thumbnail.shape) == size
        assert (thumbnail == 90).all()
    small = Pyramid(ArraySource(values((20, 30)), "YX"))
    np.testing.assert_array_equal(small.thumbnail(256), values((20, 30)))


def test_not_a_number_stays_where_it_is() -> None:
    pixels = np.ones((600, 600), np.float32)
    pixels[300, 300] = np.nan
    for downsample in (2, 2.5):
        region = Pyramid(ArraySource(pixels, "YX")).region(Box(0, 0, 600, 600), downsample)
        assert 1 <= np.isnan(region).sum() <= 4


class StoredLevels(ArraySource):
    """An image that claims some stored levels and counts what is read from them."""

    def __init__(self, width: int, height: int, downsamples: list[int]) -> None:
        super().__init__(np.zeros((1, 1), np.uint8), "YX")
        levels = tuple(Level(-(-width // by), -(-height // by), float(by), 512, 512) for by in downsamples)
        self._info = ImageInfo("test", width, height, 1, 1, 1, "uint8", rgb=False, levels=levels)
        self.largest_read = 0
        self.read_levels: set[int] = set()

    def _read(self, level: int, window: Window, c: int, z: int, t: int) -> NDArray[np.generic]:
        self.largest_read = max(self.largest_read, window.w * window.h)
        self.read_levels.add(level)
        return np.broadcast_to(np.uint8(9), (window.h, window.w))


def test_gaps_are_filled_with_halves() -> None:
    pyramid = Pyramid(StoredLevels(100_000, 60_000, [1, 4, 16, 64]))
    downsamples = [level.downsample for level in pyramid.levels]
    assert downsamples == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    sizes = {level.downsample: level.tile_width for level in pyramid.levels}
    assert sizes[4] == 512, "a stored level keeps its tiles"
    assert sizes[8] == 256


def test_computed_levels_read_the_nearest_stored_one() -> None:
    source = StoredLevels(100_000, 60_000, [1, 4, 16, 64])
    pyramid = Pyramid(source)
    pyramid.tile(3, 1, 1)
    assert source.read_levels == {1}
    source.read_levels.clear()
    pyramid.thumbnail(256)
    assert source.read_levels == {3}


def test_memory_is_bounded_without_a_pyramid() -> None:
    source = StoredLevels(40_000, 30_000, [1])
    pyramid = Pyramid(source)
    assert (pyramid.tile(len(pyramid.levels) - 1, 0, 0) == 9).all()
    assert source.largest_read <= 2**22
    assert (pyramid.thumbnail(200) == 9).all()
    assert source.largest_read <= 2**23


def test_requests_that_make_no_sense() -> None:
    pyramid = Pyramid(ArraySource(values((2, 300, 400)), "CYX"))
    for level, column, row in ((0, 2, 0), (0, 0, 2), (0, -1, 0), (9, 0, 0), (-1, 0, 0)):
        with pytest.raises(NotFoundError):
            pyramid.tile(level, column, row)
    with pytest.raises(InvalidInputError, match="channel 2"):
        pyramid.tile(0, 0, 0, c=2)
    for box, downsample in (
        (Box(0, 0, 0, 5), 1),
        (Box(0, 0, 5, 5), 0),
        (Box(0, 0, float("nan"), 5), 1),
    ):
        with pytest.raises(InvalidInputError):
            pyramid.region(box, downsample)
    with pytest.raises(TooLargeError):
        pyramid.region(Box(0, 0, 400, 300), 0.001)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32"])
def test_averages_keep_the_dtype(dtype: str) -> None:
    pixels = values((37, 41), dtype)
    small = averaged(pixels, 4)
    assert small.dtype == np.dtype(dtype)
    assert np.abs(small - means(pixels, 4)).max() <= 0.51
    edges = np.linspace(0, 36, 10)
    again = resampled(pixels, edges, edges)
    assert again.dtype == np.dtype(dtype)
    assert np.abs(again - means(pixels[:36, :36], 4)).max() <= 0.51
