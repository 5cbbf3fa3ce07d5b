"""Measured columns and what they mean."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A column: ``key`` for programs, ``label`` and ``unit`` for people ("" where there is none)."""

    key: str
    label: str
    unit: str


@dataclass(frozen=True, slots=True)
class ObjectMeasurements:
    """One row an object: ``values[key]`` is ``(n,) float64``, NaN where a number is not defined."""

    columns: tuple[ColumnSpec, ...]
    values: dict[str, NDArray[np.float64]]

    def beside(self, other: "ObjectMeasurements") -> "ObjectMeasurements":
        """Columns of both, of the same objects."""
        return ObjectMeasurements((*self.columns, *other.columns), {**self.values, **other.values})
