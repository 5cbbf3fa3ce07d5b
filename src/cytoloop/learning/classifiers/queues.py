"""Which object is the most useful to look at next (Settles 2009: Active Learning Literature Survey)."""

import numpy as np
from numpy.typing import NDArray

QUEUES = ("uncertainty", "diversity", "disagreement")
MOST_DIVERSE = 500
"""So far the queue by diversity is worked out; it is new after the next training."""


def uncertainty(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """1 - the margin between the two likeliest classes, ``(n,)`` 0..1."""
    if probabilities.shape[1] < 2:
        return np.zeros(len(probabilities))
    top = np.sort(probabilities.astype(np.float64), axis=1)[:, -2:]
    return 1 - (top[:, 1] - top[:, 0])


def disagreement(votes: NDArray[np.floating]) -> NDArray[np.float64]:
    """How far members of a committee are from their mean: mean Kullback-Leibler divergence (McCallum & Nigam 1998).

    ``votes`` are probabilities ``(members, n, k)``; ``(n,)`` in units of the largest possible, 0..1.
    """
    members, _, classes = votes.shape
    if members < 2 or classes < 2:
        return np.zeros(votes.shape[1])
    each = np.clip(votes.astype(np.float64), 1e-9, 1.0)
    mean = each.mean(axis=0)
    divergence = (each * np.log(each / mean)).sum(axis=2).mean(axis=0)
    return np.clip(divergence / np.log(min(members, classes)), 0, 1)


def diversity_order(
    features: NDArray[np.floating], labelled: NDArray[np.floating], unsure: NDArray[np.floating]
) -> NDArray[np.int64]:
    """Objects so that each is far from the labelled ones and from those before it: greedy k-centres (Sener 2018).

    Of two that are as far, the less certain comes first: distances are weighted by 0.5 + ``unsure``.

    Parameters
    ----------
    features
        ``(n, f)`` of the open objects.
    labelled
        ``(m, f)`` of those with a class; m may be 0.
    unsure
        ``(n,)`` 0..1.

    Returns
    -------
    Row numbers of ``features``, at most ``MOST_DIVERSE``.
    """
    if len(features) == 0:
        return np.zeros(0, np.int64)
    both = _standardised(np.concatenate([features, labelled]).astype(np.float64))
    own, known = both[: len(features)], both[len(features) :]
    weight = 0.5 + unsure.astype(np.float64)
    nearest = np.full(len(own), np.inf)
    for one in known:
        nearest = np.minimum(nearest, ((own - one) ** 2).sum(axis=1))
    if len(known) == 0:
        nearest = ((own - own.mean(axis=0)) ** 2).sum(axis=1)
    chosen: list[int] = []
    left = np.ones(len(own), bool)
    for _ in range(min(MOST_DIVERSE, len(own))):
        best = int(np.where(left, np.sqrt(nearest) * weight, -1.0).argmax())
        chosen.append(best)
        left[best] = False
        nearest = np.minimum(nearest, ((own - own[best]) ** 2).sum(axis=1))
    return np.array(chosen, np.int64)


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Robustly scaled columns; what is not known is taken as the median, what does not vary as 0."""
    known = np.isfinite(values)
    shown = np.where(known, values, np.nan)
    columns = known.any(axis=0)
    result = np.zeros_like(values)
    if not columns.any():
        return result
    low, middle, high = np.nanpercentile(shown[:, columns], [10, 50, 90], axis=0)
    spread = high - low
    scaled = (np.where(known[:, columns], values[:, columns], middle) - middle) / np.where(spread > 0, spread, 1.0)
    result[:, columns] = np.clip(np.where(spread > 0, scaled, 0.0), -3, 3)
    return result / np.sqrt(max(1, int(columns.sum())))
