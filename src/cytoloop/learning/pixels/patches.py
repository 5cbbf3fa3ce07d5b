"""Extremely randomised trees with many outputs: from a window of raw pixels to the classes of its middle's pixels.

Dumont, Marée, Wehenkel and Geurts (2009): Fast multi-class image annotation with random subwindows and multiple output
randomized trees. Each tree is a regression on indicators of the classes, whose variance is the Gini impurity. Pixels
that nobody labelled have no indicator at all; overlapping windows vote, and the votes of a pixel are normalised.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.leaftables import forest_as_onnx

from .configuration import PixelConfiguration

LEAST_IN_LEAF = 3
_SHARE = 0.1
"""Of the pixels of a window that are tried at a node."""


@dataclass(frozen=True, slots=True)
class PatchTrees:
    """Fitted trees. ``outputs`` are those of a window: ``side * side`` pixels, ``classes`` numbers each."""

    forest: Any
    classes: int
    features: int

    @classmethod
    def fitted(
        cls,
        features: NDArray[np.float32],
        middles: NDArray[np.int8],
        classes: int,
        configuration: PixelConfiguration,
    ) -> "PatchTrees":
        """Trees for windows ``(n, f)`` and the classes ``(n, pixels)`` of their middles, -1 where not known."""
        from sklearn.ensemble import ExtraTreesRegressor

        known = middles[..., None] == np.arange(classes, dtype=np.int8)
        weight = _balanced(middles, classes)
        forest = ExtraTreesRegressor(
            configuration.trees,
            max_features=_SHARE,
            min_samples_leaf=LEAST_IN_LEAF,
            random_state=configuration.seed,
        )
        forest.fit(features, (known * weight).reshape(len(features), -1).astype(np.float32))
        return cls(forest, classes, features.shape[1])

    def votes(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """``(n, pixels * classes)`` of windows ``(n, f)``."""
        return self.forest.predict(features).astype(np.float32)

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """``(n, pixels, classes)``, each window by itself."""
        return normalised(self.votes(features).reshape(len(features), -1, self.classes))

    def as_onnx(self) -> bytes:
        """``features (n, f) float32`` in, ``probabilities (n, pixels * classes) float32`` out: the votes."""
        return forest_as_onnx(self.forest, self.features)


def normalised(votes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of votes whose last axis are the classes; where there are none, each class is as likely."""
    total = votes.sum(axis=-1, keepdims=True)
    even = np.full_like(votes, 1 / votes.shape[-1])
    return np.divide(votes, total, out=even, where=total > 0)


def _balanced(middles: NDArray[np.int8], classes: int) -> NDArray[np.float64]:
    """Weights of the classes with which each has the same share of all votes, the largest being 1."""
    counts = np.bincount(middles[middles >= 0].ravel(), minlength=classes).astype(np.float64)
    return counts[counts > 0].min(initial=np.inf) / np.maximum(counts, 1) if counts.any() else np.ones(classes)
