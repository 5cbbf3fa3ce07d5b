"""Masks and label images without what is too small, too large, hollow, or cut by the border."""

import cc3d
import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.method import Instances


def without_small_pieces(mask: NDArray[np.bool_], min_area_px2: float) -> NDArray[np.bool_]:
    """The mask without connected pieces below an area."""
    if min_area_px2 <= 1 or not mask.any():
        return mask
    pieces = cc3d.connected_components(mask.view(np.uint8), connectivity=4)
    kept = np.bincount(pieces.ravel()) >= min_area_px2
    kept[0] = False
    return kept[pieces]


def with_filled_holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask with its holes filled, up to half the area of the piece that a typical pixel is in.

    Larger ones are background that a ring of objects encloses.
    """
    if not mask.any():
        return mask
    limit = 0.5 * typical_piece_px2(mask)
    gaps = cc3d.connected_components((~mask).view(np.uint8), connectivity=4)
    is_hole = np.bincount(gaps.ravel()) <= limit
    is_hole[_on_border(gaps)] = False
    is_hole[0] = False
    return mask | is_hole[gaps]


def typical_piece_px2(mask: NDArray[np.bool_]) -> float:
    """The area (px²) of which larger pieces of a mask hold half of the pixels: specks do not lower it."""
    if not mask.any():
        return 0.0
    pieces = cc3d.connected_components(mask.view(np.uint8), connectivity=4)
    areas = np.sort(np.bincount(pieces.ravel())[1:])
    covered = np.cumsum(areas)
    return float(areas[np.searchsorted(covered, covered[-1] / 2)])


def kept_objects(
    labels: NDArray[np.int32],
    *,
    min_area_px2: float,
    max_area_px2: float | None = None,
    remove_border: bool = False,
) -> NDArray[np.int32]:
    """Labels 1..n of the objects within the limits, ``(h, w) int32``; one connected piece each."""
    labels = cc3d.connected_components(labels, connectivity=4).astype(np.int32)
    areas = np.bincount(labels.ravel())
    kept = areas >= min_area_px2
    if max_area_px2 is not None:
        kept &= areas <= max_area_px2
    if remove_border:
        kept[_on_border(labels)] = False
    kept[0] = False
    numbers = np.zeros(len(areas), np.int32)
    numbers[kept] = np.arange(1, int(kept.sum()) + 1, dtype=np.int32)
    return numbers[labels]


def instances(
    labels: NDArray[np.int32],
    signal: NDArray[np.float32],
    *,
    threshold: float | NDArray[np.float32],
    background: float,
) -> Instances:
    """Objects with their contrast as score.

    The score is ``(m - t) / (m - b)``, clipped to 0..1, of an object's mean signal ``m``, the mean
    threshold ``t`` in it and the background's level ``b``: 0 for an object no brighter than the threshold, 1/2
    for one twice as far above background.
    """
    count = int(labels.max(initial=0))
    flat = labels.ravel()
    areas = np.maximum(np.bincount(flat, minlength=count + 1)[1:], 1)
    mean = np.bincount(flat, signal.ravel(), minlength=count + 1)[1:] / areas
    if isinstance(threshold, np.ndarray):
        limit = np.bincount(flat, threshold.ravel(), minlength=count + 1)[1:] / areas
    else:
        limit = np.full(count, threshold)
    height = mean - background
    scores = np.divide(mean - limit, height, out=np.zeros(count), where=height > 0)
    return Instances(labels, np.clip(scores, 0.0, 1.0))


def no_instances(shape: tuple[int, int]) -> Instances:
    """An answer without objects."""
    return Instances(np.zeros(shape, np.int32), np.zeros(0))


def _on_border(labels: NDArray[np.integer]) -> NDArray[np.integer]:
    edges = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    return np.unique(np.concatenate(edges))
