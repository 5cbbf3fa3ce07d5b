"""Objects found in overlapping tiles made one set.

Objects of two tiles are the same if they share more than 0.3 of the smaller one. Of a group of which nothing reaches
across a core's border, each tile's own objects are kept. Of one that does, the version of one tile is kept: of a tile
that sees all of it whole, best of the tile in whose core it lies. What no tile sees whole is joined from its pieces.
(Matching in the shared strip; SLDC, Mormont et al. 2016, instead joins all that touch at the border, which makes one
of neighbouring nuclei.)

Regions, such as tissue, are cut at the cores and joined where they share an edge.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry.base import BaseGeometry

SAME_SHARE = 0.3
"""Intersection over the smaller area from which objects of two tiles are the same."""


@dataclass(frozen=True, slots=True)
class Strips:
    """Objects of tiles that reach into shared strips; every array is ``(n,)``.

    ``polygons`` in px; ``scores`` 0..1; ``tile`` numbers the tile that found it; ``cut``: the border of what the tile
    sees ends it; ``own``: its centroid is in that tile's core; ``across``: it reaches across the core's border.
    """

    polygons: NDArray[np.object_]
    scores: NDArray[np.float64]
    tile: NDArray[np.int64]
    cut: NDArray[np.bool_]
    own: NDArray[np.bool_]
    across: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.polygons)

    def at(self, index: NDArray[np.bool_] | NDArray[np.intp]) -> "Strips":
        """Those at an index."""
        return Strips(*(values[index] for values in self.arrays()))

    def of_tile(self, number: int) -> "Strips":
        """The same, as those of a tile."""
        return replace(self, tile=np.full(len(self), number, dtype=np.int64))

    def and_those_of(self, other: "Strips") -> "Strips":
        """Both, this one's first."""
        return Strips(*map(np.concatenate, zip(self.arrays(), other.arrays(), strict=True)))

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All of them, in the order above."""
        return self.polygons, self.scores, self.tile, self.cut, self.own, self.across


def all_of(parts: Sequence[Strips]) -> Strips:
    """Those of several tiles together."""
    found = nothing()
    for part in parts:
        found = found.and_those_of(part)
    return found


Merged = tuple[NDArray[np.object_], NDArray[np.float64]]
"""Polygons ``(n,)`` and their scores ``(n,)``."""


def nothing() -> Strips:
    """No objects."""
    none = np.empty(0)
    never = none.astype(bool)
    return Strips(none.astype(object), none, none.astype(np.int64), never, never, never)


def merged_rows(rows: Iterable[tuple[float, Strips]], *, regions: bool = False) -> Iterator[Merged]:
    """Merge row of tiles by row of tiles; what later rows cannot reach any more is given out at once.

    Parameters
    ----------
    rows
        For each row, from the top: the y from which later rows see pixels, and the row's objects. Memory holds what
        reaches beyond that y, and one row.
    regions
        Join what touches at the cores' borders, instead of choosing between versions.
    """
    waiting, pairs = nothing(), _NO_PAIRS
    for reach, row in rows:
        known, waiting = len(waiting), waiting.and_those_of(row)
        if not len(waiting):
            continue
        pairs = _both(pairs, _touching(waiting, known) if regions else _same(waiting, known))
        groups = _groups(waiting, pairs)
        open_ = np.zeros(groups.max() + 1, dtype=bool)
        np.logical_or.at(open_, groups, shapely.bounds(waiting.polygons)[:, 3] >= reach)
        closed = ~open_[groups]
        yield _joined(waiting.at(closed), groups[closed]) if regions else _chosen(waiting.at(closed), groups[closed])
        waiting, pairs = waiting.at(~closed), _among(pairs, ~closed)
    if len(waiting):
        groups = _groups(waiting, pairs)
        yield _joined(waiting, groups) if regions else _chosen(waiting, groups)


Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]


_NO_PAIRS: Pairs = (np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp))


def _both(pairs: Pairs, more: Pairs) -> Pairs:
    return np.concatenate([pairs[0], more[0]]), np.concatenate([pairs[1], more[1]])


def _among(pairs: Pairs, kept: NDArray[np.bool_]) -> Pairs:
    """The pairs of objects that are kept, by their numbers among these. Objects of a pair stay or go together."""
    numbers = np.cumsum(kept) - 1
    here = kept[pairs[0]]
    return numbers[pairs[0][here]], numbers[pairs[1][here]]


def _meeting(strips: Strips, known: int = 0) -> Pairs:
    """Pairs of objects of different tiles that meet, but for those among the first ``known``."""
    found, other = shapely.STRtree(strips.polygons).query(strips.polygons[known:])
    found += known
    kept = (strips.tile[found] != strips.tile[other]) & (other < found)
    found, other = found[kept], other[kept]
    shapely.prepare(strips.polygons[known:])
    meets = shapely.intersects(strips.polygons[found], strips.polygons[other])
    shapely.destroy_prepared(strips.polygons[known:])  # large outlines would be held twice
    return other[meets], found[meets]


def _same(strips: Strips, known: int = 0) -> Pairs:
    """Pairs that are the same object, seen by two tiles."""
    first, second = _meeting(strips, known)
    areas = shapely.area(strips.polygons)
    common = shapely.area(shapely.intersection(strips.polygons[first], strips.polygons[second]))
    kept = common > SAME_SHARE * np.minimum(areas[first], areas[second])
    return first[kept], second[kept]


def _touching(strips: Strips, known: int = 0) -> Pairs:
    """Pairs of regions that share an edge, not a corner alone."""
    first, second = _meeting(strips, known)
    common = shapely.length(shapely.intersection(strips.polygons[first], strips.polygons[second]))
    return first[common > 0], second[common > 0]


def _groups(strips: Strips, pairs: Pairs) -> NDArray[np.intp]:
    """The number of each object's group, ``(n,)``: groups are connected by pairs."""
    first, second = pairs
    count = len(strips)
    graph = coo_array((np.ones(len(first), dtype=np.int8), (first, second)), shape=(count, count))
    return connected_components(graph, directed=False)[1].astype(np.intp)


