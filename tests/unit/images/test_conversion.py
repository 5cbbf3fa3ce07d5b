"""Prepared pyramids: exact where it is measured, complete or absent, and read as one image."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from cytoloop.core.errors import CancelledError, UnreadableImageError
from cytoloop.core.geometry import Box
from cytoloop.images.conversion import convert, needs_conversion, open_prepared
from cytoloop.images.memory import ArraySource
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.registry import open_image
from cytoloop.images.source import ImageInfo, Level


def quietly(part: float) -> None:
    assert 0 <= part <= 1


def info_with(levels: list[tuple[int, int, int]]) -> ImageInfo:
    """Levels as (downsample, tile width, tile height) of a 40,000 x 30,000 px image."""
    base = ArraySource(np.zeros((1, 1), np.uint8), "YX").info()
    made = tuple(Level(40_000 // by, 30_000 // by, float(by), w, h) for by, w, h in levels)
    return replace(base, width=40_000, height=30_000, levels=made)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([(1, 256, 256), (4, 256, 256), (16, 256, 256), (64, 256, 256)], False),
        ([(1, 256, 256)], True),
        ([(1, 256, 256), (64, 256, 256)], True),
        ([(1, 256, 256), (4, 256, 256)], True),
        ([(1, 40_000, 1), (4, 256, 256), (16, 256, 256), (64, 256, 256)], False),
        ([(1, 40_000, 30_000), (4, 256, 256), (16, 256, 256), (64, 256, 256)], True),
    ],
)
def test_what_needs_conversion(levels: list[tuple[int, int, int]], expected: bool) -> None:
    assert needs_conversion(info_with(levels)) is expected


def test_small_images_need_none(tmp_path: Path) -> None:
    path = tmp_path / "small.png"
    Image.new("RGB", (2048, 1000)).save(path)
    source = open_image(path)
    assert not needs_conversion(source.info())
    source.close()


def test_a_picture_that_is_decoded_whole_gets_an_exact_copy(tmp_path: Path, smooth_rgb: NDArray[np.uint8]) -> None:
    original, prepared = tmp_path / "big.png", tmp_path / "big.pyramid.tif"
    pixels = np.tile(smooth_rgb, (2, 2, 1))[:2117, :2503]
    Image.fromarray(pixels).save(original, compress_level=1)
    source = open_image(original)
    assert needs_conversion(source.info())
    assert convert(source, prepared, quietly) == prepared
    source.close()
    together = open_prepared(original, prepared)
    info = together.info()
    assert not needs_conversion(info)
    assert info.format == "plain"
    np.testing.assert_array_equal(together.read_region(0, 0, 0, 2503, 2117), pixels)
    half = together.read_region(1, 0, 0, 1252, 1059).astype(int)
    expected = Pyramid(ArraySource(pixels, "YXS")).region(Box(0, 0, 2502, 2116), 2)
    assert np.abs(half[:1058, :1251] - expected).mean() < 2
    assert together.encoded_tile(1, 0, 0) is not None
    together.close()


def test_a_tiled_slide_stays_and_gets_overviews(tmp_path: Path, smooth_rgb: NDArray[np.uint8]) -> None:
    original, prepared = tmp_path / "slide.tif", tmp_path / "overviews.tif"
    pixels = np.tile(smooth_rgb, (2, 2, 1))
    tifffile.imwrite(original, pixels, tile=(256, 256), compression="jpeg", photometric="rgb")
    source = open_image(original)
    assert needs_conversion(source.info())
    convert(source, prepared, quietly)
    together = open_prepared(original, prepared)
    assert [level.downsample for level in together.info().levels] == [1, 2, 4, 8]
    assert not needs_conversion(together.info())
    region = together.read_region(0, 900, 900, 300, 300)
    np.testing.assert_array_equal(region, source.read_region(0, 900, 900, 300, 300))
    tile = together.encoded_tile(0, 1, 1)
    assert tile is not None
    assert tile == source.encoded_tile(0, 1, 1)
    source.close()
    together.close()


@pytest.mark.parametrize("dtype", ["uint16", "float32", "int8"])
def test_stacks_stay_exact(dtype: str, tmp_path: Path, rng: np.random.Generator) -> None:
    prepared = tmp_path / "stack.ome.tif"
    pixels = rng.integers(-100, 100, (2, 2, 3, 1030, 700)).astype(dtype)
    source = ArraySource(pixels, "TCZYX", pixel_width_um=0.5, channel_names=["DAPI", "GFP"])
    convert(source, prepared, quietly, exact_copy=True)
    copy = open_image(prepared)
    info = copy.info()
    assert (info.size_t, info.size_c, info.size_z, info.dtype) == (2, 2, 3, dtype)
    assert (info.pixel_width_um, [channel.name for channel in info.channels]) == (
        0.5,
        ["DAPI", "GFP"],
    )
    ours = Pyramid(source)
    for t, c, z in np.ndindex(2, 2, 3):
        np.testing.assert_array_equal(copy.read_region(0, 0, 0, 700, 1030, c=c, z=z, t=t), pixels[t, c, z])
        half = copy.read_region(1, 0, 0, 350, 515, c=c, z=z, t=t)
        tile = ours.tile(1, 0, 0, c=c, z=z, t=t)
        np.testing.assert_allclose(half[:256, :256], tile, atol=1)
    copy.close()


@pytest.mark.parametrize("at", [0.0, 0.3, 0.9])
def test_nothing_is_left_of_a_cancelled_conversion(at: float, tmp_path: Path) -> None:
    def cancel(part: float) -> None:
        if part >= at:
            raise CancelledError("The import was cancelled.")

    with pytest.raises(CancelledError):
        convert(
            ArraySource(np.zeros((3000, 3000), np.uint8), "YX"),
            tmp_path / "x.tif",
            cancel,
        )
    assert list(tmp_path.iterdir()) == []


def test_a_failed_conversion_leaves_the_old_result(tmp_path: Path) -> None:
    target = tmp_path / "x.tif"
    target.write_bytes(b"earlier")

    def fail(part: float) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        convert(ArraySource(np.zeros((3000, 3000), np.uint8), "YX"), target, fail)
    assert target.read_bytes() == b"earlier"
    assert len(list(tmp_path.iterdir())) == 1


def test_another_images_pyramid_is_refused(tmp_path: Path) -> None:
    original, prepared = tmp_path / "a.png", tmp_path / "b.tif"
    Image.new("L", (300, 200)).save(original)
    convert(ArraySource(np.zeros((3000, 3000), np.uint8), "YX"), prepared, quietly)
    with pytest.raises(UnreadableImageError, match="another image"):
        open_prepared(original, prepared)


def test_without_a_pyramid_the_original_is_opened(tmp_path: Path) -> None:
    original = tmp_path / "a.png"
    Image.new("L", (300, 200)).save(original)
    source = open_prepared(original, None)
    assert source.info().width == 300
    source.close()


def test_progress_runs_from_nothing_to_one(tmp_path: Path) -> None:
    parts: list[float] = []
    remember: Callable[[float], None] = parts.append
    convert(
        ArraySource(np.zeros((3000, 3000), np.uint8), "YX"),
        tmp_path / "x.tif",
        remember,
    )
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
