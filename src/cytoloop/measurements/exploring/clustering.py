"""Groups of objects that measure alike: k-means, Gaussian mixtures and HDBSCAN."""

import warnings
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError

from .projecting import sampled

SHARE_KEPT = 0.95
"""Share of the variance that the principal components keep in which clusters are looked for."""
MOST_DIMENSIONS = 20
MOST_CLUSTERS = 50
TRIED = range(2, 11)
"""Numbers of clusters among which the best is chosen."""
MOST_FITTED = 200_000
"""Rows to which k-means and mixtures are fitted; all are assigned."""
MOST_TRIED = 10_000
"""Rows from which the number of clusters is chosen."""
MOST_HDBSCAN = 50_000
MOST_JUDGED = 2_000
LEAST = 5


class Method(StrEnum):
    """How clusters are found."""

    KMEANS = "kmeans"
    MIXTURE = "mixture"
    HDBSCAN = "hdbscan"


@dataclass(frozen=True, slots=True)
class Clusters:
    """``labels`` ``(n,) int64``: 1 is the largest cluster, 0 belongs to none, -1 had no part (a random part did).

    ``silhouette`` (-1..1, Rousseeuw 1987) tells how well the clusters are apart; NaN where there are fewer than two.
    """

    labels: NDArray[np.int64]
    count: int
    silhouette: float


def find_clusters(
    values: NDArray[np.float64],
    method: Method,
    *,
    count: int | None = None,
    smallest: int | None = None,
    seed: int = 0,
    most: int | None = None,
) -> Clusters:
    """Clusters of ``(n, f)`` in the space of the principal components that keep 95 % of the variance, 20 at most.

    ``count``: how many; else of 2 to 10 the number with the best silhouette (k-means, Lloyd 1982) or the least Bayesian
    information criterion (mixture of Gaussians with full covariance). HDBSCAN (Campello et al. 2013) finds the number
    itself from the ``smallest`` size of a cluster (5 at least; else one in fifty objects).
    """
    if len(values) < LEAST:
        raise InvalidInputError(f"{len(values)} objects are too few for clusters; it takes at least {LEAST}.")
    if count is not None and not 2 <= count <= min(MOST_CLUSTERS, len(values) - 1):
        largest = min(MOST_CLUSTERS, len(values) - 1)
        raise InvalidInputError(f"{count} clusters cannot be made of {len(values):,} objects. Choose 2 to {largest}.")
    chosen = sampled(len(values), most or (MOST_HDBSCAN if method is Method.HDBSCAN else MOST_FITTED), seed)
    space = _space(values, values[chosen], seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a mixture that has not settled is told by its criterion
        match method:
            case Method.KMEANS:
                found = _kmeans(space[chosen], count, seed).predict(space)
            case Method.MIXTURE:
                found = _mixture(space[chosen], count, seed).predict(space)
            case Method.HDBSCAN:
                found = np.full(len(values), -2)
                found[chosen] = _hdbscan(space[chosen], smallest)
    labels = by_size(found)
    return Clusters(labels, int(max(labels.max(), 0)), _silhouette(space, labels, seed))


def by_size(found: NDArray[Any]) -> NDArray[np.int64]:
    """Labels in which 1 is the largest; -1 (noise) becomes 0, -2 (no part) -1."""
    labels = np.where(found == -2, -1, 0).astype(np.int64)
    names, counts = np.unique(found[found >= 0], return_counts=True)
    for number, at in enumerate(np.argsort(-counts, kind="stable"), start=1):
        labels[found == names[at]] = number
    return labels


def _space(values: NDArray[np.float64], fitted_to: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    from sklearn.decomposition import PCA

    if values.shape[1] < 2 or not fitted_to.std(axis=0).any():
        return values
    most = min(MOST_DIMENSIONS, *fitted_to.shape)
    model = PCA(most, svd_solver="full", random_state=seed).fit(fitted_to)
    shares = np.cumsum(model.explained_variance_ratio_)
    kept = min(most, int(np.searchsorted(shares, SHARE_KEPT)) + 1)
    return model.transform(values)[:, :kept]


def _kmeans(space: NDArray[np.float64], count: int | None, seed: int) -> Any:
    from sklearn.cluster import KMeans

    def fitted(k: int, rows: NDArray[np.float64]) -> Any:
        made: Any = KMeans(k, random_state=seed)
        return made.set_params(n_init=10).fit(rows)

    if count is None:
        part = space[sampled(len(space), MOST_TRIED, seed)]
        models = [fitted(k, part) for k in TRIED if k < len(part)]
        best = max(models, key=lambda one: _silhouette(part, one.labels_ + 1, seed))
        if len(part) == len(space):
            return best
        count = int(best.n_clusters)
    return fitted(count, space)


def _mixture(space: NDArray[np.float64], count: int | None, seed: int) -> Any:
    from sklearn.mixture import GaussianMixture

    def fitted(k: int, rows: NDArray[np.float64]) -> Any:
        return GaussianMixture(k, covariance_type="full", reg_covar=1e-4, n_init=2, random_state=seed).fit(rows)

    if count is None:
        part = space[sampled(len(space), MOST_TRIED, seed)]
        best = min((fitted(k, part) for k in (1, *TRIED) if k < len(part)), key=lambda one: one.bic(part))
        if len(part) == len(space):
            return best
        count = int(best.n_components)
    return fitted(count, space)


def _hdbscan(space: NDArray[np.float64], smallest: int | None) -> NDArray[np.int64]:
    from sklearn.cluster import HDBSCAN

    size = smallest or max(5, len(space) // 50)
    model = HDBSCAN(min_cluster_size=max(2, min(size, len(space) // 2)), n_jobs=1)
    return model.set_params(copy=True).fit_predict(space).astype(np.int64)


def _silhouette(space: NDArray[np.float64], labels: NDArray[np.int64], seed: int) -> float:
    from sklearn.metrics import silhouette_score

    known = np.flatnonzero(labels > 0)
    chosen = known[sampled(len(known), MOST_JUDGED, seed)]
    names = np.unique(labels[chosen])
    if not 2 <= len(names) < len(chosen):
        return float("nan")
    return float(silhouette_score(space[chosen], labels[chosen]))
