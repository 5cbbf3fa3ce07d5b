"""Objects from the probabilities of pixels."""

import cc3d
import cv2
import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.classical.cleaning import kept_objects, with_filled_holes, without_small_pieces
from cytoloop.learning.classical.splitting import split_touching
from cytoloop.learning.method import Instances


def smoothed_probability(probability: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """A map ``(h, w)`` smoothed by a Gaussian; as it is for 0."""
    if sigma_px <= 0:
        return probability
    return np.asarray(cv2.GaussianBlur(probability, (0, 0), sigma_px, borderType=cv2.BORDER_REPLICATE), np.float32)


def objects_of_probability(
    probability: NDArray[np.float32],
    *,
    threshold: float,
    min_area_px2: float,
    fill_holes: bool,
    split: bool,
    radius_px: float | None = None,
) -> Instances:
    """Connected pieces above a threshold, holes filled, touching ones cut at their necks.

    Parameters
    ----------
    probability
        ``(h, w)`` 0..1.
    radius_px
        Typical radius, to place cuts; estimated unless given.

    Returns
    -------
    Objects whose score is their mean probability.
    """
    mask = without_small_pieces(probability > threshold, min_area_px2)
    if fill_holes:
        mask = with_filled_holes(mask)
    if split:
        labels = split_touching(mask, radius_px=radius_px)
    else:
        labels = cc3d.connected_components(mask.view(np.uint8), connectivity=4).astype(np.int32)
    labels = kept_objects(labels, min_area_px2=min_area_px2)
    count = int(labels.max(initial=0))
    areas = np.maximum(np.bincount(labels.ravel(), minlength=count + 1)[1:], 1)
    sums = np.bincount(labels.ravel(), probability.ravel(), minlength=count + 1)[1:]
    return Instances(labels, np.clip(sums / areas, 0.0, 1.0))
