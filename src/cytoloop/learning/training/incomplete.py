"""Labels of images that are annotated in part: what is known at first, and what a model adds round by round.

Iterative data improvement after Testouri 2020 (whole-slide cytology): train on incomplete masks, predict the training
images, normalise each map, threshold, clean, join with the annotations, repeat. There, what is not annotated counts as
background; here it is ignored until a model is sure of it.

Labels are ``(h, w) int32``: above 0 = objects, 0 = background, -1 = not known.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .dataset import median_diameter

UNKNOWN = -1
_LEAST_RING_PX = 2


@dataclass(frozen=True, slots=True)
class Improvement:
    """When a model's word is taken for pixels that nobody annotated."""

    sees: float = 0.25
    """How much higher the median probability is inside the annotated objects than around them, for a model that is
    believed."""
    ring: float = 0.2
    """Width of the ring of background around an annotated object, as a share of the median diameter."""
    sure_background: float = 0.1
    """Probability of the foreground below which a pixel is taken as background."""
    least_z: float = 1.0
    """From how many standard deviations above the map's mean on a pixel may belong to a new object."""
    least_inside: float = 0.5
    """Share of a new object's pixels that lie above it."""
    smallest: float = 0.25
    """Smallest new object, as a share of the median area of the annotated ones."""
    largest_overlap: float = 0.1
    """Share of a new object that may lie on what is known already."""


def begun(
    labels: NDArray[np.int32], probability: NDArray[np.float32], settings: Improvement | None = None
) -> NDArray[np.int32]:
    """The labels to begin with: annotated objects, a ring of background around them, and sure background.

    ``probability (h, w)``: of the foreground, 0..1, by the model that training starts from. Where it does not see the
    annotated objects it cannot tell what is missing: everything else is background then, as in the source.
    """
    chosen = settings or Improvement()
    unknown = labels == UNKNOWN
    found = labels.copy()
    if not _sees(labels, probability, chosen):
        found[unknown] = 0
        return found
    ring = _ring(labels, chosen.ring) & (probability < 0.5)
    found[unknown & (ring | (probability < chosen.sure_background))] = 0
    return found


def completed(
    labels: NDArray[np.int32],
    predicted: NDArray[np.int32],
    probability: NDArray[np.float32],
    settings: Improvement | None = None,
) -> NDArray[np.int32]:
    """The annotations together with the objects that a model finds and is sure of.

    ``predicted (h, w)``: its objects; ``probability (h, w)``: its foreground, 0..1. An object is taken where its pixels
    lie high in the map (normalised by its mean and standard deviation), it is not too small, and it leaves alone what
    people annotated.
    """
    chosen = settings or Improvement()
    found = begun(labels, probability, chosen)
    spread = float(probability.std())
    if spread == 0 or not predicted.any():
        return found
    high = _cleaned((probability - probability.mean()) / spread > chosen.least_z)
    count = int(predicted.max())
    area = np.bincount(predicted.ravel(), minlength=count + 1)
    inside = np.bincount(predicted[high], minlength=count + 1)
    known = np.bincount(predicted[labels != UNKNOWN], minlength=count + 1)
    smallest = chosen.smallest * _median_area(labels)
    whole = np.maximum(area, 1)
    taken = (area >= max(smallest, 1)) & (inside / whole >= chosen.least_inside)
    taken &= known / whole <= chosen.largest_overlap
    taken[0] = False
    numbers = np.zeros(count + 1, np.int32)
    numbers[taken] = int(labels.max(initial=0)) + 1 + np.arange(int(taken.sum()))
    new = numbers[predicted]
    places = (new > 0) & (labels == UNKNOWN)
    found[places] = new[places]
    return found


def added_objects(labels: NDArray[np.int32], improved: NDArray[np.int32]) -> int:
    """How many objects the second has beyond the first's."""
    return int(np.unique(improved[improved > labels.max(initial=0)]).size)


def _sees(labels: NDArray[np.int32], probability: NDArray[np.float32], settings: Improvement) -> bool:
    """Whether a model tells the annotated objects from what lies around them; without any it is believed."""
    inside, around = labels > 0, _ring(labels, 0.5)
    if not inside.any() or not around.any():
        return True
    return float(np.median(probability[inside])) - float(np.median(probability[around])) >= settings.sees


def _ring(labels: NDArray[np.int32], share: float) -> NDArray[np.bool_]:
    objects = (labels > 0).astype(np.uint8)
    diameter = median_diameter(labels)
    if diameter is None:
        return np.zeros(labels.shape, bool)
    width = max(_LEAST_RING_PX, round(share * diameter))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * width + 1, 2 * width + 1))
    return (cv2.dilate(objects, kernel) > 0) & (objects == 0)


def _cleaned(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Eroded, then dilated: single pixels and thin bridges go."""
    kernel = np.ones((3, 3), np.uint8)
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel) > 0


def _median_area(labels: NDArray[np.int32]) -> float:
    areas = np.bincount(labels[labels > 0])
    areas = areas[areas > 0]
    return float(np.median(areas)) if areas.size else 0.0
