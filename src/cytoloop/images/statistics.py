"""Histograms with an automatic display range, and the values under the pointer."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError

from .pyramid import Pyramid
from .source import ImageSource

_BINS = 256
_SATURATED_PERCENT = 0.35  # as ImageJ's automatic contrast
_SAMPLE_PX = 1024
_LARGEST = 1e300  # leaves room for differences
_MAX_STORED_PIXELS = 2**25


@dataclass(frozen=True, slots=True)
class Histogram:
    """``counts`` in 256 equal bins from ``minimum`` to ``maximum``; ``low`` < ``high``: what to show.

    ``channel`` is the channel's index; 0, 1 and 2 are red, green and blue for RGB images.
    """

    channel: int
    minimum: float
    maximum: float
    low: float
    high: float
    counts: tuple[int, ...]


def histogram(pyramid: Pyramid, c: int = 0, z: int = 0, t: int = 0) -> Histogram:
    """Histogram of one plane; of an RGB image, of its colour ``c``."""
    colour = c if pyramid.info.rgb else None
    if colour is not None and not 0 <= colour < 3:
        raise InvalidInputError(f"There is no colour {colour}: RGB images have three, from 0.")
    values = _sample(pyramid, 0 if pyramid.info.rgb else c, z, t)
    if colour is not None:
        values = values[..., colour]
    return histogram_of(values, c)


def histogram_of(values: NDArray[np.generic], channel: int = 0) -> Histogram:
    """Histogram of any array of numbers; NaN and infinite values do not count."""
    flat = values.reshape(-1)
    if flat.dtype.kind == "f":
        flat = flat[np.isfinite(flat)].astype(np.float64)
        flat = flat[np.abs(flat) <= _LARGEST]
    if flat.size == 0:
        return Histogram(channel, 0.0, 1.0, 0.0, 1.0, (0,) * _BINS)
    minimum, maximum = float(flat.min()), float(flat.max())
    if not maximum > minimum:
        maximum = float(np.nextafter(minimum, np.inf)) if abs(minimum) > 2**52 else minimum + 1
    # not np.histogram: it refuses ranges that are narrow for their size
    bins = (flat.astype(np.float64) - minimum) * (_BINS / (maximum - minimum))
    counts = np.bincount(np.clip(bins, 0, _BINS - 1).astype(np.intp), minlength=_BINS)
    lit = flat[flat != 0] if flat.dtype.itemsize > 1 else flat  # zeros of cameras are padding
    shown: Any = lit if lit.size else flat
    limits = np.percentile(shown, (_SATURATED_PERCENT, 100 - _SATURATED_PERCENT))
    low, high = float(limits[0]), float(limits[1])
    if not high > low:  # sparse signal on a flat ground
        low, high = minimum, maximum
    return Histogram(channel, minimum, maximum, low, high, tuple(int(count) for count in counts))


def _sample(pyramid: Pyramid, c: int, z: int, t: int) -> NDArray[np.generic]:
    """True pixel values, unaveraged where the plane is small; else a coarse level or spread-out patches."""
    info, source = pyramid.info, pyramid.source
    if info.width * info.height <= _SAMPLE_PX**2 * 4:
        return source.read_region(0, 0, 0, info.width, info.height, c=c, z=z, t=t)
    coarse = [
        index
        for index, level in enumerate(info.levels)
        if max(level.width, level.height) >= _SAMPLE_PX and level.width * level.height <= _MAX_STORED_PIXELS
    ]
    if coarse:
        return pyramid.thumbnail(_SAMPLE_PX, c=c, z=z, t=t)
    return _patches(source, c, z, t)


def _patches(source: ImageSource, c: int, z: int, t: int) -> NDArray[np.generic]:
    """8 x 8 patches of 128 px, evenly spread over full resolution: ``(64 * 128 * 128, ...)`` values."""
    info = source.info()
    side, count = 128, 8
    rows = np.linspace(0, max(0, info.height - side), count).astype(int)
    columns = np.linspace(0, max(0, info.width - side), count).astype(int)
    w, h = min(side, info.width), min(side, info.height)
    patches = [source.read_region(0, int(x), int(y), w, h, c=c, z=z, t=t) for y in rows for x in columns]
    return np.concatenate(patches)


def pixel_values(source: ImageSource, x: int, y: int, z: int = 0, t: int = 0) -> list[float]:
    """The values at one full-resolution pixel: red, green, blue for RGB, else one a channel."""
    info = source.info()
    if not (0 <= x < info.width and 0 <= y < info.height):
        raise InvalidInputError(f"The pixel ({x}, {y}) is outside the image of {info.width} x {info.height} px.")
    if info.rgb:
        return [float(value) for value in source.read_region(0, x, y, 1, 1, z=z, t=t)[0, 0]]
    return [float(source.read_region(0, x, y, 1, 1, c=c, z=z, t=t)[0, 0]) for c in range(info.size_c)]
