"""Statistics of pixel values, object by object, without a loop over objects."""

import math

import numpy as np
from numpy.typing import NDArray

STATISTICS = ("mean", "std", "min", "max", "median", "q25", "q75", "sum")


def statistics_of(values: NDArray[np.generic], owner: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Statistics of the values of each object.

    Parameters
    ----------
    values
        ``(m,)`` pixel values; those that are not finite are left out.
    owner
        ``(m,)`` which object, 0..count - 1, each value belongs to.

    Returns
    -------
    ``(count, 8)``, columns as in ``STATISTICS``; NaN for objects without values. The standard deviation
    is that of the pixels themselves (divided by n); quartiles are interpolated linearly, as numpy does.
    """
    found = np.full((count, len(STATISTICS)), math.nan)
    if values.dtype.kind == "f":
        finite = np.isfinite(values)
        values, owner = values[finite], owner[finite]
    if len(values) == 0:
        return found
    order = np.lexsort((values, owner))
    values, owner = values[order].astype(np.float64), owner[order]
    present, starts, sizes = np.unique(owner, return_index=True, return_counts=True)
    total = np.add.reduceat(values, starts)
    mean = total / sizes
    squares = np.add.reduceat((values - np.repeat(mean, sizes)) ** 2, starts)
    found[present] = np.column_stack(
        [
            mean,
            np.sqrt(squares / sizes),
            values[starts],
            values[starts + sizes - 1],
            *(_quantile(values, starts, sizes, share) for share in (0.5, 0.25, 0.75)),
            total,
        ]
    )
    return found


def _quantile(
    values: NDArray[np.float64], starts: NDArray[np.int64], sizes: NDArray[np.int64], share: float
) -> NDArray[np.float64]:
    place = share * (sizes - 1)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, sizes - 1)
    below, above = values[starts + low], values[starts + high]
    return below + (above - below) * (place - low)


class RunningStatistics:
    """The statistics of one object whose values come in parts. Quartiles are those of every ``step``-th value."""

    def __init__(self, step: int) -> None:
        self._step = step
        self._count = 0
        self._mean = 0.0
        self._squares = 0.0
        self._low, self._high = math.inf, -math.inf
        self._spread: list[NDArray[np.float64]] = []

    def add(self, values: NDArray[np.generic]) -> None:
        """Take in values ``(m,)``; those that are not finite are left out (Chan et al. 1979, parallel variance)."""
        part = values.astype(np.float64)
        part = part[np.isfinite(part)]
        if part.size == 0:
            return
        count, mean = self._count + part.size, float(part.mean())
        self._squares += float(((part - mean) ** 2).sum())
        self._squares += (mean - self._mean) ** 2 * self._count * part.size / count
        self._mean += (mean - self._mean) * part.size / count
        self._count = count
        self._low = min(self._low, float(part.min()))
        self._high = max(self._high, float(part.max()))
        self._spread.append(part[:: self._step])

    def statistics(self) -> NDArray[np.float64]:
        """``(8,)`` as in ``STATISTICS``."""
        if self._count == 0:
            return np.full(len(STATISTICS), math.nan)
        q25, median, q75 = np.quantile(np.concatenate(self._spread), [0.25, 0.5, 0.75]).tolist()
        std = math.sqrt(self._squares / self._count)
        total = self._mean * self._count
        return np.array([self._mean, std, self._low, self._high, median, q25, q75, total])
