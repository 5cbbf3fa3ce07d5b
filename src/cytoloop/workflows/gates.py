"""Gates: the objects whose measurements lie within ranges, as they are drawn on a plot."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .populations import Member, Population

Ranges = Mapping[str, tuple[float | None, float | None]]
"""By column: least and greatest value, both included; ``None`` is no bound."""


@dataclass(frozen=True, slots=True)
class Gated:
    """A layer, and the ids ``(n,)`` of its objects within the ranges."""

    member: Member
    ids: NDArray[np.int64]


def gated(population: Population, ranges: Ranges) -> list[Gated]:
    """The objects within all ranges, by layer; one without a value is in no range of that column.

    Raises
    ------
    NotFoundError
        There is no such column.
    """
    for key in ranges:
        population.column(key)
    return [Gated(one, _ids_within(one, ranges)) for one in population.members]


def _ids_within(one: Member, ranges: Ranges) -> NDArray[np.int64]:
    ids = one.table.values["id"][one.rows].astype(np.int64)
    inside = np.ones(len(ids), dtype=bool)
    for key, (least, greatest) in ranges.items():
        if key not in one.table.values:
            return ids[:0]
        values = one.table.values[key][one.rows].astype(np.float64)
        inside &= np.isfinite(values)
        inside &= values >= (-np.inf if least is None else least)
        inside &= values <= (np.inf if greatest is None else greatest)
    return ids[inside]
