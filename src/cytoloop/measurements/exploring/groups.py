"""Statistics of a measurement in groups of objects."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Statistics:
    """One column in each of k groups: ``(k,)`` each, NaN where it is not defined.

    ``n`` counts known values. ``sd`` divides by n - 1; quartiles are interpolated linearly (type 7 of Hyndman and Fan).
    """

    n: NDArray[np.int64]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    minimum: NDArray[np.float64]
    first_quartile: NDArray[np.float64]
    median: NDArray[np.float64]
    third_quartile: NDArray[np.float64]
    maximum: NDArray[np.float64]


def describe(values: NDArray[np.float64], groups: NDArray[np.int64], count: int) -> Statistics:
    """Statistics of ``values (n,)``; ``groups (n,)`` tells to which of 0..count - 1 each belongs. NaN is unknown."""
    known = np.isfinite(values)
    values, groups = values[known], groups[known]
    order = np.lexsort((values, groups))
    values, groups = values[order], groups[order]
    n = np.bincount(groups, minlength=count)
    start = np.concatenate([[0], np.cumsum(n)[:-1]])
    divisor = np.where(n > 0, n, 1)
    mean = np.where(n > 0, np.bincount(groups, values, count) / divisor, np.nan)
    squares = np.bincount(groups, (values - mean[groups]) ** 2, count)
    sd = np.where(n > 1, np.sqrt(squares / np.where(n > 1, n - 1, 1)), np.nan)
    minimum, low, median, high, maximum = (_quantile(values, start, n, share) for share in (0, 0.25, 0.5, 0.75, 1))
    return Statistics(n, mean, sd, minimum, low, median, high, maximum)


def _quantile(
    values: NDArray[np.float64], start: NDArray[np.int64], n: NDArray[np.int64], share: float
) -> NDArray[np.float64]:
    result = np.full(len(n), np.nan)
    some = n > 0
    place = (n[some] - 1) * share
    lower = np.floor(place).astype(np.int64)
    upper = np.minimum(lower + 1, n[some] - 1)
    first, second = values[start[some] + lower], values[start[some] + upper]
    result[some] = first + (second - first) * (place - lower)
    return result
