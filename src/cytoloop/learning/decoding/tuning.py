"""Finding the numbers of a decoder or of the cleaning on images whose truth is known.

By differential evolution (Storn and Price 1997), in the place of the genetic search of nucleAIzer. Tune on training
images only: a score on the images that were tuned on says nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import differential_evolution

Bounds = Mapping[str, tuple[float, float]]

DECODER_BOUNDS: Bounds = {
    "foreground": (0.3, 0.7),
    "seed": (0.2, 0.7),
    "smallest_seed": (0.001, 0.05),
    "smallest": (0.01, 0.2),
    "least_score": (0.4, 0.85),
}
CLEANING_BOUNDS: Bounds = {
    "enclosed_share": (0.05, 0.6),
    "smallest_px2": (5.0, 120.0),
    "probability": (0.3, 0.98),
    "margin_inside_px": (0.0, 4.0),
    "margin_outside_px": (0.0, 4.0),
    "least_mean_probability": (0.0, 0.9),
}


@dataclass(frozen=True, slots=True)
class Tuned:
    """The best values found, what they score, and after how many trials."""

    values: dict[str, float]
    score: float
    trials: int


def tuned(
    score: Callable[[dict[str, float]], float],
    bounds: Bounds,
    *,
    start: Mapping[str, float] | None = None,
    generations: int = 6,
    population: int = 5,
    seed: int = 0,
) -> Tuned:
    """Values within the bounds for which ``score`` (higher is better) is highest.

    ``start`` is tried first, so that the result is never worse than it.
    """
    names = list(bounds)
    trials = 0

    def loss(values: NDArray[np.float64]) -> float:
        nonlocal trials
        trials += 1
        return -score(dict(zip(names, map(float, values), strict=True)))

    first = None if start is None else np.clip([start[name] for name in names], *np.array(list(bounds.values())).T)
    found = differential_evolution(
        loss,
        cast("Any", [bounds[name] for name in names]),
        maxiter=generations,
        popsize=population,
        rng=seed,
        polish=False,
        x0=first,
    )
    return Tuned(dict(zip(names, map(float, found.x), strict=True)), -float(found.fun), trials)
