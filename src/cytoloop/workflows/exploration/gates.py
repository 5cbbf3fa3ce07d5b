"""Gates: the objects whose measurements lie within ranges, as they are drawn on a plot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import NotFoundError

from .populations import Groups, Member, Population

Ranges = Mapping[str, tuple[float | None, float | None]]
"""By column: least and greatest value, both included; ``None`` is no bound."""


@dataclass(frozen=True, slots=True)
class Gated:
    """A layer, and the ids ``(n,)`` of its objects within the ranges."""

    member: Member
    ids: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Among:
    """Some of the groups of a population, by name."""

    groups: Groups
    names: Sequence[str]

    def mask(self) -> NDArray[np.bool_]:
        """``(n,)``: which objects of the population are in these groups.

        Raises
        ------
        NotFoundError
            No object is in a group of such a name.
        """
        for name in self.names:
            if name not in self.groups.names:
                raise NotFoundError(f"There is no group {name!r} now. There are: {', '.join(self.groups.names[:10])}.")
        meant = [at for at, name in enumerate(self.groups.names) if name in self.names]
        return np.isin(self.groups.of, meant)


def gated(population: Population, ranges: Ranges, among: Among | None = None) -> list[Gated]:
    """The objects within all ranges, of these groups, by layer; one without a value is in no range of that column.

    Raises
    ------
    NotFoundError
        There is no such column or group.
    """
    for key in ranges:
        population.column(key)
    chosen = np.ones(len(population), dtype=bool) if among is None else among.mask()
    parts = np.split(chosen, np.cumsum([len(one.rows) for one in population.members], dtype=np.int64))[:-1]
    return [Gated(one, _ids_within(one, part, ranges)) for one, part in zip(population.members, parts, strict=True)]


def _ids_within(one: Member, inside: NDArray[np.bool_], ranges: Ranges) -> NDArray[np.int64]:
    ids = one.table.values["id"][one.rows].astype(np.int64)
    for key, (least, greatest) in ranges.items():
        if key not in one.table.values:
            return ids[:0]
        values = one.table.values[key][one.rows].astype(np.float64)
        inside = inside & np.isfinite(values)
        inside &= values >= (-np.inf if least is None else least)
        inside &= values <= (np.inf if greatest is None else greatest)
    return ids[inside]
