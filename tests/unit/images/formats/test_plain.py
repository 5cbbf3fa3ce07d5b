"""Plain pictures: bit depths, palettes, transparency, rotation."""

from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cytoloop.images.source import ImageSource

Opener = Callable[..., ImageSource]


def whole(path: Path, opened: Opener) -> NDArray[np.generic]:
    source = opened(path)
    return source.read_region(0, 0, 0, source.info().width, source.info().height)


@pytest.mark.parametrize("ending", ["png", "bmp", "webp"])
def test_lossless_colours(ending: str, tmp_path: Path, smooth_rgb: NDArray[np.uint8], opened: Opener) -> None:
    path = tmp_path / f"picture.{ending}"
    pixels = smooth_rgb[:90, :70]
    Image.fromarray(pixels).save(path, lossless=True)
    info = opened(path).info()
    assert (info.format, info.rgb, info.dtype, info.size_c) == (
        "plain",
        True,
        "uint8",
        1,
    )
    np.testing.assert_array_equal(whole(path, opened), pixels)


def test_jpeg_is_as_pillow_decodes_it(tmp_path: Path, smooth_rgb: NDArray[np.uint8], opened: Opener) -> None:
    path = tmp_path / "picture.jpg"
    Image.fromarray(smooth_rgb).save(path)
    np.testing.assert_array_equal(whole(path, opened), np.asarray(Image.open(path)))


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_gray(dtype: str, tmp_path: Path, rng: np.random.Generator, opened: Opener) -> None:
    path = tmp_path / "gray.png"
    pixels = rng.integers(0, np.iinfo(dtype).max, (40, 50)).astype(dtype)
    Image.fromarray(pixels).save(path)
    info = opened(path).info()
    assert (info.rgb, info.dtype, len(info.channels)) == (False, dtype, 1)
    np.testing.assert_array_equal(whole(path, opened), pixels)


def test_deep_colours_are_channels(tmp_path: Path, rng: np.random.Generator, opened: Opener) -> None:
    path = tmp_path / "deep.png"
    pixels = rng.integers(0, 65535, (40, 50, 3)).astype(np.uint16)
    path.write_bytes(imagecodecs.png_encode(pixels))
    source = opened(path)
    assert [channel.name for channel in source.info().channels] == [
        "Red",
        "Green",
        "Blue",
    ]
    for c in range(3):
        np.testing.assert_array_equal(source.read_region(0, 0, 0, 50, 40, c=c), pixels[..., c])


def test_transparent_becomes_white(tmp_path: Path, opened: Opener) -> None:
    path = tmp_path / "clear.png"
    pixels = np.zeros((10, 20, 4), np.uint8)
    pixels[:, 10:] = (200, 10, 20, 255)
    Image.fromarray(pixels).save(path)
    region = whole(path, opened)
    assert region.shape == (10, 20, 3)
    assert (region[:, :10] == 255).all()
    assert (region[:, 10:] == (200, 10, 20)).all()


def test_palettes_and_bits(tmp_path: Path, opened: Opener) -> None:
    ramp = np.arange(200, dtype=np.uint8).reshape(10, 20)
    coloured, gray, bits = (tmp_path / name for name in ("c.png", "g.png", "b.png"))
    picture = Image.fromarray(ramp).convert("P")
    picture.putpalette([value for index in range(256) for value in (index, 255 - index, 7)])
    picture.save(coloured)
    assert whole(coloured, opened)[0, 5].tolist() == [5, 250, 7]
    picture.putpalette([value for index in range(256) for value in (index, index, index)])
    picture.save(gray)
    np.testing.assert_array_equal(whole(gray, opened), ramp)
    Image.fromarray(ramp > 100).save(bits)
    np.testing.assert_array_equal(whole(bits, opened), (ramp > 100) * np.uint8(255))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation(orientation: int, tmp_path: Path, smooth_rgb: NDArray[np.uint8], opened: Opener) -> None:
    path = tmp_path / "camera.jpg"
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(smooth_rgb[:64, :96]).save(path, exif=exif, quality=95)
    source = opened(path)
    size = (96, 64) if orientation < 5 else (64, 96)
    assert (source.info().width, source.info().height) == size
    upright = {1: lambda a: a, 3: lambda a: a[::-1, ::-1], 6: lambda a: np.rot90(a, -1)}
    if orientation in upright:
        expected = upright[orientation](np.asarray(Image.open(path)))
        np.testing.assert_array_equal(whole(path, opened), expected)
