"""Foreground and normalised distance: seeds where the distance is high, a watershed from them."""

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import watershed

from cytoloop.learning.method import Instances

from .objects import disc_area, finished, pieces
from .settings import DecoderSettings


def watershed_objects(
    foreground: NDArray[np.float32], distance: NDArray[np.float32], diameter_px: float, settings: DecoderSettings
) -> Instances:
    """Objects by a watershed on the distance map (Vincent and Soille 1991) inside the foreground.

    Parameters
    ----------
    foreground, distance
        ``(h, w)``, 0..1: probability, and distance to the edge over the object's largest.
    diameter_px
        Expected diameter, px.
    settings
        Thresholds.
    """
    mask = foreground > settings.foreground
    if not mask.any():
        return finished(np.zeros(mask.shape, np.int32), foreground, diameter_px, settings)
    seeds = pieces(mask & (distance > settings.seed))
    areas = np.bincount(seeds.ravel())
    seeds[areas[seeds] < max(2.0, settings.smallest_seed * disc_area(diameter_px))] = 0
    labels = watershed(-distance, seeds, mask=mask).astype(np.int32)
    unseeded = pieces(mask & (labels == 0))
    labels = np.where(unseeded > 0, unseeded + labels.max(initial=0), labels).astype(np.int32)
    return finished(labels, foreground, diameter_px, settings)
