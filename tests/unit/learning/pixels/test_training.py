"""Training on a few labelled pixels, and its ONNX files, which must say what scikit-learn says."""

from pathlib import Path

import numpy as np
import pytest

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.classifiers.predictor import probabilities_of
from cytoloop.learning.pixels.configuration import PixelConfiguration, PixelLearner
from cytoloop.learning.pixels.filters import planes_of
from cytoloop.learning.pixels.patches import PatchTrees
from cytoloop.learning.pixels.predictor import predictor_of
from cytoloop.learning.pixels.training import PixelSamples, _fitted, drawn, train_pixels

from .scenes import samples, scene, scribbles, trained


def small(learner: PixelLearner) -> PixelConfiguration:
    return PixelConfiguration(learner=learner, trees=20, sigmas_px=(1.0, 3.0), patch_px=12)


@pytest.mark.parametrize("learner", list(PixelLearner))
def test_the_onnx_file_gives_the_numbers_of_scikit_learn(learner: PixelLearner) -> None:
    configuration = small(learner)
    seen = samples(configuration)
    model = _fitted(seen, configuration)
    made = train_pixels(seen, configuration)
    features = seen.features[::7] * np.float32(1.001)
    wanted = model.votes(features) if isinstance(model, PatchTrees) else model.predict_proba(features)
    found = probabilities_of(made.weights, features, wanted.shape[1])
    assert np.abs(found - wanted).max() < 1e-5


@pytest.mark.parametrize("learner", list(PixelLearner))
def test_a_few_strokes_teach_three_textures(tmp_path: Path, learner: PixelLearner) -> None:
    made = trained(tmp_path / "v1", small(learner))
    unseen, truth = scene(seed=5)
    found = predictor_of(made.folder).probabilities(planes_of(unseen, made.spec))
    assert found.shape == (3, *truth.shape)
    np.testing.assert_allclose(found.sum(axis=0), 1, atol=1e-4)
    right = found.argmax(axis=0) == truth
    assert right.mean() > 0.85
    assert all(right[truth == number].mean() > 0.75 for number in range(3))


def test_whole_scribbles_are_held_out_where_there_are_two_of_each_class() -> None:
    configuration = small(PixelLearner.EXTRA_TREES)
    apart = train_pixels(samples(configuration), configuration)
    assert (apart.by_scribble, apart.folds) == (True, 3)
    assert apart.held_out.accuracy > 0.85
    assert apart.held_out.confusion.sum() == sum(apart.counts)
    drawn_once = scribbles()
    one = type(drawn_once)(drawn_once.outlines, drawn_once.classes, drawn_once.classes + 0)
    together = train_pixels(samples(configuration, one), configuration)
    assert not together.by_scribble


def test_at_most_so_many_pixels_of_a_class_are_learnt_from() -> None:
    configuration = small(PixelLearner.EXTRA_TREES).model_copy(update={"samples_per_class": 60})
    assert train_pixels(samples(configuration), configuration).counts == (60, 60, 60)
    every = PixelSamples(np.zeros((9, 1), np.float32), np.array([0] * 7 + [1] * 2), np.arange(9), 2)
    few = drawn(every, 3, np.random.default_rng(0))
    assert np.bincount(few.truth).tolist() == [3, 2]


def test_the_same_seed_makes_the_same_classifier() -> None:
    configuration = small(PixelLearner.EXTRA_TREES)
    seen = samples(configuration)
    assert train_pixels(seen, configuration).weights == train_pixels(seen, configuration).weights
    other = configuration.model_copy(update={"seed": 1})
    assert train_pixels(seen, other).weights != train_pixels(seen, configuration).weights


def test_one_class_is_not_enough() -> None:
    configuration = small(PixelLearner.EXTRA_TREES)
    seen = samples(configuration)
    only = seen.at(seen.truth == 0)
    with pytest.raises(InvalidInputError, match="at least 2 classes"):
        train_pixels(only, configuration)


def test_pixels_that_nobody_labelled_have_no_vote() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(0, 1, (400, 8)).astype(np.float32)
    middles = np.full((400, 4), -1, np.int8)
    middles[:, 0] = features[:, 0] > 0
    trees = PatchTrees.fitted(features, middles, 2, PixelConfiguration(trees=20))
    found = trees.probabilities(features)
    assert (found[:, 0].argmax(axis=1) == middles[:, 0]).mean() > 0.9
    np.testing.assert_allclose(found[:, 1:], 0.5)
