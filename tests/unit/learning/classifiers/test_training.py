"""Training on features, and its ONNX files, which must say what scikit-learn says."""

import numpy as np
import onnxruntime
import pytest
from sklearn.datasets import load_digits

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.classifiers.configuration import Configuration, Learner
from cytoloop.learning.classifiers.training import LabelledObjects, as_onnx, fitted, train


def digits(count: int = 240, classes: int = 10) -> LabelledObjects:
    """Pictures of digits 8 x 8 as features, with noise; ten images of each."""
    values, truth = load_digits(return_X_y=True)
    values, truth = values[truth < classes][:count], truth[truth < classes][:count]
    noise = np.random.default_rng(1).normal(0, 0.3, values.shape)
    return LabelledObjects(
        (values * 1.37 + noise).astype(np.float32),
        truth.astype(np.int64),
        np.arange(len(truth)) % 10,
        classes,
        np.zeros(len(truth), bool),
    )


def ran(weights: bytes, features: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(weights, providers=["CPUExecutionProvider"])
    assert [one.name for one in session.get_outputs()] == ["probabilities"]
    return session.run(None, {"features": features})[0]


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("learner", list(Learner))
def test_the_onnx_file_gives_the_probabilities_of_scikit_learn(learner: Learner, classes: int) -> None:
    data = digits(300, classes)
    model = fitted(data.features[:150], data.truth[:150], Configuration(learner=learner, trees=60))
    unseen = data.features[150:].copy()
    unseen[::7, 3] = np.nan
    found = ran(as_onnx(model, unseen.shape[1]), unseen)
    assert np.abs(found - model.predict_proba(unseen)).max() < 1e-5
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("learner", list(Learner))
def test_digits_are_told_apart_on_images_that_were_held_out(learner: Learner) -> None:
    made = train(digits(), Configuration(learner=learner, trees=60))
    assert made.by_image
    assert made.folds == 5
    assert made.scores["held_out"].macro_f1 > (0.8 if learner is Learner.BOOSTING else 0.88)
    assert made.scores["training"].accuracy >= made.scores["held_out"].accuracy
    assert len(made.committee) == 4


def test_objects_kept_apart_are_scored_and_not_learnt_from() -> None:
    data = digits(400)
    tested = data.groups >= 8
    wrong = data.truth.copy()
    wrong[tested] = (wrong[tested] + 1) % 10
    apart = LabelledObjects(data.features, wrong, data.groups, 10, tested)
    made = train(apart, Configuration(trees=60))
    assert made.scores["held_out"].confusion.sum() == (~tested).sum()
    assert made.scores["test"].confusion.sum() == tested.sum()
    assert made.scores["test"].accuracy < 0.1 < 0.8 < made.scores["held_out"].accuracy


@pytest.mark.parametrize("truth", [[0, 0, 0, 0], [0, 0, 0, 1], [], [0]])
def test_too_few_labels_are_refused_with_what_to_do(truth: list[int]) -> None:
    count = len(truth)
    data = LabelledObjects(
        np.ones((count, 3), np.float32),
        np.array(truth, np.int64),
        np.zeros(count, np.int64),
        2,
        np.zeros(count, bool),
    )
    with pytest.raises(InvalidInputError, match="at least 2 objects in each of 2 classes"):
        train(data, Configuration())


@pytest.mark.parametrize("learner", list(Learner))
def test_features_that_say_nothing_still_make_a_classifier(learner: Learner) -> None:
    features = np.full((8, 4), 3.0, np.float32)
    features[:, 1] = np.nan
    features[:, 2] = 1e30
    data = LabelledObjects(
        features,
        np.array([0, 1] * 4),
        np.zeros(8, np.int64),
        2,
        np.zeros(8, bool),
    )
    made = train(data, Configuration(learner=learner, trees=10))
    assert not made.by_image
    assert np.isfinite(ran(made.weights, features)).all()


def test_the_same_seed_gives_the_same_classifier() -> None:
    data, unseen = digits(100), digits(400).features[100:]
    first, again = (train(data, Configuration(trees=20, seed=3)) for _ in range(2))
    assert np.array_equal(ran(first.weights, unseen), ran(again.weights, unseen))
    other = train(data, Configuration(trees=20, seed=4))
    assert not np.array_equal(ran(first.weights, unseen), ran(other.weights, unseen))
