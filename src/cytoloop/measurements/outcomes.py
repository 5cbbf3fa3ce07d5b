"""What became of every single object: found, missed, extra, split or merged."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from .overlaps import contingency, divided

_MATCH = 0.5


class Outcome(StrEnum):
    """Kinds after Hollandi et al. 2020 (Cell Systems 10:453)."""

    FOUND = "found"
    MISSED = "missed"
    EXTRA = "extra"
    SPLIT = "split"
    """One object of the truth that several predictions share, or one of those predictions."""
    MERGED = "merged"
    """One prediction that covers several objects of the truth, or one of those."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """By label: what became of each object of the truth and of the prediction."""

    truth: dict[int, Outcome]
    predicted: dict[int, Outcome]


def outcomes(truth: NDArray[np.integer], predicted: NDArray[np.integer]) -> Outcomes:
    """The outcome of every object of two label images of one shape, 0 = background."""
    table, truth_areas, predicted_areas = contingency(truth, predicted)
    rows, columns, shared = table.row, table.col, table.data.astype(np.float64)
    iou = shared / (truth_areas[rows] + predicted_areas[columns] - shared)
    matching = iou > _MATCH
    found = np.isin(np.arange(len(truth_areas)), rows[matching])
    right = np.isin(np.arange(len(predicted_areas)), columns[matching])
    split, parts = divided(rows, columns, shared, truth_areas, found)
    merged, joined = divided(columns, rows, shared, predicted_areas, right)
    return Outcomes(
        _named(truth, found, {Outcome.SPLIT: split, Outcome.MERGED: joined}, Outcome.MISSED),
        _named(predicted, right, {Outcome.SPLIT: parts, Outcome.MERGED: merged}, Outcome.EXTRA),
    )


def _named(
    labels: NDArray[np.integer],
    matched: NDArray[np.bool_],
    shared: dict[Outcome, NDArray[np.integer]],
    otherwise: Outcome,
) -> dict[int, Outcome]:
    numbers = np.unique(labels)
    numbers = numbers[numbers != 0]
    result = dict.fromkeys(range(len(numbers)), otherwise)
    for outcome, places in shared.items():
        result |= dict.fromkeys(places.tolist(), outcome)
    result |= dict.fromkeys(np.flatnonzero(matched).tolist(), Outcome.FOUND)
    return {int(number): result[place] for place, number in enumerate(numbers.tolist())}
