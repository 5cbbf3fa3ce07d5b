"""Where objects are: signals in which objects are bright, and thresholds on them."""

from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import filters

BINS = 4096
"""Enough for one hot camera pixel not to squeeze all else into a few bins."""
MAX_SAMPLES = 1_000_000
_ROUNDING = 8 * float(np.finfo(np.float32).eps)
"""Relative differences up to this come from filtering a constant image."""
_FINE = 2e-3
_LI_SAMPLES = 250_000


class Algorithm(StrEnum):
    """How the threshold is found."""

    OTSU = "otsu"
    LI = "li"
    TRIANGLE = "triangle"
    ADAPTIVE = "adaptive"


def smoothed(plane: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """Gaussian smoothing of ``(h, w) float32``; none for 0."""
    if sigma_px <= 0:
        return plane
    blurred = cv2.GaussianBlur(plane, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32).reshape(plane.shape)


def sampled(plane: NDArray[np.float32], valid: NDArray[np.bool_] | None) -> NDArray[np.float32]:
    """At most about a million of the valid values, evenly spread."""
    values = plane.ravel() if valid is None else plane[valid]
    return values[:: max(1, -(-values.size // MAX_SAMPLES))]


def global_threshold(values: NDArray[np.floating], algorithm: Algorithm) -> float | None:
    """The value that separates objects from background, or ``None`` where all values are the same.

    Otsu 1979 (IEEE Trans Syst Man Cybern 9:62); Li and Tam 1998 (Pattern Recognition Letters 18:771);
    Zack et al. 1977 (triangle, J Histochem Cytochem 25:741). ``adaptive`` uses Otsu's for its scale.
    """
    if values.size == 0:
        return None
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(high - low) or high - low <= _ROUNDING * max(abs(high), abs(low)):
        return None
    if high - low < _FINE * max(abs(high), abs(low)):
        values = values.astype(np.float64)  # float32 has too few numbers between low and high for the bins
    match algorithm:
        case Algorithm.LI:
            few = values[:: max(1, values.size // _LI_SAMPLES)]
            return float(filters.threshold_li(few)) if few.min() < few.max() else None
        case Algorithm.TRIANGLE:
            return float(filters.threshold_triangle(values, nbins=BINS))
        case Algorithm.OTSU | Algorithm.ADAPTIVE:
            return float(filters.threshold_otsu(values, nbins=BINS))


def dark_objects(values: NDArray[np.float32]) -> bool:
    """Whether objects are darker than the background: the background fills the larger part.

    Decided by the sides of Otsu's threshold, which holds as long as objects cover less than half.
    """
    threshold = global_threshold(values, Algorithm.OTSU)
    return threshold is not None and float((values > threshold).mean()) > 0.5


def background_level(values: NDArray[np.float32], threshold: float) -> float:
    """Median of what lies below the threshold; the threshold where nothing does."""
    below = values[values <= threshold]
    return float(np.median(below)) if below.size else threshold


def local_threshold(signal: NDArray[np.float32], block_px: float) -> NDArray[np.float32]:
    """Mean of each pixel's surroundings, ``(h, w) float32``: a box of ``block_px``, smoothed by repeating."""
    side = max(3, int(block_px) | 1)
    once = cv2.blur(signal, (side, side), borderType=cv2.BORDER_REFLECT)
    twice = cv2.blur(once, (side, side), borderType=cv2.BORDER_REFLECT)
    return np.asarray(twice, np.float32).reshape(signal.shape)
