"""Mending single objects after any method: nucleAIzer's post-processing with its parameters p1 to p6.

Hollandi et al. (2020): small objects inside others are removed, enclosed ones merged, small ones dropped (p1, p2);
outlines follow a probability map within a soft margin (p3 to p5); improbable objects are removed (p6).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes, find_objects

Window = tuple[slice, ...]


@dataclass(frozen=True, slots=True)
class CleaningSettings:
    """The defaults are nucleAIzer's optimum on DSB 2018; ``tuning.py`` finds others for other data."""

    enclosed_share: float = 0.17
    """p1: an object that shares more than this part of its rim with one neighbour, and is surrounded, is merged."""
    smallest_px2: float = 44.0
    """p2: smaller objects are removed."""
    probability: float = 0.9375
    """p3: where the map is above, a pixel within the margin belongs to the object."""
    margin_inside_px: int = 1
    """p4: how far an outline may move inwards."""
    margin_outside_px: int = 1
    """p5: how far an outline may move outwards."""
    least_mean_probability: float = 0.8
    """p6: objects whose mean probability is lower are removed; 0 keeps all."""

    def with_values(self, values: Mapping[str, float]) -> Self:
        """A copy with the named values, margins rounded; names of other settings are left alone."""
        known = {
            one.name: round(values[one.name]) if "margin" in one.name else float(values[one.name])
            for one in fields(self)
            if one.name in values
        }
        return replace(self, **known)


def cleaned(labels: NDArray[np.int32], settings: CleaningSettings) -> NDArray[np.int32]:
    """Objects without holes; those enclosed by another joined to it, small ones removed; numbered ``1..n``."""
    found = _filled(labels)
    found = _merged(found, settings.enclosed_share)
    areas = np.bincount(found.ravel())
    kept = areas >= settings.smallest_px2
    kept[0] = False
    return _numbered(found, kept)


def refined(
    labels: NDArray[np.int32], probability: NDArray[np.float32], settings: CleaningSettings
) -> NDArray[np.int32]:
    """Outlines moved to the probability map's within the soft margin; improbable objects removed.

    ``probability`` is a foreground map ``(h, w)`` of any network: the correction of one method by another.
    """
    inner, outer = _disc(settings.margin_inside_px), _disc(settings.margin_outside_px)
    result = np.zeros_like(labels)
    for number, box in _boxes(labels, settings.margin_outside_px + 1):
        inside = labels[box] == number
        if float(probability[box][inside].mean()) < settings.least_mean_probability:
            continue
        core = cv2.erode(inside.astype(np.uint8), inner, borderValue=1) > 0
        reach = (cv2.dilate(inside.astype(np.uint8), outer) > 0) & ((labels[box] == 0) | inside)
        shape = core | (reach & (probability[box] > settings.probability))
        shape &= _largest_piece(shape)
        free = result[box] == 0
        result[box][shape & free] = number
    return _numbered(result, np.bincount(result.ravel(), minlength=1) > 0)


def _filled(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Holes given to the object around them, with what lies in them if that is smaller than half of it."""
    result = labels.copy()
    areas = np.bincount(labels.ravel())
    for number, box in _boxes(labels, 0):
        inside = labels[box] == number
        holes = binary_fill_holes(inside) & ~inside
        if not holes.any():
            continue
        others = areas[labels[box]]
        small = (labels[box] == 0) | (others < 0.5 * areas[number])
        result[box][holes & small] = number
    return result


def _merged(labels: NDArray[np.int32], share: float) -> NDArray[np.int32]:
    """Objects whose rim touches background little and one larger neighbour by more than a share are joined to it."""
    areas = np.bincount(labels.ravel())
    target = np.arange(len(areas), dtype=np.int32)
    ring = np.ones((3, 3), np.uint8)
    for number, box in sorted(_boxes(labels, 1), key=lambda one: int(areas[one[0]])):
        inside = labels[box] == number
        rim = (cv2.dilate(inside.astype(np.uint8), ring) > 0) & ~inside
        around = labels[box][rim]
        neighbours = np.bincount(around[around > 0], minlength=1)
        if neighbours.sum() == 0:
            continue
        largest = int(neighbours.argmax())
        enclosed = 1 - float((around == 0).mean())
        touching = neighbours[largest] / max(1, len(around))
        if areas[largest] > areas[number] and enclosed > 1 - share and touching > share:
            target[number] = largest
    for number in range(len(target)):
        while target[target[number]] != target[number]:
            target[number] = target[target[number]]
    return target[labels]


def _numbered(labels: NDArray[np.int32], kept: NDArray[np.bool_]) -> NDArray[np.int32]:
    numbers = np.zeros(max(len(kept), int(labels.max(initial=0)) + 1), np.int32)
    chosen = kept.copy()
    chosen[0] = False
    numbers[: len(chosen)][chosen] = np.arange(1, int(chosen.sum()) + 1, dtype=np.int32)
    return numbers[labels]


def _boxes(labels: NDArray[np.int32], margin: int) -> list[tuple[int, Window]]:
    """Each object's number and a window around it."""
    height, width = labels.shape
    found: list[tuple[slice, ...] | None] = list(find_objects(labels))
    return [
        (
            number,
            (
                slice(max(box[0].start - margin, 0), min(box[0].stop + margin, height)),
                slice(max(box[1].start - margin, 0), min(box[1].stop + margin, width)),
            ),
        )
        for number, box in enumerate(found, start=1)
        if box is not None
    ]


def _largest_piece(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    count, numbered, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count <= 2:
        return mask
    return numbered == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())


def _disc(radius: int) -> NDArray[np.uint8]:
    size = 2 * radius + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(np.uint8)
