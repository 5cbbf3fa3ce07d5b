"""Channels to colours: contrast and gamma by lookup table, channels added up, and JPEG for the screen."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError

from .source import ImageInfo
from .statistics import Histogram

_PALETTE = ("#4477ff", "#33dd55", "#ee44cc", "#ffcc22", "#22ddee", "#ff6644", "#bbbbbb")
"""Told apart with the common colour vision deficiencies, in this order: blue, green, magenta, yellow,
cyan, orange, gray (after Okabe & Ito and Tol, lightened for a dark ground)."""
_DYES = (
    (re.compile(r"dapi|hoechst|draq|nucle|\bbfp\b|405|h33", re.IGNORECASE), "#4477ff"),
    (
        re.compile(r"gfp|fitc|488|alexa ?fluor ?488|af488|calcein|green", re.IGNORECASE),
        "#33dd55",
    ),
    (
        re.compile(
            r"rfp|mcherry|tritc|cy3|texas|561|568|594|phalloidin|red|tomato",
            re.IGNORECASE,
        ),
        "#ff5544",
    ),
    (re.compile(r"cy5|647|640|far.?red|apc", re.IGNORECASE), "#ee44cc"),
    (re.compile(r"yfp|514|venus", re.IGNORECASE), "#ffcc22"),
    (re.compile(r"cfp|cyan", re.IGNORECASE), "#22ddee"),
    (re.compile(r"dic|phase|bright|trans|bf\b|pmt.?t", re.IGNORECASE), "#ffffff"),
)
_WAVE = re.compile(r"^(\d{3,4}) ?nm$")
_SPECTRUM_NM = (400, 440, 490, 510, 580, 645, 780)
_SPECTRUM_RGB = (  # red, green and blue at these wavelengths, after Bruton's approximation
    (0.5, 0, 0, 0, 1, 1, 0.6),
    (0, 0, 1, 1, 1, 0, 0),
    (0.7, 1, 1, 0, 0, 0, 0),
)
_STYLE = re.compile(r"^(\d{1,4}):([0-9a-fA-F]{6}):([^:]+):([^:]+):([^:]+)$")
_MAX_STYLES = 64
_GAMMAS = (0.05, 20.0)
_OPENCV_CHANNELS = 4
"""OpenCV mixes up to so many at once, without going through floats."""
_REAL_BINS = 4096  # steps between low and high for values without a table of their own


@dataclass(frozen=True, slots=True)
class ChannelStyle:
    """How one channel is shown: ``color`` (``#rrggbb``) at and above ``high``, black at and below ``low``."""

    channel: int
    color: str
    low: float
    high: float
    gamma: float = 1.0


def parse_style(text: str, info: ImageInfo) -> tuple[ChannelStyle, ...]:
    """Styles from ``channel:color:low:high:gamma,...``, for example ``0:ff0000:100:4000:1``."""
    parts = text.split(",")
    if info.rgb or len(parts) > _MAX_STYLES:
        what = "the image has colours of its own" if info.rgb else f"it names over {_MAX_STYLES} channels"
        raise InvalidInputError(f"A style cannot be used: {what}.")
    return tuple(_parsed(part, info) for part in parts)


def _parsed(part: str, info: ImageInfo) -> ChannelStyle:
    found = _STYLE.match(part)
    if found is None:
        raise InvalidInputError(
            f"'{part[:80]}' is no channel style. Write it as in 0:ff0000:100:4000:1 (channel:color:low:high:gamma)."
        )
    try:
        low, high, gamma = (float(found.group(index)) for index in (3, 4, 5))
    except ValueError as error:
        raise InvalidInputError(f"The style '{part[:80]}' has a part that is no number.") from error
    channel = int(found.group(1))
    if channel >= info.size_c:
        raise InvalidInputError(f"There is no channel {channel}: the image has {info.size_c}, from 0.")
    if not all(map(isfinite, (low, high, gamma))) or not low < high:
        raise InvalidInputError(f"The style '{part[:80]}' needs a low value below its high value.")
    if not _GAMMAS[0] <= gamma <= _GAMMAS[1]:
        raise InvalidInputError(f"Gamma is {gamma:g}; it may be from {_GAMMAS[0]} to {_GAMMAS[1]}.")
    return ChannelStyle(channel, f"#{found.group(2).lower()}", low, high, gamma)


def default_colors(info: ImageInfo) -> tuple[str, ...]:
    """A colour a channel: the file's, else by the dye's name, else from a colour-blind-safe list."""
    if info.size_c == 1:
        channel = info.channels[0] if info.channels else None
        return (channel.color if channel and channel.color else "#ffffff",)
    chosen: list[str | None] = []
    for channel in info.channels:
        color = channel.color or _wave_color(channel.name) or _dye_color(channel.name)
        repeated = color in chosen and not (channel.color or _wave_color(channel.name))
        chosen.append(None if repeated else color)
    chosen += [None] * (info.size_c - len(chosen))
    free = [color for color in _PALETTE if color not in chosen] or list(_PALETTE)
    colors: list[str] = []
    for color in chosen:
        colors.append(color or free[0])
        if color is None:
            free = free[1:] + free[:1]
    return tuple(colors)


def _wave_color(name: str) -> str | None:
    """The colour of light of a channel called, say, ``550 nm``."""
    found = _WAVE.match(name)
    if found is None:
        return None
    wavelength_nm = float(found.group(1))
    parts = (np.interp(wavelength_nm, _SPECTRUM_NM, column) for column in _SPECTRUM_RGB)
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)


