"""How large the objects of an image are, when nobody says so.

The picture is looked at in several sizes. Networks that were shown objects of many sizes find them in more than one
of these; where it is surest of them, what it sees is believed, the size as it is a little before the others.
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
_AS_IT_IS_BONUS = 0.04
"""Reduced views also show groups of objects or whole cells as if they were objects."""
_DOUBT, _DOUBTED_SCORE = 0.5, 0.75
"""A look counts as if it had found so many more objects of this score: few objects prove little."""
_SMALL_SHARE = 0.46
"""Objects smaller than this share of the model's diameter are looked at again enlarged."""
_MOST_SIDE = 1024
_LEAST_SIDE = 48

Look = Callable[[NDArray[np.float32]], Instances]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one look found: median diameter in px of the picture as given, and how sure it was, 0..1."""

    scale: float
    diameter: float
    certainty: float


def estimated_diameter(look: Look, pictures: Sequence[NDArray[np.float32]], model_diameter: float) -> float | None:
    """Median diameter in px of the objects in pictures ``(h, w, 3)`` of one image; ``None`` where nothing is found.

    ``look`` finds objects in a picture, expecting them at ``model_diameter`` px.
    """
    found = [one for scale in FIRST_SCALES if (one := _evidence(look, pictures, scale))]
    best = max(found, key=lambda one: one.certainty, default=None)
    for scale in _LARGER_SCALES:
        if best is not None and best.diameter * scale / 2 > _SMALL_SHARE * model_diameter:
            break
        larger = _evidence(look, pictures, scale)
        if larger is not None and (best is None or larger.certainty > best.certainty - _AS_IT_IS_BONUS):
            best = larger
    return None if best is None else best.diameter


def _evidence(look: Look, pictures: Sequence[NDArray[np.float32]], scale: float) -> Evidence | None:
    diameters: list[float] = []
    scores: list[float] = []
    for picture in pictures:
        seen = rescaled(_window(picture, scale), scale)
        if seen is None:
            continue
        for diameter, score in zip(*_objects(look(seen)), strict=True):
            diameters.append(diameter / scale)
            scores.append(score)
    if not diameters:
        return None
    certainty = (sum(scores) + _DOUBT * _DOUBTED_SCORE) / (len(scores) + _DOUBT)
    weights = np.maximum(np.array(scores) - 0.5, 0.01) ** 2
    bonus = _AS_IT_IS_BONUS if scale == 1.0 else 0.0
    return Evidence(scale, _weighted_median(np.array(diameters), weights), certainty + bonus)


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
