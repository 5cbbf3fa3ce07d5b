"""How large the objects of an image are, when nobody says so.

The picture is looked at in several sizes. Where objects come out at about the size that the model knows, it finds
most and is surest of them: that look is believed.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.method import Instances

FIRST_SCALES = (1.0, 0.5, 0.25)
_LARGER_SCALES = (2.0, 4.0)
_TRUSTED = (0.55, 1.8)
"""Sizes, as shares of the model's, at which what is found counts fully."""
_MOST_SIDE = 1024
_LEAST_SIDE = 48

Look = Callable[[NDArray[np.float32]], Instances]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one look found: median diameter in px of the picture as given, and how much speaks for it."""

    scale: float
    diameter: float
    weight: float


def estimated_diameter(look: Look, pictures: Sequence[NDArray[np.float32]], model_diameter: float) -> float | None:
    """Median diameter in px of the objects in pictures ``(h, w, 3)`` of one image; ``None`` where nothing is found.

    ``look`` finds objects in a picture, expecting them at ``model_diameter`` px.
    """
    found = [one for scale in FIRST_SCALES if (one := _evidence(look, pictures, scale, model_diameter))]
    small = not found or min(one.diameter for one in found) < 0.6 * model_diameter
    for scale in _LARGER_SCALES if small else ():
        one = _evidence(look, pictures, scale, model_diameter)
        if one:
            found.append(one)
        best = max(found, key=lambda one: one.weight, default=None)
        if best is not None and best.diameter * scale > 0.6 * model_diameter:
            break
    if not found:
        return None
    best = max(found, key=lambda one: one.weight)
    again = _evidence(look, pictures, model_diameter / best.diameter, model_diameter)
    return again.diameter if again and again.weight > 0.5 * best.weight else best.diameter


def _evidence(
    look: Look, pictures: Sequence[NDArray[np.float32]], scale: float, model_diameter: float
) -> Evidence | None:
    """Diameters weighted by score, area and how near they are to what the model knows."""
    diameters: list[float] = []
    weights: list[float] = []
    for picture in pictures:
        seen = rescaled(_window(picture, scale), scale)
        if seen is None:
            continue
        for diameter, score in zip(*_objects(look(seen)), strict=True):
            ratio = diameter / model_diameter
            trust = 1.0 if _TRUSTED[0] <= ratio <= _TRUSTED[1] else 0.15
            diameters.append(diameter / scale)
            weights.append(trust * max(0.0, score - 0.5) ** 2 * (diameter / scale) ** 2)
    if not diameters or sum(weights) <= 0:
        return None
    counts = np.array(weights) / np.maximum(np.array(diameters), 1e-6) ** 2
    return Evidence(scale, _weighted_median(np.array(diameters), counts), float(sum(weights)))


def _objects(found: Instances) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Diameters (px) and scores of the objects that the border does not cut, or of all if it cuts every one."""
    areas = np.bincount(found.labels.ravel(), minlength=len(found.scores) + 1)[1:]
    edge = np.concatenate([found.labels[0], found.labels[-1], found.labels[:, 0], found.labels[:, -1]])
    whole = np.ones(len(areas), bool)
    whole[np.unique(edge[edge > 0]) - 1] = False
    if not whole.any():
        whole[:] = True
    return np.sqrt(areas[whole] * 4 / math.pi), found.scores[whole]


def _window(picture: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """The middle of a picture that would become too large."""
    side = int(_MOST_SIDE / scale)
    height, width = picture.shape[:2]
    top, left = max(0, (height - side) // 2), max(0, (width - side) // 2)
    return picture[top : top + side, left : left + side]


def rescaled(picture: NDArray[np.float32], scale: float) -> NDArray[np.float32] | None:
    """The picture ``(h, w, k)`` at another size; ``None`` where it would be too small to show anything."""
    if scale == 1.0:
        return picture
    height, width = round(picture.shape[0] * scale), round(picture.shape[1] * scale)
    if scale < 1 and min(height, width) < _LEAST_SIDE:
        return None
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    seen = cv2.resize(picture, (max(1, width), max(1, height)), interpolation=method)
    return np.asarray(seen if seen.ndim == 3 else seen[..., None], dtype=np.float32)


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    summed = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(summed, summed[-1] / 2)])
