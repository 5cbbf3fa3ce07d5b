"""Many measurements in two dimensions: principal components, t-SNE and UMAP."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError, UnavailableError

Tell = Callable[[float], None]

MOST_PCA = 200_000
"""Rows to which principal components are fitted; all are projected."""
MOST_TSNE = 20_000
MOST_UMAP = 50_000
BEFOREHAND = 30
"""Principal components to which measurements are reduced before t-SNE and UMAP, where there are more."""
LEAST = 5


@dataclass(frozen=True, slots=True)
class Projection:
    """``places`` ``(n, 2) float64``, NaN for rows that had no part; ``shares`` of the variance (PCA only)."""

    places: NDArray[np.float64]
    shares: tuple[float, ...] = ()
    used: int = 0


def has_umap() -> bool:
    """Whether umap-learn is installed (the extra ``umap``)."""
    return importlib.util.find_spec("umap") is not None


def sampled(count: int, most: int, seed: int) -> NDArray[np.int64]:
    """Rows that take part: all, or ``most`` of them drawn at random, in their order."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def principal_components(values: NDArray[np.float64], *, seed: int = 0, most: int = MOST_PCA) -> Projection:
    """The first two principal components of ``(n, f)`` (Pearson 1901), with their shares of the variance."""
    _require(values)
    chosen = sampled(len(values), most, seed)
    fitted = _fitted_pca(values[chosen], min(2, values.shape[1]), seed)
    places = np.zeros((len(values), 2))
    found = fitted.transform(values)
    places[:, : found.shape[1]] = found
    shares = [float(one) for one in fitted.explained_variance_ratio_]
    return Projection(places, tuple(shares + [0.0] * (2 - len(shares))), len(chosen))


def _fitted_pca(values: NDArray[np.float64], components: float, seed: int) -> Any:
    from sklearn.decomposition import PCA

    solver = "full" if components < 1 else "covariance_eigh" if values.shape[0] > values.shape[1] else "auto"
    return PCA(n_components=components, svd_solver=solver, random_state=seed).fit(values)


def tsne(
    values: NDArray[np.float64],
    *,
    perplexity: float = 30.0,
    seed: int = 0,
    most: int = MOST_TSNE,
    tell: Tell = lambda _: None,
) -> Projection:
    """t-SNE of ``(n, f)`` (van der Maaten and Hinton 2008, Barnes-Hut), begun with the principal components.

    The perplexity is at most a third of the rows. Beyond ``most`` rows a random part is taken, the others are NaN.
    """
    _require(values)
    from sklearn.manifold import TSNE

    chosen = sampled(len(values), most, seed)
    part = _reduced(values[chosen], seed)
    near = max(1.0, min(perplexity, (len(part) - 1) / 3))
    init: Any = "pca" if part.shape[1] >= 2 else "random"
    model = TSNE(2, perplexity=near, init=init, random_state=seed, n_jobs=1, max_iter=750)
    tell(0.1)
    places = np.full((len(values), 2), np.nan)
    places[chosen] = model.fit_transform(part)
    return Projection(places, used=len(chosen))


def umap(
    values: NDArray[np.float64],
    *,
    neighbours: int = 15,
    min_distance: float = 0.1,
    seed: int = 0,
    most: int = MOST_UMAP,
    tell: Tell = lambda _: None,
) -> Projection:
    """UMAP of ``(n, f)`` (McInnes et al. 2018); beyond ``most`` rows a random part is taken, the others are NaN.

    Raises
    ------
    UnavailableError
        umap-learn is not installed.
    """
    _require(values)
    if not has_umap():
        raise UnavailableError("UMAP needs umap-learn. Install it with: pip install 'cytoloop[umap]', or choose t-SNE.")
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells that a seed takes away its threads
        from umap import UMAP  # pyright: ignore[reportMissingImports]

        chosen = sampled(len(values), most, seed)
        part = _reduced(values[chosen], seed)
        tell(0.1)
        model: Any = UMAP(
            n_components=2,
            n_neighbors=max(2, min(neighbours, len(part) - 1)),
            min_dist=min_distance,
            init="random" if len(part) < 10 else "spectral",
            random_state=seed,
            n_jobs=1,
        )
        found = np.asarray(model.fit_transform(part), np.float64)
    places = np.full((len(values), 2), np.nan)
    places[chosen] = found
    return Projection(places, used=len(chosen))


def _reduced(values: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    most = min(BEFOREHAND, len(values) - 1)
    if values.shape[1] <= most:
        return values
    return _fitted_pca(values, most, seed).transform(values)


def _require(values: NDArray[np.float64]) -> None:
    if len(values) < LEAST:
        raise InvalidInputError(
            f"{len(values)} object{'' if len(values) == 1 else 's'} with measurements: too few to arrange; it takes at "
            f"least {LEAST}."
        )
