"""Star-convex polygons: every pixel votes for a whole outline; the best ones that do not overlap stay (StarDist)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.method import Instances

from .objects import finished
from .settings import DecoderSettings

_MOST_CANDIDATES = 20_000


def star_objects(
    foreground: NDArray[np.float32], rays: NDArray[np.float32], diameter_px: float, settings: DecoderSettings
) -> Instances:
    """Objects by non-maximum suppression of star-convex polygons (Schmidt et al. 2018).

    Parameters
    ----------
    foreground
        ``(h, w)`` probability.
    rays
        ``(n, h, w)`` distances to the edge over the expected diameter; direction k at the angle 2 pi k / n, y down.
    diameter_px
        Expected diameter, px.
    settings
        Thresholds.
    """
    labels = np.zeros(foreground.shape, np.int32)
    rows, columns = np.nonzero(foreground > settings.foreground)
    if len(rows) == 0:
        return finished(labels, foreground, diameter_px, settings)
    lengths = rays[:, rows, columns] * np.float32(diameter_px)
    roundness = lengths.min(axis=0) / (lengths.max(axis=0) + 1e-6)
    order = np.argsort(-(foreground[rows, columns] + 0.5 * roundness), kind="stable")[:_MOST_CANDIDATES]
    angles = 2 * np.pi * np.arange(len(rays)) / len(rays)
    count = 0
    for index in order:
        if labels[rows[index], columns[index]]:
            continue
        x = columns[index] + lengths[:, index] * np.cos(angles)
        y = rows[index] + lengths[:, index] * np.sin(angles)
        count += _drawn(labels, x, y, count + 1, settings.overlap)
    return finished(labels, foreground, diameter_px, settings)


def _drawn(
    labels: NDArray[np.int32], x: NDArray[np.float64], y: NDArray[np.float64], number: int, overlap: float
) -> bool:
    """Draw a polygon where nothing is yet, unless too much of it is taken."""
    height, width = labels.shape
    left, top = max(int(np.floor(x.min())), 0), max(int(np.floor(y.min())), 0)
    right, bottom = min(int(np.ceil(x.max())) + 1, width), min(int(np.ceil(y.max())) + 1, height)
    if right <= left or bottom <= top:
        return False
    stencil = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(stencil, [np.rint(np.stack([x - left, y - top], axis=1)).astype(np.int32)], 1)
    window = labels[top:bottom, left:right]
    inside = stencil > 0
    if not inside.any() or (window[inside] > 0).mean() > overlap:
        return False
    window[inside & (window == 0)] = number
    return True
