"""Measurements made comparable: what is missing filled, what says nothing left out, all on one scale."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError, TooLargeError

IQR_OF_NORMAL = 1.349
"""Interquartile range of a normal distribution with a standard deviation of 1."""
MOST_MISSING = 0.5
"""Share of missing values above which a column is left out."""
CLIP = 10.0
"""Scaled values end here, so that one wild value does not turn every axis towards itself."""
MAX_CELLS = 100_000_000
MAX_SAMPLED = 200_000
"""Rows from which quartiles are taken."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """Rows that can be compared.

    ``rows`` ``(m,) int64`` are those of the table that have any value; ``values`` ``(m, f) float64`` are free of NaN,
    of median 0 and comparable spread; ``names`` are their columns. ``filled`` counts the values that were missing.
    """

    rows: NDArray[np.int64]
    values: NDArray[np.float64]
    names: tuple[str, ...]
    constant: tuple[str, ...]
    missing: tuple[str, ...]
    filled: int

    def remarks(self, total: int) -> list[str]:
        """What was done to the table, in sentences for people."""
        found: list[str] = []
        if self.constant:
            found.append(f"Left out, the same for all objects: {_listed(self.constant)}.")
        if self.missing:
            found.append(f"Left out, unknown for more than half of the objects: {_listed(self.missing)}.")
        if self.filled:
            noun = "value" if self.filled == 1 else "values"
            found.append(f"{self.filled:,} unknown {noun} taken as the median of the measurement.")
        if len(self.rows) < total:
            left = total - len(self.rows)
            found.append(f"{left:,} object{'' if left == 1 else 's'} without any measurement left out.")
        return found


def _listed(names: tuple[str, ...], most: int = 6) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def scaled(columns: Mapping[str, NDArray[np.float64]]) -> Scaled:
    """Robustly scaled columns: ``(x - median) / (IQR / 1.349)``, cut at 10 either way.

    Where the quartiles are equal the standard deviation takes their place. Infinite values count as missing; missing
    ones become the median, 0. Columns that are constant or for more than half missing are left out and told, those
    without any value just left out.

    Raises
    ------
    InvalidInputError
        No column is left.
    TooLargeError
        There are more than 100 million values.
    """
    table = _as_table(columns)
    rows = np.flatnonzero(np.isfinite(table).any(axis=1))
    table = table[rows]
    names: list[str] = []
    constant: list[str] = []
    missing: list[str] = []
    parts: list[NDArray[np.float64]] = []
    filled = 0
    for at, name in enumerate(columns):
        column = table[:, at]
        known = np.isfinite(column)
        if not known.any():
            continue
        if known.mean() < 1 - MOST_MISSING:
            missing.append(name)
            continue
        one = _scaled_column(column, known)
        if one is None:
            constant.append(name)
            continue
        filled += int((~known).sum())
        names.append(name)
        parts.append(one)
    if not parts:
        raise InvalidInputError(
            "No measurement differs between these objects, so there is nothing to compare. Measure more, or choose "
            "other measurements."
        )
    values = np.stack(parts, axis=1)
    return Scaled(rows, values, tuple(names), tuple(constant), tuple(missing), filled)


def _as_table(columns: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    if not columns:
        raise InvalidInputError("No measurement was chosen. Choose at least one, or measure the layer first.")
    count = len(next(iter(columns.values())))
    if count * len(columns) > MAX_CELLS:
        raise TooLargeError(
            f"{count:,} objects with {len(columns)} measurements are more than {MAX_CELLS:,} values. Choose fewer "
            "measurements or fewer images."
        )
    table = np.stack([np.asarray(one, np.float64) for one in columns.values()], axis=1)
    table[~np.isfinite(table)] = np.nan
    return table


def _scaled_column(column: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """The column on its scale, or ``None`` where all known values are equal."""
    values = column[known]
    if values.max() == values.min():
        return None
    step = -(-len(values) // MAX_SAMPLED)
    low, middle, high = np.percentile(values[::step], [25, 50, 75])
    spread = (high - low) / IQR_OF_NORMAL
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        if not spread > 0:
            spread = float(values.std())
        if not (spread > 0 and np.isfinite(spread)):
            return None
        result = np.where(known, (column - middle) / spread, 0.0)
    return np.clip(result, -CLIP, CLIP)
