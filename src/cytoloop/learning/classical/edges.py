"""Outlines put where the signal falls to half of each object's own height.

One threshold for all objects lies too far out on bright ones and too far in on dim ones; halfway between
object and background is where the edge of a blurred object is, whatever its brightness.
"""

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import expand_labels

from .cleaning import with_filled_holes

GROWTH_PX = 6
"""Outlines move outwards by at most this much: further out is another object."""
LOW_SHARE = 0.5
"""Pixels that may join lie above this share of the threshold's height above background."""
EDGE_SHARE = 0.5


def with_own_edges(
    labels: NDArray[np.int32],
    signal: NDArray[np.float32],
    *,
    threshold: float,
    background: float,
    fill_holes: bool = True,
) -> NDArray[np.int32]:
    """Labels ``(h, w) int32`` whose pixels are above half the height of their object; the same numbers.

    Parameters
    ----------
    labels
        ``(h, w) int32``, 0 = background.
    signal
        ``(h, w) float32``, objects bright.
    threshold, background
        The threshold that gave the labels and the level of the background, in the signal's units.
    """
    count = int(labels.max(initial=0))
    if count == 0:
        return labels
    joined = expand_labels(labels, GROWTH_PX)
    joined[(labels == 0) & (signal <= background + LOW_SHARE * (threshold - background))] = 0
    areas = np.maximum(np.bincount(labels.ravel(), minlength=count + 1), 1)
    level = np.bincount(labels.ravel(), signal.ravel(), minlength=count + 1) / areas
    edge = (background + EDGE_SHARE * (level - background)).astype(np.float32)
    inside = (joined > 0) & (signal > edge[joined])
    kept = with_filled_holes(inside) if fill_holes else inside
    return np.where(kept, joined, 0).astype(np.int32)
