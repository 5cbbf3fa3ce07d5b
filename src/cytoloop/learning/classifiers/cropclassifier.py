"""A stored network at work: probabilities of crops, and the vectors that it makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError

from .crops import CropSpec
from .package import ClassifierPackage
from .predictor import Session
from .queues import disagreement

CROPS_AT_ONCE = 128
_MOST_NUMBERS = 10_000


@dataclass(frozen=True, slots=True)
class Seen:
    """Probabilities ``(n, k)`` and vectors ``(n, d)`` of crops."""

    probabilities: NDArray[np.float32]
    vectors: NDArray[np.float32]


class CropClassifier:
    """A network, loaded, and its committee. Used by one thread at a time."""

    def __init__(self, weights: Path, classes: int, committee: Sequence[Path] = (), threads: int = 1) -> None:
        where = weights.parent.name
        self._classes = classes
        self._main = Session(weights, f"{weights.name} of {where}", threads)
        if len(self._main.outputs) != 2:
            raise InvalidInputError(f"The network of {where} must give probabilities and vectors.")
        self._committee = [Session(one, f"{one.name} of {where}") for one in committee]

    def look(self, crops: NDArray[np.float32]) -> Seen:
        """At crops ``(n, planes + 1, side, side)``. Raises ``InvalidInputError`` where the network gives nonsense."""
        count = self._classes
        parts = [
            self._main.run(crops[start : start + CROPS_AT_ONCE], self._main.outputs)
            for start in range(0, max(1, len(crops)), CROPS_AT_ONCE)
        ]
        likely, vectors = (np.concatenate([one[at] for one in parts]) for at in range(2))
        if likely.shape != (len(crops), count) or vectors.ndim != 2 or vectors.shape[1] > _MOST_NUMBERS:
            raise InvalidInputError(
                f"The network gives {likely.shape[1:]} and {vectors.shape[1:]} numbers for a crop instead of {count} "
                "probabilities and a vector."
            )
        return Seen(np.clip(likely, 0, 1), np.nan_to_num(vectors))

    def disagreement(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """How far the committee is from agreement, ``(n,)`` 0..1; 0 where there is no committee."""
        if not self._committee or len(vectors) == 0:
            return np.zeros(len(vectors))
        return disagreement(np.stack([one(vectors, self._classes) for one in self._committee]))


def crops_of(package: ClassifierPackage) -> CropSpec:
    """The crops that a classifier sees; ``InvalidInputError`` for one that sees features."""
    if not isinstance(package.spec, CropSpec):
        raise InvalidInputError(f"{package.folder.name} sees features, not crops.")
    return package.spec


def load_network(package: ClassifierPackage, threads: int = 1) -> CropClassifier:
    """Load a network. Raises ``InvalidInputError`` where it cannot be run, or is none."""
    crops_of(package)
    return CropClassifier(package.weights, len(package.classes), package.committee, threads)