def _dye_color(name: str) -> str | None:
    return next((color for pattern, color in _DYES if pattern.search(name)), None)


def default_style(info: ImageInfo, histograms: Sequence[Histogram]) -> tuple[ChannelStyle, ...]:
    """The first look at an image: automatic contrast and default colours; nothing for RGB."""
    if info.rgb:
        return ()
    colors = default_colors(info)
    if histograms and len(histograms) > 1 and all(_WAVE.match(one.name) for one in info.channels):
        # A spectrum is seen as one thing: the channels' sum fills the range, none is stretched alone.
        low = min(found.low for found in histograms)
        highs = [found.high for found in histograms]
        high = max(*highs, sum(highs) / 2)
        return tuple(ChannelStyle(found.channel, colors[found.channel], low, high) for found in histograms)
    return tuple(ChannelStyle(found.channel, colors[found.channel], found.low, found.high) for found in histograms)


def render(arrays: Sequence[NDArray[np.generic]], styles: Sequence[ChannelStyle]) -> NDArray[np.uint8]:
    """Channels as one picture.

    Parameters
    ----------
    arrays
        One ``(h, w)`` array of numbers a style.
    styles
        Colour and contrast of each.

    Returns
    -------
    ``(h, w, 3) uint8``: colours added and cut at 255.
    """
    if not arrays or len(arrays) != len(styles):
        raise InvalidInputError(f"{len(arrays)} arrays were given for {len(styles)} styles.")
    if len(arrays) == 1 and styles[0].color == "#ffffff":
        gray = _through_table(arrays[0], styles[0])
        return np.repeat(gray[..., np.newaxis], 3, axis=2)
    height, width = arrays[0].shape
    tables = [_through_table(array, style) for array, style in zip(arrays, styles, strict=True)]
    colors = np.array([_components(style.color) for style in styles], np.float32)  # (n, 3) 0..1
    if len(tables) <= _OPENCV_CHANNELS:
        return np.asarray(cv2.transform(cv2.merge(tables), colors.T), np.uint8)
    values = np.stack([table.reshape(-1) for table in tables]).astype(np.float32)
    mixed = values.T @ colors
    np.minimum(mixed, 255, out=mixed)
    return (mixed + np.float32(0.5)).astype(np.uint8).reshape(height, width, 3)


def _components(color: str) -> tuple[float, ...]:
    return tuple(int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))


def _through_table(array: NDArray[np.generic], style: ChannelStyle) -> NDArray[np.uint8]:
    """Brightness 0..255 of each value, by a table over all values or, for wide types, over 4,096 steps."""
    if array.dtype.kind in "iu" and array.dtype.itemsize <= 2:
        index = array.view(f"u{array.dtype.itemsize}")
        table = _table_of_values(array.dtype.name, style.low, style.high, style.gamma)
    else:
        scaled = array.astype(np.float64) - style.low
        scaled *= (_REAL_BINS - 1) / (style.high - style.low)
        np.nan_to_num(scaled, copy=False, nan=0.0, posinf=_REAL_BINS - 1, neginf=0.0)
        index = np.clip(scaled, 0, _REAL_BINS - 1).astype(np.uint16)
        table = _brightness(np.linspace(0, 1, _REAL_BINS), style.gamma)
    return np.take(table, index)


@lru_cache(maxsize=128)  # up to 64 kB each; the same for all tiles of a view
def _table_of_values(dtype: str, low: float, high: float, gamma: float) -> NDArray[np.uint8]:
    """Brightness of every value of an integer type; a signed value's bits index it rotated."""
    limits = np.iinfo(dtype)
    values = np.arange(limits.min, limits.max + 1, dtype=np.float64)
    return np.roll(_brightness((values - low) / (high - low), gamma), limits.min)


def _brightness(part: NDArray[np.float64], gamma: float) -> NDArray[np.uint8]:
    """0..255 of the part of the way from low to high."""
    part = np.clip(part, 0, 1)
    return np.rint((part if gamma == 1 else part**gamma) * 255).astype(np.uint8)


def encode_jpeg(array: NDArray[np.uint8], quality: int = 85) -> bytes:
    """A ``(h, w, 3)`` or ``(h, w)`` picture as JPEG."""
    if array.ndim == 2:
        array = array[..., np.newaxis]
    space = "GRAY" if array.shape[2] == 1 else "RGB"
    subsampling = "Gray" if space == "GRAY" else "420"
    return simplejpeg.encode_jpeg(np.ascontiguousarray(array), quality, space, subsampling, fastdct=True)
