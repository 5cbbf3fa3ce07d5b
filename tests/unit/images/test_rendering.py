"""Styles from text, colours by name, and channels turned into a picture."""

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cytoloop.core.errors import InvalidInputError
from cytoloop.images.memory import ArraySource
from cytoloop.images.rendering import (
    ChannelStyle,
    default_colors,
    default_style,
    encode_jpeg,
    parse_style,
    render,
)
from cytoloop.images.source import ImageInfo
from cytoloop.images.statistics import histogram_of


def info_of(*names: str) -> ImageInfo:
    return ArraySource(np.zeros((len(names), 4, 4), np.uint16), "CYX", channel_names=names).info()


def test_styles_are_parsed() -> None:
    styles = parse_style("0:FF0000:10:200.5:1,2:00ff00:-1e3:4e3:0.7", info_of("a", "b", "c"))
    assert styles == (
        ChannelStyle(0, "#ff0000", 10, 200.5, 1),
        ChannelStyle(2, "#00ff00", -1000, 4000, 0.7),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0:ff0000:1:2",
        "0:ff00:1:2:1",
        "0:red:1:2:1",
        "3:ff0000:1:2:1",
        "-1:ff0000:1:2:1",
        "0:ff0000:2:2:1",
        "0:ff0000:3:2:1",
        "0:ff0000:nan:2:1",
        "0:ff0000:1:inf:1",
        "0:ff0000:1:2:0",
        "0:ff0000:1:2:-1",
        "0:ff0000:a:2:1",
        "0:ff0000:1:2:1,",
        ",".join(["0:ff0000:1:2:1"] * 100),
    ],
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_style(text, info_of("a", "b", "c"))


def test_rgb_images_take_no_style() -> None:
    rgb = ArraySource(np.zeros((4, 4, 3), np.uint8), "YXS").info()
    with pytest.raises(InvalidInputError, match="colours of its own"):
        parse_style("0:ff0000:1:2:1", rgb)
    assert default_style(rgb, []) == ()


def test_default_colours() -> None:
    assert default_colors(info_of("anything")) == ("#ffffff",)
    assert default_colors(info_of("FITC", "Hoechst 33342")) == ("#33dd55", "#4477ff")
    unnamed = default_colors(info_of("Channel 1", "Channel 2", "Channel 3"))
    assert unnamed == ("#4477ff", "#33dd55", "#ee44cc")
    many = default_colors(info_of(*[f"Channel {index}" for index in range(12)]))
    assert len(many) == 12
    twice = default_colors(info_of("DAPI", "DAPI 2"))
    assert len(set(twice)) == 2
    waves = default_colors(info_of("450 nm", "530 nm", "650 nm"))
    assert waves[2].startswith("#f")
    assert waves[2].endswith("0000")


DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("gamma", [1.0, 0.5])
def test_brightness_is_linear_between_low_and_high(dtype: str, gamma: float) -> None:
    low, high = (-50.0, 50.0) if dtype[0] != "u" else (20.0, 120.0)
    pixels = np.linspace(low - 30, high + 5, 64).reshape(8, 8).clip(0 if dtype[0] == "u" else -128, 127)
    pixels = pixels.astype(dtype)
    picture = render([pixels], [ChannelStyle(0, "#ffffff", low, high, gamma)])
    expected = ((pixels.astype(float) - low) / (high - low)).clip(0, 1) ** gamma * 255
    assert picture.shape == (8, 8, 3)
    assert picture.dtype == np.uint8
    assert np.abs(picture[..., 1] - expected).max() <= 1.0
    assert (picture[..., 0] == picture[..., 2]).all()


def test_channels_are_added_and_cut() -> None:
    full = np.full((2, 2), 1000, np.uint16)
    styles = [ChannelStyle(0, "#ff8000", 0, 1000), ChannelStyle(1, "#00ff10", 0, 2000)]
    picture = render([full, full], styles)
    assert picture[0, 0].tolist() == [255, 255, 8]


def test_not_a_number_is_dark_and_infinity_bright() -> None:
    pixels = np.array([[np.nan, np.inf, -np.inf, 0.5]], np.float32)
    picture = render([pixels], [ChannelStyle(0, "#ffffff", 0, 1)])
    assert picture[0, :3, 0].tolist() == [0, 255, 0]


def test_arrays_and_styles_must_match() -> None:
    with pytest.raises(InvalidInputError):
        render([], [])
    with pytest.raises(InvalidInputError):
        render([np.zeros((2, 2), np.uint8)], [])


@pytest.mark.parametrize("shape", [(30, 40, 3), (30, 40)])
def test_jpeg(shape: tuple[int, ...]) -> None:
    pixels = np.full(shape, 77, np.uint8)
    decoded = np.asarray(Image.open(io.BytesIO(encode_jpeg(pixels))))
    assert decoded.shape == shape
    assert np.abs(decoded.astype(int) - 77).max() <= 2


def test_colours_survive_jpeg() -> None:
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[...] = (200, 30, 60)
    decoded = np.asarray(Image.open(io.BytesIO(encode_jpeg(pixels, 95))))
    assert np.abs(decoded.astype(int) - (200, 30, 60)).max() <= 4


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((50, 50), np.uint16),
        np.full((50, 50), 7, np.uint8),
        np.full((50, 50), np.nan, np.float32),
        np.array([[np.inf, -np.inf, np.nan, 1.0]]),
        np.eye(300, dtype=np.uint8),
        np.full((3, 3), 2.0**60),
        np.array([[-5, -5, -4]], np.int8),
    ],
    ids=lambda pixels: f"{pixels.dtype}-{pixels.flat[0]}",
)
def test_low_is_always_below_high(pixels: NDArray[Any]) -> None:
    found = histogram_of(pixels)
    assert found.low < found.high
    assert found.minimum < found.maximum
    assert len(found.counts) == 256
    assert sum(found.counts) == np.isfinite(pixels.astype(float)).sum()
    render([pixels], [ChannelStyle(0, "#ffffff", found.low, found.high)])


def test_a_spectrum_is_stretched_as_one() -> None:
    info = info_of("500 nm", "510 nm", "520 nm")
    found = [histogram_of(np.arange(100 * (c + 1)), c) for c in range(3)]
    styles = default_style(info, found)
    assert len({(style.low, style.high) for style in styles}) == 1
