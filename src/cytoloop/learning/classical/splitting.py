"""Touching objects told apart by their shape: a watershed on the distance to the background."""

import math

import cc3d
import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import watershed

SEED_SHARE = 0.6
"""Seeds keep this share of the typical radius apart from each other."""
SMOOTH_SHARE = 0.2
"""Distances are smoothed by this share of the typical radius, so that rough outlines give no seeds."""


def distance_inside(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance of each foreground pixel to the background, px, ``(h, w) float32``."""
    if mask.all():  # OpenCV gives nonsense where there is no background at all
        return np.full(mask.shape, max(mask.shape) / 2, np.float32)
    return cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5).astype(np.float32)


def typical_radius_px(mask: NDArray[np.bool_], distance: NDArray[np.float32]) -> float:
    """Median, over connected pieces, of the largest circle that fits in; 0 without foreground."""
    pieces, count = cc3d.connected_components(mask.view(np.uint8), connectivity=4, return_N=True)
    if count == 0:
        return 0.0
    largest = np.zeros(count + 1, np.float32)
    np.maximum.at(largest, pieces[mask], distance[mask])
    return float(np.median(largest[1:]))


def split_touching(
    mask: NDArray[np.bool_], *, radius_px: float | None = None, sensitivity: float = 0.8
) -> NDArray[np.int32]:
    """Objects of a mask, those that touch cut at their necks.

    A seeded watershed on the distance transform (Vincent and Soille 1991, IEEE PAMI 13:583); parts grow
    together again where their neck is nearly as wide as the smaller of them, which does not depend on size.

    Parameters
    ----------
    mask
        ``(h, w) bool``.
    radius_px
        Typical radius of an object; estimated unless given.
    sensitivity
        0: cut only where the neck is below half as wide as the smaller part, 1: at any neck; 0.8: below 90 %.

    Returns
    -------
    ``(h, w) int32``, 0 = background.
    """
    if not mask.any():
        return np.zeros(mask.shape, np.int32)
    distance = distance_inside(mask)
    radius = typical_radius_px(mask, distance) if radius_px is None else radius_px
    sigma = max(0.5, SMOOTH_SHARE * radius)
    smooth = np.asarray(cv2.GaussianBlur(distance, (0, 0), sigma), np.float32).reshape(mask.shape)
    labels = watershed(-smooth, seeds_at_maxima(smooth, mask, SEED_SHARE * radius), mask=mask)
    return _without_wide_necks(labels.astype(np.int32), smooth, 0.5 + 0.5 * sensitivity)


def seeds_at_maxima(height: NDArray[np.float32], mask: NDArray[np.bool_], apart_px: float) -> NDArray[np.int32]:
    """Numbered local maxima, at least about ``apart_px`` from higher ones; one or more in each piece."""
    reach = max(1, math.floor(apart_px))
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * reach + 1, 2 * reach + 1))
    highest = cv2.dilate(np.where(mask, height, 0).astype(np.float32), kernel)
    peaks = (height >= highest.reshape(height.shape)) & mask
    peaks |= _peaks_of_unseeded(height, mask, peaks)
    return cc3d.connected_components(peaks.view(np.uint8), connectivity=8).astype(np.int32)


def _peaks_of_unseeded(
    height: NDArray[np.float32], mask: NDArray[np.bool_], peaks: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """The highest pixels of pieces that lie in the shadow of a larger neighbour."""
    pieces, count = cc3d.connected_components(mask.view(np.uint8), connectivity=4, return_N=True)
    seeded = np.zeros(count + 1, bool)
    seeded[pieces[peaks]] = True
    seeded[0] = True
    if seeded.all():
        return np.zeros(mask.shape, bool)
    lone = ~seeded[pieces]
    largest = np.zeros(count + 1, np.float32)
    np.maximum.at(largest, pieces[lone], height[lone])
    return lone & (height >= largest[pieces])


def _without_wide_necks(labels: NDArray[np.int32], height: NDArray[np.float32], widest: float) -> NDArray[np.int32]:
    """Join neighbours whose neck is wider than ``widest`` times the lower of their peaks."""
    count = int(labels.max())
    first, second, neck = _necks(labels, height)
    if len(first) == 0:
        return labels
    peak = np.zeros(count + 1, np.float64)
    np.maximum.at(peak, labels.ravel(), height.ravel())
    owner = list(range(count + 1))
    for index in np.argsort(-neck, kind="stable").tolist():
        a, b = _root(owner, int(first[index])), _root(owner, int(second[index]))
        if a != b and neck[index] > widest * min(peak[a], peak[b]):
            owner[b] = a
            peak[a] = max(peak[a], peak[b])
    return np.array([_root(owner, label) for label in range(count + 1)], np.int32)[labels]


def _root(owner: list[int], label: int) -> int:
    while owner[label] != label:
        owner[label] = owner[owner[label]]
        label = owner[label]
    return label


def _necks(
    labels: NDArray[np.int32], height: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of touching labels and the greatest height at which they touch."""
    keys: list[NDArray[np.int64]] = []
    heights: list[NDArray[np.float32]] = []
    span = int(labels.max()) + 1
    for here, there in (
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:-1, :], np.s_[1:, :]),
    ):
        a, b = labels[here], labels[there]
        touching = (a != b) & (a > 0) & (b > 0)
        low, high = np.minimum(a, b)[touching], np.maximum(a, b)[touching]
        keys.append(low.astype(np.int64) * span + high)
        heights.append(np.minimum(height[here], height[there])[touching])
    pairs, index = np.unique(np.concatenate(keys), return_inverse=True)
    neck = np.zeros(len(pairs), np.float64)
    np.maximum.at(neck, index, np.concatenate(heights))
    return pairs // span, pairs % span, neck
