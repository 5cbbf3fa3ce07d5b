"""What a classifier scores on objects whose class is known.

Precision, recall and F1 as in van Rijsbergen 1979; areas under the curve by the trapezoidal rule (Fawcett 2006).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CURVE_POINTS = 101


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class against all others. NaN where it is not defined: nothing was there, or nothing was found."""

    support: int
    precision: float
    recall: float
    f1: float
    auc: float
    false_positive_rates: NDArray[np.float64]
    true_positive_rates: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scores:
    """``confusion[truth, predicted]`` counts objects; ``macro_f1`` is the mean over the classes that occur."""

    confusion: NDArray[np.int64]
    accuracy: float
    macro_f1: float
    log_loss: float
    classes: tuple[ClassScore, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain JSON; what is not defined is null."""
        return {
            "objects": int(self.confusion.sum()),
            "accuracy": _known(self.accuracy),
            "macro_f1": _known(self.macro_f1),
            "log_loss": _known(self.log_loss),
            "confusion": self.confusion.tolist(),
            "classes": [
                {
                    "support": one.support,
                    "precision": _known(one.precision),
                    "recall": _known(one.recall),
                    "f1": _known(one.f1),
                    "auc": _known(one.auc),
                    "roc": [
                        [round(float(x), 4), round(float(y), 4)]
                        for x, y in zip(one.false_positive_rates, one.true_positive_rates, strict=True)
                    ],
                }
                for one in self.classes
            ],
        }


def _known(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None


def evaluate(truth: NDArray[np.int64], probabilities: NDArray[np.floating]) -> Scores:
    """Scores of probabilities ``(n, k)`` against classes ``(n,)`` 0..k - 1; classes may be missing, n may be 0."""
    count = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1) if len(truth) else np.zeros(0, np.int64)
    confusion = np.bincount(truth * count + predicted, minlength=count * count).reshape(count, count)
    classes = tuple(_class_score(confusion, number, truth, probabilities) for number in range(count))
    present = [one.f1 for one in classes if one.support > 0]
    own = probabilities[np.arange(len(truth)), truth].astype(np.float64)
    return Scores(
        confusion=confusion.astype(np.int64),
        accuracy=float(np.trace(confusion) / len(truth)) if len(truth) else math.nan,
        macro_f1=float(np.mean(present)) if present else math.nan,
        log_loss=float(-np.log(np.clip(own, 1e-7, 1.0)).mean()) if len(truth) else math.nan,
        classes=classes,
    )


def _class_score(
    confusion: NDArray[np.integer], number: int, truth: NDArray[np.int64], probabilities: NDArray[np.floating]
) -> ClassScore:
    hits = int(confusion[number, number])
    there, found = int(confusion[number].sum()), int(confusion[:, number].sum())
    f1 = 2 * hits / (there + found) if there + found else math.nan
    rates = _roc(truth == number, probabilities[:, number])
    auc = float(np.trapezoid(rates[1], rates[0])) if len(rates[0]) else math.nan
    return ClassScore(
        there, hits / found if found else math.nan, hits / there if there else math.nan, f1, auc, *_thinned(*rates)
    )


def _roc(positive: NDArray[np.bool_], scores: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The curve from (0, 0) to (1, 1); empty where all objects, or none, are of the class."""
    total = int(positive.sum())
    if total in (0, len(positive)):
        return np.zeros(0), np.zeros(0)
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    hits = np.cumsum(positive[order])[last]
    misses = last + 1 - hits
    return np.append(0.0, misses / (len(positive) - total)), np.append(0.0, hits / total)


def _thinned(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if len(x) <= CURVE_POINTS:
        return x, y
    chosen = np.unique(np.linspace(0, len(x) - 1, CURVE_POINTS).round().astype(np.int64))
    return x[chosen], y[chosen]
