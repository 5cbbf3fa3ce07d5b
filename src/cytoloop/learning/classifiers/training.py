"""Training on features: fit by scikit-learn, scored on held-out parts, written as ONNX."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cytoloop.core.errors import InvalidInputError

from .configuration import Configuration, Learner
from .evaluation import Scores, evaluate
from .folds import folds_of

LEAST_PER_CLASS = 2
_COMMITTEE = (Learner.EXTRA_TREES, Learner.LINEAR, Learner.EXTRA_TREES, Learner.LINEAR)
_COMMITTEE_TREES = 30
_OPSETS = {"": 17, "ai.onnx.ml": 3}


@dataclass(frozen=True, slots=True)
class LabelledObjects:
    """Features ``(n, f) float32``, classes ``(n,)`` 0..k - 1 and images ``(n,)`` of objects that people classified.

    ``tested (n,)`` marks objects that are only scored, never learnt from.
    """

    features: NDArray[np.float32]
    truth: NDArray[np.int64]
    groups: NDArray[np.int64]
    classes: int
    tested: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Trained:
    """A classifier as ONNX files, a committee of small ones, and its scores by partition."""

    weights: bytes
    committee: tuple[bytes, ...]
    scores: Mapping[str, Scores]
    """``held_out``: by cross-validation; ``training``: the labels that it learnt from; ``test``: images kept apart."""
    by_image: bool
    """Whether no image was in two parts of the cross-validation."""
    folds: int
    held_out: NDArray[np.float32]
    """Probabilities ``(m, k)`` of the objects that are not tested, each from a classifier that did not see it."""


def train(
    labelled: LabelledObjects, configuration: Configuration, tell: Callable[[float, str], None] = lambda *_: None
) -> Trained:
    """Train a classifier.

    Raises
    ------
    InvalidInputError
        Fewer than two classes have labels, or one has fewer than two.
    """
    own = ~labelled.tested
    features, truth, groups = labelled.features[own], labelled.truth[own], labelled.groups[own]
    require_enough(np.bincount(truth, minlength=labelled.classes))
    rng = np.random.default_rng(configuration.seed)
    with threadpool_limits(1):
        folds = folds_of(truth, groups, configuration.folds, rng)
        held_out = np.zeros((len(truth), labelled.classes), np.float32)
        for part in range(folds.count):
            tell(0.8 * part / (folds.count + 1), f"Checking, part {part + 1} of {folds.count}")
            inside = folds.of != part
            held_out[~inside] = _fitted(features[inside], truth[inside], labelled.classes, configuration)(
                features[~inside]
            )
        tell(0.8 * folds.count / (folds.count + 1), "Learning from all labels")
        final = fitted(features, truth, configuration)
        committee = committee_of(features, truth, configuration, rng)
        tell(0.85, "Writing the classifier")
        weights = as_onnx(final, features.shape[1])
        small = tuple(as_onnx(one, features.shape[1]) for one in committee)
    scores = {"held_out": evaluate(truth, held_out), "training": evaluate(truth, final.predict_proba(features))}
    if labelled.tested.any():
        seen = final.predict_proba(labelled.features[labelled.tested])
        scores["test"] = evaluate(labelled.truth[labelled.tested], seen)
    return Trained(weights, small, scores, folds.by_image, folds.count, held_out)


def require_enough(counts: Sequence[int] | NDArray[np.integer]) -> None:
    """Raise ``InvalidInputError`` unless two classes have labels, and each of them at least two."""
    if len(counts) < 2 or min(counts) < LEAST_PER_CLASS:
        raise InvalidInputError(
            f"Label at least {LEAST_PER_CLASS} objects in each of 2 classes, then train. "
            "Select objects and press the keys of their classes."
        )


def _fitted(
    features: NDArray[np.float32], truth: NDArray[np.int64], classes: int, configuration: Configuration
) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """The probabilities ``(n, k)`` of a classifier fitted to a part, in which classes may be missing."""
    present, own = np.unique(truth, return_inverse=True)
    model = fitted(features, own, configuration) if len(present) > 1 else None

    def probabilities(seen: NDArray[np.float32]) -> NDArray[np.float32]:
        found = np.zeros((len(seen), classes), np.float32)
        found[:, present] = 1.0 if model is None else model.predict_proba(seen)
        return found

    return probabilities


def fitted(features: NDArray[np.float32], truth: NDArray[np.int64], configuration: Configuration) -> Any:
    """A scikit-learn pipeline fitted to classes 0..k - 1 that all occur; missing numbers become the median."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    steps: list[Any] = [SimpleImputer(strategy="median", keep_empty_features=True)]
    if configuration.learner in (Learner.SVM, Learner.LINEAR):
        steps.append(StandardScaler())
    steps.append(_estimator(configuration, int(np.bincount(truth).min())))
    return make_pipeline(*steps).fit(features, truth)


def _estimator(configuration: Configuration, smallest: int) -> Any:
    weight = "balanced" if configuration.balanced else None
    seed = configuration.seed
    match configuration.learner:
        case Learner.EXTRA_TREES:
            from sklearn.ensemble import ExtraTreesClassifier

            return ExtraTreesClassifier(
                configuration.trees, class_weight=weight, random_state=seed, max_depth=24, min_samples_leaf=1
            )
        case Learner.BOOSTING:
            from sklearn.ensemble import HistGradientBoostingClassifier

            rounds = max(10, configuration.trees // 3)
            settings: dict[str, Any] = {"early_stopping": False, "min_samples_leaf": 5}
            return HistGradientBoostingClassifier(max_iter=rounds, class_weight=weight, random_state=seed, **settings)
        case Learner.SVM:
            from sklearn.calibration import CalibratedClassifierCV
            from sklearn.svm import SVC

            machine = SVC(C=configuration.regularisation, class_weight=weight, random_state=seed)
            calibrated: Any = CalibratedClassifierCV
            return calibrated(machine, ensemble=False, cv=max(2, min(5, smallest)))
        case Learner.LINEAR:
            from sklearn.linear_model import LogisticRegression

            return LogisticRegression(
                C=configuration.regularisation, class_weight=weight, random_state=seed, max_iter=3000
            )


def committee_of(
    features: NDArray[np.float32], truth: NDArray[np.int64], configuration: Configuration, rng: np.random.Generator
) -> list[Any]:
    """Small classifiers of two kinds, each fitted to another draw of the labels with every class in it."""
    found: list[Any] = []
    for number, learner in enumerate(_COMMITTEE):
        drawn = np.concatenate([_drawn(np.flatnonzero(truth == one), rng) for one in np.unique(truth)])
        own = configuration.model_copy(
            update={"learner": learner, "trees": _COMMITTEE_TREES, "seed": configuration.seed + number + 1}
        )
        found.append(fitted(features[drawn], truth[drawn], own))
    return found


def _drawn(members: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    return rng.choice(members, len(members), replace=True)


def as_onnx(model: Any, features: int) -> bytes:
    """A fitted pipeline as ONNX: ``features (n, f) float32`` in, ``probabilities (n, k) float32`` out."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    given: Any = [("features", FloatTensorType([None, features]))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converter still asks scikit-learn for names that it will drop
        made: Any = to_onnx(
            model,
            initial_types=given,
            options={id(model): {"zipmap": False}},
            target_opset=_OPSETS,
        )
    for output in list(made.graph.output):
        if output.name != "probabilities":
            made.graph.output.remove(output)
    return made.SerializeToString()
