"""Which objects of two label images lie over each other."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

PAIR_SHARE = 0.30
"""Share of an object that each of two partners covers where it is split between them."""
MANY_SHARE = 0.15
"""The same where there are more than two partners."""


def contingency(
    truth: NDArray[np.integer], predicted: NDArray[np.integer]
) -> tuple[sparse.coo_array, NDArray[np.int64], NDArray[np.int64]]:
    """Shared pixels of each overlapping pair, and the areas (px) of both sides' objects."""
    truth_index, truth_areas = _numbered(truth)
    predicted_index, predicted_areas = _numbered(predicted)
    both = (truth_index > 0) & (predicted_index > 0)
    rows, columns = truth_index[both] - 1, predicted_index[both] - 1
    pairs = sparse.coo_array(
        (np.ones(len(rows), np.int64), (rows, columns)),
        shape=(len(truth_areas), len(predicted_areas)),
    )
    pairs.sum_duplicates()
    return pairs, truth_areas, predicted_areas


def _numbered(labels: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Flat labels renumbered 1..n in ascending order, and each one's area."""
    values, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    numbers = np.zeros(len(values), np.int64)
    numbers[values != 0] = np.arange(1, int((values != 0).sum()) + 1)
    return numbers[index.ravel()], counts[values != 0].astype(np.int64)


def divided(
    owners: NDArray[np.integer],
    partners: NDArray[np.integer],
    shared: NDArray[np.float64],
    areas: NDArray[np.int64],
    matched: NDArray[np.bool_],
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Objects without a match that several partners share, and those partners."""
    share = shared / areas[owners] if len(owners) else shared
    in_pair, in_many = share >= PAIR_SHARE, share >= MANY_SHARE
    pairs = np.bincount(owners[in_pair], minlength=len(areas)) >= 2
    many = np.bincount(owners[in_many], minlength=len(areas)) > 2
    divided = (pairs | many) & ~matched
    involved = divided[owners] & np.where(many[owners], in_many, in_pair)
    return np.flatnonzero(divided), np.unique(partners[involved])
