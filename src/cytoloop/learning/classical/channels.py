"""One plane of numbers out of the pixels that a method sees: a channel, gray, or a stain.

Stains are separated by colour deconvolution (Ruifrok and Johnston 2001, Anal Quant Cytol Histol
23:291), in optical density, base 10.
"""

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from skimage.color import hed_from_rgb

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.method import Pixels

AUTO = "auto"
COLORS = ("red", "green", "blue")
STAINS = ("haematoxylin", "eosin", "dab")
RGB_CHANNELS = ("gray", *COLORS, *STAINS)
_NUCLEAR = re.compile(r"dapi|hoechst|draq5|nucle|\bdna\b|sytox|h2b", re.IGNORECASE)
_BRIGHTFIELD_LEVEL = 110
"""Median gray level of RGB images from which they are taken as brightfield: background is light."""
_STAINED_SATURATION = 12
"""Difference of the strongest and weakest colour (0..255) that dyes leave and camera noise does not."""
_SAMPLE_STEP_PX = 4


def chosen_channel(pixels: Pixels, wanted: str) -> str:
    """The channel that ``auto`` stands for, or the wanted one, checked.

    Returns
    -------
    One of ``RGB_CHANNELS`` for RGB images, else the channel's number from 0 as text.
    """
    wanted = wanted.strip()
    if pixels.rgb:
        return _rgb_channel(pixels, wanted.lower())
    count = pixels.array.shape[-1]
    if wanted.lower() == AUTO:
        return str(_best_channel(pixels))
    for index, name in enumerate(pixels.channel_names):
        if name.lower() == wanted.lower():
            return str(index)
    if wanted.isdecimal() and int(wanted) < count:
        return str(int(wanted))
    names = ", ".join(pixels.channel_names) or "none named"
    raise InvalidInputError(
        f"There is no channel {wanted!r}: the image has {count} ({names}). "
        f"Give a name, a number from 0 to {count - 1}, or auto."
    )


def channel_code(channel: str) -> float:
    """A chosen channel as a number, for calibrations."""
    return float(RGB_CHANNELS.index(channel)) if channel in RGB_CHANNELS else float(channel)


def channel_of_code(pixels: Pixels, values: Mapping[str, float]) -> str:
    """The inverse of ``channel_code``."""
    code = int(values["channel"])
    return RGB_CHANNELS[code] if pixels.rgb else str(code)


def channel_plane(pixels: Pixels, channel: str) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
    """The values of a chosen channel.

    Returns
    -------
    ``(h, w) float32``, finite, and which pixels were numbers, ``(h, w) bool`` or ``None`` for all of them.
    Stains are optical densities, at least 0; other channels keep the image's range.
    """
    if not pixels.rgb:
        return _finite(pixels.array[..., int(channel)])
    if channel in COLORS:
        return pixels.array[..., COLORS.index(channel)].astype(np.float32), None
    if channel in STAINS:
        return _stain_density(pixels.array, STAINS.index(channel)), None
    return pixels.array.mean(axis=-1, dtype=np.float32), None


def _rgb_channel(pixels: Pixels, wanted: str) -> str:
    if wanted in RGB_CHANNELS:
        return wanted
    if wanted != AUTO:
        raise InvalidInputError(
            f"There is no channel {wanted!r} in a colour image; use one of auto, {', '.join(RGB_CHANNELS)}."
        )
    if is_stained_section(pixels):
        return "red"
    sample = _sample(pixels)
    if _saturation(sample) < _STAINED_SATURATION:
        return "gray"
    spread = np.percentile(sample, 99.5, axis=0) - np.percentile(sample, 50, axis=0)
    return COLORS[int(np.argmax(spread))]


def is_stained_section(pixels: Pixels) -> bool:
    """Whether the picture is brightfield with dyes, where what absorbs is darker than the glass."""
    if not pixels.rgb or pixels.array.size == 0:
        return False
    sample = _sample(pixels)
    light = float(np.median(sample.mean(axis=1))) >= _BRIGHTFIELD_LEVEL
    return light and _saturation(sample) >= _STAINED_SATURATION


def _sample(pixels: Pixels) -> NDArray[np.int16]:
    return pixels.array[::_SAMPLE_STEP_PX, ::_SAMPLE_STEP_PX].reshape(-1, 3).astype(np.int16)


def _saturation(sample: NDArray[np.int16]) -> float:
    return float(np.mean(sample.max(axis=1) - sample.min(axis=1)))


def _best_channel(pixels: Pixels) -> int:
    """The nuclear stain by its name, else the channel whose objects stand out most from its noise."""
    count = pixels.array.shape[-1]
    for index, name in enumerate(pixels.channel_names[:count]):
        if _NUCLEAR.search(name):
            return index
    if count == 1:
        return 0
    return int(np.argmax([_contrast(pixels.array[..., index]) for index in range(count)]))


def _contrast(channel: NDArray[np.generic]) -> float:
    """Between-class share of the variance at the median-to-maximum midpoint; 0 for constant channels."""
    values, valid = _finite(channel[::_SAMPLE_STEP_PX, ::_SAMPLE_STEP_PX])
    values = values if valid is None else values[valid]
    if values.size == 0:
        return 0.0
    low, high = np.percentile(values, [5, 99.5])
    values = np.clip(values, low, high).astype(np.float64)
    above = values > (low + high) / 2
    variance, share = float(values.var()), float(above.mean())
    if variance == 0 or share in {0.0, 1.0}:
        return 0.0
    step = float(values[above].mean() - values[~above].mean())
    return share * (1 - share) * step**2 / variance


def _finite(channel: NDArray[np.generic]) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
    with np.errstate(over="ignore"):
        values = channel.astype(np.float32)
    if channel.dtype.kind != "f":
        return values, None
    valid = np.isfinite(values)
    if valid.all():
        return values, None
    fill = float(np.median(values[valid])) if valid.any() else 0.0
    return np.where(valid, values, np.float32(fill)), valid


def _stain_density(rgb: NDArray[np.generic], stain: int) -> NDArray[np.float32]:
    levels = (np.arange(256, dtype=np.float32) + 1) / 256
    weights = hed_from_rgb[:, stain].astype(np.float32)
    density = np.zeros(rgb.shape[:2], np.float32)
    for color in range(3):
        density += (-np.log10(levels) * weights[color])[rgb[..., color]]
    return np.maximum(density, 0, out=density)
