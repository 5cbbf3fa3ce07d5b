"""From maps that are finer than the picture to the picture's px."""

import numpy as np
import pytest
from numpy.typing import NDArray

from cytoloop.learning.decoding import DecoderSettings
from cytoloop.learning.inference.instances import Predictor, SizedMaps
from cytoloop.learning.inference.resampling import Stretch, Window
from cytoloop.learning.packages.model import Decoder, ModelSpec, Task

SPEC = ModelSpec(Task.INSTANCES, Decoder.COMPONENTS, ("foreground",), 26.0)
ANYTHING = DecoderSettings(foreground=0.53, smallest=0.0, least_score=0.0)


def _sized(inside: NDArray[np.float32], side: int) -> SizedMaps:
    """A map of a square picture of ``side`` px."""
    fine = len(inside)
    picture, seen = (Window(Stretch(0, count), Stretch(0, count)) for count in (side, fine))
    return SizedMaps(inside[None], 26.0, picture, seen, fine / side)


@pytest.fixture
def predictor() -> Predictor:
    """Decodes maps; it has no network to make them."""
    return Predictor(lambda _: np.zeros((1, 1, 1, 1), np.float32), SPEC, ANYTHING)


def test_outlines_follow_the_mean_of_finer_maps(predictor: Predictor) -> None:
    inside = np.zeros((40, 40), np.float32)
    inside[12:20, 10:30] = 1.0
    inside[10, 10:30], inside[11, 10:30] = 0.2, 0.6  # below: on the mean no object, though the px's centre is
    inside[20, 10:30], inside[21, 10:30] = 0.9, 0.4  # above: on the mean an object

    labels = predictor.objects(_sized(inside, 20)).labels

    assert labels.shape == (20, 20)
    assert np.flatnonzero(labels[:, 10]).tolist() == [6, 7, 8, 9, 10]
    assert np.flatnonzero(labels[8]).tolist() == list(range(5, 15))


def test_touching_objects_stay_apart_and_dim_ones_whole(predictor: Predictor) -> None:
    inside = np.zeros((60, 60), np.float32)
    inside[10:30, 10:28] = 0.9
    inside[10:30, 30:50] = 0.9
    inside[18:22, 18:22] = 0.7
    labels = predictor.objects(_sized(inside, 20)).labels

    assert labels.max() == 2
    assert (labels[4:9, 4:8] == labels[5, 5]).all()
    assert labels[5, 5] != labels[5, 12] != 0


def test_objects_smaller_than_a_pixel_are_lost_and_the_others_numbered_anew(predictor: Predictor) -> None:
    inside = np.zeros((60, 60), np.float32)
    inside[0, 0] = 1.0
    inside[24:48, 24:48] = 1.0

    found = predictor.objects(_sized(inside, 15))

    assert np.unique(found.labels).tolist() == [0, 1]
    assert len(found.scores) == 1
