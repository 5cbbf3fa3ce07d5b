"""How well a segmentation agrees with the truth: matches, the DSB score, and kinds of errors.

An object is found when its intersection over union (IoU) with one of the truth is larger than the
threshold; from 0.5 on, at most one can be. Scores are 0..1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError

from .overlaps import contingency, divided

IOU_THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
"""Those of the Data Science Bowl 2018: 0.50 to 0.95 in steps of 0.05."""


@dataclass(frozen=True, slots=True)
class ImageScores:
    """The scores of one image.

    ``true_positives`` counts matches at each of ``IOU_THRESHOLDS``; the pixel counts are those of the
    foreground. ``split`` counts objects of the truth, ``merged`` predicted ones.
    """

    truth_count: int
    predicted_count: int
    true_positives: tuple[int, ...]
    matched_iou_sum: float
    truth_px: int
    predicted_px: int
    shared_px: int
    missed: int
    extra: int
    split: int
    merged: int

    @property
    def average_precision(self) -> tuple[float, ...]:
        """TP / (TP + FP + FN) at each threshold; 1 where truth and prediction are both empty."""
        total = self.truth_count + self.predicted_count
        return tuple(1.0 if total == 0 else hits / (total - hits) for hits in self.true_positives)

    @property
    def dsb(self) -> float:
        """Mean of ``average_precision``: the score of the Data Science Bowl 2018."""
        return float(np.mean(self.average_precision))

    def f1(self, threshold: float = 0.5) -> float:
        """Harmonic mean of precision and recall at one of ``IOU_THRESHOLDS``."""
        return _f1(_hits(self, threshold), self.truth_count, self.predicted_count)

    @property
    def dice(self) -> float:
        """Dice coefficient of the foreground pixels."""
        return _dice(self.shared_px, self.truth_px, self.predicted_px)

    @property
    def jaccard(self) -> float:
        """Jaccard index (IoU) of the foreground pixels."""
        return _jaccard(self.shared_px, self.truth_px, self.predicted_px)


@dataclass(frozen=True, slots=True)
class MatchRates:
    """Precision, recall and F1 over the objects of all images, at one IoU threshold."""

    threshold: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """Scores of a set of images.

    ``dsb`` and ``average_precision`` are means over images; ``rates`` and ``mean_matched_iou`` (NaN
    without a match) are over all objects, ``dice`` and ``jaccard`` over all pixels; the rest are sums.
    """

    image_count: int
    dsb: float
    average_precision: tuple[float, ...]
    rates: tuple[MatchRates, ...]
    mean_matched_iou: float
    dice: float
    jaccard: float
    truth_count: int
    predicted_count: int
    missed: int
    extra: int
    split: int
    merged: int


def score_pair(truth_labels: NDArray[np.integer], predicted_labels: NDArray[np.integer]) -> ImageScores:
    """Compare a predicted label image with the truth.

    The score is that of the Data Science Bowl 2018 (Caicedo et al. 2019, Nature Methods 16:1247). Kinds
    of errors follow Hollandi et al. 2020 (Cell Systems 10:453): an object of the truth without a match is
    split when two predictions cover at least 30 % of it each, or three or more at least 15 % each; merged
    is the same for a prediction and objects of the truth. What is left without a match and has no part
    in a split or merger is missed or extra.

    Parameters
    ----------
    truth_labels, predicted_labels
        ``(h, w)`` or ``(z, y, x)`` integers of one shape, 0 = background; numbers need not be consecutive.

    Raises
    ------
    InvalidInputError
        The shapes differ.
    """
    if truth_labels.shape != predicted_labels.shape:
        raise InvalidInputError(
            f"The truth is {_size(truth_labels)} and the prediction {_size(predicted_labels)}; "
            "they must have the same size. Compare files of the same image."
        )
    table, truth_areas, predicted_areas = contingency(truth_labels, predicted_labels)
    rows, columns, shared = table.row, table.col, table.data.astype(np.float64)
    iou = shared / (truth_areas[rows] + predicted_areas[columns] - shared)
    matching = iou > IOU_THRESHOLDS[0]
    found = np.isin(np.arange(len(truth_areas)), rows[matching])
    right = np.isin(np.arange(len(predicted_areas)), columns[matching])
    split, parts = divided(rows, columns, shared, truth_areas, found)
    merged, joined = divided(columns, rows, shared, predicted_areas, right)
    return ImageScores(
        truth_count=len(truth_areas),
        predicted_count=len(predicted_areas),
        true_positives=tuple(int((iou > threshold).sum()) for threshold in IOU_THRESHOLDS),
        matched_iou_sum=float(iou[matching].sum()),
        truth_px=int(truth_areas.sum()),
        predicted_px=int(predicted_areas.sum()),
        shared_px=int(shared.sum()),
        missed=_unexplained(found, split, joined),
        extra=_unexplained(right, merged, parts),
        split=len(split),
        merged=len(merged),
    )


def summarise(scores: Sequence[ImageScores]) -> ScoreSummary:
    """Scores of a set of images; at least one."""
    if not scores:
        raise InvalidInputError("There is no image to summarise scores of.")
    truth = sum(one.truth_count for one in scores)
    predicted = sum(one.predicted_count for one in scores)
    hits = [sum(counts) for counts in zip(*(one.true_positives for one in scores), strict=True)]
    truth_px = sum(one.truth_px for one in scores)
    predicted_px = sum(one.predicted_px for one in scores)
    shared_px = sum(one.shared_px for one in scores)
    precision = np.array([one.average_precision for one in scores]).mean(axis=0)
    return ScoreSummary(
        image_count=len(scores),
        dsb=float(np.mean([one.dsb for one in scores])),
        average_precision=tuple(float(value) for value in precision),
        rates=tuple(_rates(at, hits[IOU_THRESHOLDS.index(at)], truth, predicted) for at in (0.5, 0.7)),
        mean_matched_iou=(sum(one.matched_iou_sum for one in scores) / hits[0] if hits[0] else math.nan),
        dice=_dice(shared_px, truth_px, predicted_px),
        jaccard=_jaccard(shared_px, truth_px, predicted_px),
        truth_count=truth,
        predicted_count=predicted,
        missed=sum(one.missed for one in scores),
        extra=sum(one.extra for one in scores),
        split=sum(one.split for one in scores),
        merged=sum(one.merged for one in scores),
    )


def _unexplained(matched: NDArray[np.bool_], divided: NDArray[np.integer], involved: NDArray[np.integer]) -> int:
    explained = matched.copy()
    explained[divided] = True
    explained[involved] = True
    return int((~explained).sum())


def _rates(threshold: float, hits: int, truth: int, predicted: int) -> MatchRates:
    return MatchRates(
        threshold,
        precision=_share(hits, predicted, empty=truth == 0),
        recall=_share(hits, truth, empty=predicted == 0),
        f1=_f1(hits, truth, predicted),
    )


def _hits(scores: ImageScores, threshold: float) -> int:
    return scores.true_positives[IOU_THRESHOLDS.index(threshold)]


def _share(part: int, whole: int, *, empty: bool) -> float:
    """``part / whole``; with nothing to find or nothing found: 1 if the other side is empty too."""
    return part / whole if whole else float(empty)


def _f1(hits: int, truth: int, predicted: int) -> float:
    return 2 * hits / (truth + predicted) if truth + predicted else 1.0


def _dice(shared: int, truth: int, predicted: int) -> float:
    return 2 * shared / (truth + predicted) if truth + predicted else 1.0


def _jaccard(shared: int, truth: int, predicted: int) -> float:
    union = truth + predicted - shared
    return shared / union if union else 1.0


def _size(labels: NDArray[np.integer]) -> str:
    return " x ".join(str(side) for side in reversed(labels.shape)) + " px"
