"""How far it is from each object to the nearest one of another kind."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

Real = NDArray[np.float64]


def nearest_distances(origins: Real, targets: Real, *, same: bool = False) -> Real:
    """For each origin the distance between its centre and the nearest target's, ``(n,)``; NaN where there is none.

    Parameters
    ----------
    same
        Origins and targets are the same objects in the same order: each looks for the nearest other one. Two objects
        on one spot are at distance 0.
    """
    distances = np.full(len(origins), np.nan)
    known = np.isfinite(origins).all(axis=1)
    there = targets[np.isfinite(targets).all(axis=1)]
    rank = 2 if same else 1
    if not known.any() or len(there) < rank:
        return distances
    tree = KDTree(there, balanced_tree=False, compact_nodes=False)
    found = np.asarray(tree.query(origins[known], k=rank)[0], np.float64)
    distances[known] = found[:, 1] if same else found
    return distances


@dataclass(frozen=True, slots=True)
class DistanceSummary:
    """Of the distances that are known; ``None`` where there are none."""

    count: int
    minimum: float | None
    first_quartile: float | None
    median: float | None
    third_quartile: float | None
    maximum: float | None
    mean: float | None
    within: int | None
    """How many are at most at the distance asked for."""


def summarise(distances: Real, reach: float | None = None) -> DistanceSummary:
    """Count, quartiles and mean of distances, NaN left out."""
    known = distances[np.isfinite(distances)]
    if len(known) == 0:
        return DistanceSummary(0, None, None, None, None, None, None, None if reach is None else 0)
    least, first, middle, third, most = (float(one) for one in np.quantile(known, [0, 0.25, 0.5, 0.75, 1]))
    within = None if reach is None else int((known <= reach).sum())
    return DistanceSummary(len(known), least, first, middle, third, most, float(known.mean()), within)


def histogram(distances: Real, bins: int = 30) -> tuple[list[float], list[int]]:
    """Edges ``bins + 1`` from 0 to the 99th percentile, and counts; what lies beyond is in the last bin."""
    known = distances[np.isfinite(distances)]
    if len(known) == 0:
        return [], []
    top = float(np.quantile(known, 0.99)) or 1.0
    counts, edges = np.histogram(np.minimum(known, top), bins, range=(0.0, top))
    return edges.tolist(), counts.tolist()
