"""Training on labelled pixels: fit by scikit-learn, scored on scribbles that were held out, written as ONNX."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.classifiers.evaluation import Scores, evaluate
from cytoloop.learning.classifiers.folds import folds_of
from cytoloop.learning.classifiers.training import as_onnx

from .configuration import PixelConfiguration, PixelLearner
from .patches import PatchTrees

Tell = Callable[[float, str], None]
LEAST_PER_CLASS = 5
"""Pixels of a class without which there is nothing to learn from."""


@dataclass(frozen=True, slots=True)
class PixelSamples:
    """Labelled pixels: features ``(n, f) float32``, classes ``(n,)`` 0..k - 1, and the scribbles ``(n,)`` they are of.

    ``middles (n, side * side) int8``, of patches only: classes of the pixels in the middle, -1 where not labelled.
    """

    features: NDArray[np.float32]
    truth: NDArray[np.int64]
    groups: NDArray[np.int64]
    classes: int
    middles: NDArray[np.int8] | None = None

    def at(self, chosen: NDArray[Any]) -> "PixelSamples":
        """Those of an index or a mask."""
        middles = None if self.middles is None else self.middles[chosen]
        return PixelSamples(self.features[chosen], self.truth[chosen], self.groups[chosen], self.classes, middles)


@dataclass(frozen=True, slots=True)
class TrainedPixels:
    """A pixel classifier as an ONNX file, and what it scored."""

    weights: bytes
    held_out: Scores
    """By cross-validation, each pixel by trees that did not see it."""
    by_scribble: bool
    """Whether no scribble was in two parts: neighbouring pixels are alike, so scores would flatter."""
    folds: int
    counts: tuple[int, ...]
    """Pixels of each class that were learnt from."""


def require_enough_pixels(counts: NDArray[np.integer]) -> None:
    """Raise ``InvalidInputError`` unless two classes have labelled pixels."""
    if len(counts) < 2 or min(counts) < LEAST_PER_CLASS:
        raise InvalidInputError(
            f"Scribble with at least 2 classes, {LEAST_PER_CLASS} pixels or more of each, then train. "
            "The scribbles must lie on the picture."
        )


def drawn(samples: PixelSamples, most: int, rng: np.random.Generator) -> PixelSamples:
    """At most so many pixels of each class, the same share of each scribble."""
    kept: list[NDArray[np.int64]] = []
    for one in np.unique(samples.truth):
        members = np.flatnonzero(samples.truth == one)
        kept.append(members if len(members) <= most else np.sort(rng.choice(members, most, replace=False)))
    return samples.at(np.sort(np.concatenate(kept))) if kept else samples


def train_pixels(given: PixelSamples, configuration: PixelConfiguration, tell: Tell = lambda *_: None) -> TrainedPixels:
    """Train a pixel classifier.

    Raises
    ------
    InvalidInputError
        Fewer than two classes have labelled pixels.
    """
    require_enough_pixels(np.bincount(given.truth, minlength=given.classes))
    rng = np.random.default_rng(configuration.seed)
    samples = drawn(given, configuration.samples_per_class, rng)
    with threadpool_limits(1):
        folds = folds_of(samples.truth, samples.groups, configuration.folds, rng)
        truths: list[NDArray[np.int64]] = []
        likely: list[NDArray[np.float32]] = []
        for part in range(folds.count):
            tell(0.6 * part / folds.count, f"Checking, part {part + 1} of {folds.count}")
            seen, hidden = samples.at(folds.of != part), samples.at(folds.of == part)
            truth, found = _checked(seen, hidden, configuration)
            truths.append(truth)
            likely.append(found)
        tell(0.6, "Learning from all scribbles")
        weights = _weights(samples, configuration, tell)
    scores = evaluate(np.concatenate(truths), np.concatenate(likely))
    counts = tuple(np.bincount(samples.truth, minlength=samples.classes).tolist())
    return TrainedPixels(weights, scores, folds.by_image, folds.count, counts)


def _weights(samples: PixelSamples, configuration: PixelConfiguration, tell: Tell) -> bytes:
    model = _fitted(samples, configuration)
    tell(0.85, "Writing the classifier")
    return model.as_onnx() if isinstance(model, PatchTrees) else as_onnx(model, samples.features.shape[1])


def _checked(
    seen: PixelSamples, hidden: PixelSamples, configuration: PixelConfiguration
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Classes ``(m,)`` and probabilities ``(m, k)`` of pixels that were held out."""
    if hidden.middles is not None:
        found = _fitted(seen, configuration).probabilities(hidden.features)
        labelled = hidden.middles >= 0
        return hidden.middles[labelled].astype(np.int64), found[labelled]
    present, own = np.unique(seen.truth, return_inverse=True)
    found = np.zeros((len(hidden.truth), seen.classes), np.float32)
    if len(present) == 1:
        found[:, present] = 1.0
    else:
        model = _fitted(PixelSamples(seen.features, own, seen.groups, len(present)), configuration)
        found[:, present] = model.predict_proba(hidden.features)
    return hidden.truth, found


def _fitted(samples: PixelSamples, configuration: PixelConfiguration) -> Any:
    """A scikit-learn classifier of pixels, or trees of patches."""
    if samples.middles is not None:
        return PatchTrees.fitted(samples.features, samples.middles, samples.classes, configuration)
    return _estimator(configuration).fit(samples.features, samples.truth)


def _estimator(configuration: PixelConfiguration) -> Any:
    settings: dict[str, Any] = {"class_weight": "balanced", "random_state": configuration.seed}
    depth: dict[str, Any] = {"max_depth": 16, "min_samples_leaf": 2}
    match configuration.learner:
        case PixelLearner.RANDOM_FOREST:
            from sklearn.ensemble import RandomForestClassifier

            return RandomForestClassifier(configuration.trees, **settings, **depth)
        case PixelLearner.BOOSTING:
            from sklearn.ensemble import HistGradientBoostingClassifier

            settings |= {"early_stopping": False, "min_samples_leaf": 10}
            return HistGradientBoostingClassifier(max_iter=configuration.trees, **settings)
        case _:
            from sklearn.ensemble import ExtraTreesClassifier

            return ExtraTreesClassifier(configuration.trees, **settings, **depth)
