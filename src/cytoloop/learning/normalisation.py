"""Bringing any image into the range that networks are trained on.

The low and high percentile of all channels together become 0 and 1, which keeps the colours of stained sections.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LOW_PERCENTILE = 1.0
HIGH_PERCENTILE = 99.8
MIN_SPAN_OF_8_BIT = 8.0
"""An 8-bit image with less contrast than this holds noise only; it is not stretched further."""
_SAMPLED = 1_000_000


@dataclass(frozen=True, slots=True)
class Range:
    """The values that become 0 and 1."""

    low: float
    high: float


def intensity_range(
    array: NDArray[Any], low_percentile: float = LOW_PERCENTILE, high_percentile: float = HIGH_PERCENTILE
) -> Range:
    """The percentiles of an array of any shape; pixels that are not finite do not count.

    A constant array gives a range of width 1 and one without a number an endless one: both become 0 everywhere.
    """
    values = array.reshape(-1)
    values = values[:: max(1, values.size // _SAMPLED)]
    if np.issubdtype(array.dtype, np.floating):
        values = values[np.isfinite(values)]
    if values.size == 0:
        return Range(0.0, math.inf)
    low, high = np.percentile(values.astype(np.float64), (low_percentile, high_percentile)).tolist()
    least = MIN_SPAN_OF_8_BIT if array.dtype == np.uint8 else max(abs(high), abs(low)) * 1e-6
    span = max(high - low, least)
    return Range(low, low + (span if span > 0 else 1.0))


def normalised(array: NDArray[Any], values: Range) -> NDArray[np.float32]:
    """The array with its range brought to 0..1 and cut at -0.2 and 1.5; what is not finite becomes 0 or the limit."""
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = (array.astype(np.float32) - np.float32(values.low)) / np.float32(values.high - values.low)
    if np.issubdtype(array.dtype, np.floating):
        scaled = np.nan_to_num(scaled, copy=False, nan=0.0, posinf=1.5, neginf=-0.2)
    return np.clip(scaled, np.float32(-0.2), np.float32(1.5), out=scaled)
