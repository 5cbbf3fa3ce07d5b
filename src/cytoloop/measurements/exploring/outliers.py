"""How unusual an object is among the others."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError

from .projecting import sampled

TREES = 200
MOST_FITTED = 200_000
LEAST = 5


class Measure(StrEnum):
    """What is called unusual."""

    FOREST = "forest"
    DISTANCE = "distance"


def unusualness(values: NDArray[np.float64], measure: Measure, *, seed: int = 0) -> NDArray[np.float64]:
    """``(n,)`` of robustly scaled ``(n, f)``: the larger, the more unusual.

    ``forest``: the score of an isolation forest of 200 trees (Liu et al. 2008), 0 to 1; 0.5 is ordinary. ``distance``:
    the root of the mean square of an object's scaled measurements, that is, how many robust standard deviations it lies
    from the medians on average.
    """
    if len(values) < LEAST:
        raise InvalidInputError(f"{len(values)} objects are too few to call one unusual; it takes at least {LEAST}.")
    if measure is Measure.DISTANCE:
        return np.sqrt(np.mean(values**2, axis=1))
    from sklearn.ensemble import IsolationForest

    model = IsolationForest(n_estimators=TREES, random_state=seed, n_jobs=1)
    model.fit(values[sampled(len(values), MOST_FITTED, seed)])
    return -model.score_samples(values)