def _members(groups: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order])) + 1
    return iter(np.split(order, starts)) if len(order) else iter(())


def _joined(strips: Strips, groups: NDArray[np.intp]) -> Merged:
    polygons: list[BaseGeometry] = []
    scores: list[float] = []
    for members in _members(groups):
        polygon, score = _piece(strips.at(members))
        polygons.append(polygon)
        scores.append(score)
    return _asarrays(polygons, scores)


def _chosen(strips: Strips, groups: NDArray[np.intp]) -> Merged:
    polygons: list[BaseGeometry] = []
    scores: list[float] = []
    for members in _members(groups):
        if len(members) == 1 or not strips.across[members].any():
            own = members[strips.own[members]]
            polygons += strips.polygons[own].tolist()
            scores += strips.scores[own].tolist()
            continue
        for polygon, score in _versions(strips.at(members)):
            polygons.append(polygon)
            scores.append(score)
    return _asarrays(polygons, scores)


def _versions(group: Strips) -> Iterator[tuple[BaseGeometry, float]]:
    """The objects of one group: those that the best tile sees whole, then what else is whole and owned, then pieces."""
    rest, first = group, True
    while not rest.cut.all():
        whole = (rest.tile == _best_tile(rest)) & ~rest.cut
        taken = rest.at(whole)
        kept = taken if first else taken.at(taken.own)
        yield from zip(kept.polygons.tolist(), kept.scores.tolist(), strict=True)
        others = rest.at(~whole)
        rest, first = others.at(not_taken(others.polygons, taken.polygons)), False
    for members in _members(_groups(rest, _same(rest))):
        if len(members) > 1 or rest.own[members[0]]:
            yield _piece(rest.at(members))


def _piece(pieces: Strips) -> tuple[BaseGeometry, float]:
    """What pieces make together, and their mean score by area."""
    return _union(pieces.polygons), float(np.average(pieces.scores, weights=shapely.area(pieces.polygons)))


def _best_tile(group: Strips) -> int:
    """Of the tiles that see something whole: one that cuts nothing, in whose core most lies, that sees most."""
    areas = shapely.area(group.polygons)

    def rank(tile: int) -> tuple[bool, float, float]:
        here = group.tile == tile
        return (
            bool(group.cut[here].any()),
            -float(areas[here & group.own].sum()),
            -float(areas[here].sum()),
        )

    return min(np.unique(group.tile[~group.cut]).tolist(), key=rank)


def not_taken(polygons: NDArray[np.object_], taken: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which polygons ``(n,)`` are not the same as one that is taken."""
    free = np.ones(len(polygons), dtype=bool)
    if len(taken) and len(polygons):
        index, other = shapely.STRtree(taken).query(polygons, predicate="intersects")
        common = shapely.area(shapely.intersection(polygons[index], taken[other]))
        smaller = np.minimum(shapely.area(polygons[index]), shapely.area(taken[other]))
        free[index[common > SAME_SHARE * smaller]] = False
    return free


def _union(polygons: NDArray[np.object_]) -> BaseGeometry:
    """One geometry without the points where pieces met in a straight line."""
    return shapely.normalize(shapely.simplify(shapely.union_all(polygons), 0.0))


def _asarrays(polygons: list[BaseGeometry], scores: list[float]) -> Merged:
    array = np.empty(len(polygons), dtype=object)
    array[:] = polygons
    return array, np.array(scores, dtype=np.float64)
