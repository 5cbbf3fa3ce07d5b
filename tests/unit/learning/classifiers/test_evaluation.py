"""Scores, held against scikit-learn's where it has the same ones."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from cytoloop.learning.classifiers.evaluation import CURVE_POINTS, evaluate
from cytoloop.learning.classifiers.folds import folds_of
from cytoloop.learning.classifiers.queues import MOST_DIVERSE, disagreement, diversity_order, uncertainty


def random_case(seed: int, count: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, count)
    likely = rng.random((count, classes)) + 0.8 * np.eye(classes)[truth]
    return truth, (likely / likely.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(("count", "classes"), [(40, 2), (200, 3), (500, 6)])
def test_scores_are_those_of_scikit_learn(count: int, classes: int) -> None:
    truth, likely = random_case(count, count, classes)
    found, best, exact = evaluate(truth, likely), likely.argmax(axis=1), likely.astype(np.float64)
    assert np.array_equal(found.confusion, metrics.confusion_matrix(truth, best))
    assert found.accuracy == pytest.approx(metrics.accuracy_score(truth, best))
    assert found.macro_f1 == pytest.approx(metrics.f1_score(truth, best, average="macro"))
    assert found.log_loss == pytest.approx(metrics.log_loss(truth, exact / exact.sum(axis=1, keepdims=True)), rel=1e-3)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(truth, best)
    for number, one in enumerate(found.classes):
        assert (one.precision, one.recall, one.f1, one.support) == pytest.approx(
            (precision[number], recall[number], f1[number], support[number])
        )
        assert one.auc == pytest.approx(metrics.roc_auc_score(truth == number, likely[:, number]))
        assert len(one.true_positive_rates) <= CURVE_POINTS


def test_a_class_that_is_missing_has_no_score_and_does_not_count() -> None:
    truth = np.array([0, 0, 1, 1])
    likely = np.array([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.1, 0.9, 0], [0.3, 0.7, 0]], np.float32)
    found = evaluate(truth, likely)
    missing = found.classes[2]
    assert missing.support == 0
    assert all(math.isnan(one) for one in (missing.precision, missing.recall, missing.f1, missing.auc))
    assert found.macro_f1 == pytest.approx((2 / 3 + 0.8) / 2)
    assert json.loads(json.dumps(found.as_json()))["classes"][2]["f1"] is None


def test_nothing_at_all_has_scores_that_are_not_defined() -> None:
    found = evaluate(np.zeros(0, np.int64), np.zeros((0, 2), np.float32))
    assert math.isnan(found.accuracy)
    assert found.as_json()["macro_f1"] is None
    assert found.as_json()["confusion"] == [[0, 0], [0, 0]]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=2, max_size=60),
    st.integers(2, 6),
    st.integers(0, 9),
)
def test_parts_hold_every_object_once_and_no_image_twice(labels: list[tuple[int, int]], wanted: int, seed: int) -> None:
    truth, groups = (np.array(column) for column in zip(*labels, strict=True))
    found = folds_of(truth, groups, wanted, np.random.default_rng(seed))
    assert found.of.shape == truth.shape
    assert found.of.min() >= 0
    assert found.of.max() < found.count
    if found.by_image:
        assert all(len(set(found.of[groups == one].tolist())) == 1 for one in set(groups.tolist()))
    else:
        for one in set(truth.tolist()):
            sizes = np.bincount(found.of[truth == one], minlength=found.count)
            assert sizes.max() - sizes.min() <= 1


def test_images_are_kept_apart_where_each_class_is_on_two_of_them() -> None:
    truth, groups = np.array([0, 1, 0, 1, 0, 1]), np.array([1, 1, 2, 2, 3, 3])
    found = folds_of(truth, groups, 5, np.random.default_rng(0))
    assert (found.by_image, found.count, sorted(set(found.of.tolist()))) == (True, 3, [0, 1, 2])
    alone = folds_of(truth, np.ones(6, np.int64), 5, np.random.default_rng(0))
    assert not alone.by_image


def test_the_least_certain_come_first_and_the_disputed() -> None:
    likely = np.array([[1, 0, 0], [0.5, 0.5, 0], [0.6, 0.2, 0.2]], np.float32)
    assert uncertainty(likely).tolist() == pytest.approx([0, 1, 0.6])
    assert uncertainty(np.ones((3, 1), np.float32)).tolist() == [0, 0, 0]
    votes = np.stack([likely, likely])
    assert disagreement(votes).tolist() == pytest.approx([0, 0, 0], abs=1e-6)
    against = np.array([[[1, 0]], [[0, 1]]], np.float32)
    assert disagreement(against)[0] == pytest.approx(1, abs=1e-6)
    assert disagreement(against[:1]).tolist() == [0]


def test_diverse_objects_come_from_everywhere_and_away_from_what_is_labelled() -> None:
    rng = np.random.default_rng(0)
    centres = np.array([[0, 0], [10, 0], [0, 10], [10, 10]], float)
    own = np.concatenate([centre + rng.normal(0, 0.1, (20, 2)) for centre in centres])
    order = diversity_order(own, own[:5], np.full(80, 0.5))
    assert {int(one) // 20 for one in order[:3]} == {1, 2, 3}
    assert sorted(order.tolist()) == list(range(80))


@pytest.mark.parametrize("fill", [np.nan, 0.0, np.inf])
def test_an_order_is_found_of_features_that_say_nothing(fill: float) -> None:
    order = diversity_order(np.full((600, 3), fill), np.zeros((0, 3)), np.zeros(600))
    assert len(set(order.tolist())) == MOST_DIVERSE
    assert diversity_order(np.zeros((0, 3)), np.zeros((2, 3)), np.zeros(0)).tolist() == []
