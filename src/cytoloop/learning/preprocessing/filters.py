"""The filters themselves: one channel ``(h, w) float32``, finite, in; the same shape and about the same range out."""

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.exposure import equalize_adapthist
from skimage.restoration import rolling_ball

Plane = NDArray[np.float32]
_BALL_RADIUS_PX = 12.0
"""Larger balls roll over a reduced image: the time grows with the square of the radius."""


def median(plane: Plane, size_px: int) -> Plane:
    """The median of each pixel's square surroundings."""
    # OpenCV's medians above 5 px know 8-bit images only
    if size_px <= 5:
        return np.asarray(cv2.medianBlur(plane, size_px), np.float32).reshape(plane.shape)
    from scipy.ndimage import median_filter

    return median_filter(plane, size=size_px, mode="reflect")


def mean(plane: Plane, size_px: int) -> Plane:
    """The mean of each pixel's square surroundings."""
    blurred = cv2.blur(plane, (size_px, size_px), borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32).reshape(plane.shape)


def without_background_tophat(plane: Plane, radius_px: float) -> Plane:
    """White top-hat: less than an opening by a disc, so that only what is smaller than it stays."""
    size = 2 * round(radius_px) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return np.asarray(cv2.morphologyEx(plane, cv2.MORPH_TOPHAT, disc), np.float32).reshape(plane.shape)


def without_background_ball(plane: Plane, radius_px: float) -> Plane:
    """Less than the surface that a ball rolling below reaches (Sternberg 1983, Computer 16:22).

    The ball's height is in units of the image's range, 255 of them, as for an 8-bit image.
    """
    low, high = float(plane.min()), float(plane.max())
    if high <= low:
        return np.zeros_like(plane)
    levels = (plane - low) * np.float32(255 / (high - low))
    factor = max(1.0, radius_px / _BALL_RADIUS_PX)
    size = (max(1, round(plane.shape[1] / factor)), max(1, round(plane.shape[0] / factor)))
    small = cv2.erode(levels, np.ones((round(factor), round(factor)), np.uint8)).reshape(plane.shape)
    small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_NEAREST), np.float32).reshape(size[::-1])
    surface = np.asarray(rolling_ball(small, radius=radius_px / factor), np.float32)
    surface = np.asarray(cv2.resize(surface, plane.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
    rest = np.maximum(levels - surface.reshape(plane.shape), 0)
    return rest * np.float32((high - low) / 255)


def equalised(plane: Plane, low: float, high: float, tile_px: int, clip: float) -> Plane:
    """Contrast-limited adaptive histogram equalisation (Zuiderveld 1994, Graphics Gems IV) of the range low..high."""
    if high <= low or not np.isfinite(high - low) or min(plane.shape) < 2:
        return plane
    scaled = np.clip((plane - low) / (high - low), 0, 1).astype(np.float64)
    kernel = tuple(max(1, min(tile_px, side)) for side in plane.shape)
    found = equalize_adapthist(scaled, kernel_size=kernel, clip_limit=clip, nbins=256)
    return (found * (high - low) + low).astype(np.float32)


def sharpened(plane: Plane, sigma_px: float, amount: float) -> Plane:
    """Unsharp mask: the difference to the smoothed plane is added ``amount`` times."""
    blurred = cv2.GaussianBlur(plane, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT)
    rise = plane - np.asarray(blurred, np.float32).reshape(plane.shape)
    return (plane + amount * rise).astype(np.float32)
