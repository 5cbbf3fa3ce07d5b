"""Labels of images that are annotated in part."""

import numpy as np
import pytest
from numpy.typing import NDArray

from cytoloop.learning.training.incomplete import UNKNOWN, added_objects, begun, completed

SIDE = 96
DISCS = {1: (24, 24), 2: (24, 72), 3: (72, 24), 4: (72, 72)}
RADIUS = 10


def disc(y: int, x: int, radius: float = RADIUS) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def probability_of(*numbers: int) -> NDArray[np.float32]:
    """A map that is sure of some discs and of the background."""
    found = np.full((SIDE, SIDE), 0.03, np.float32)
    for number in numbers:
        found[disc(*DISCS[number])] = 0.95
    return found


def labels_of(*numbers: int) -> NDArray[np.int32]:
    found = np.full((SIDE, SIDE), UNKNOWN, np.int32)
    for place, number in enumerate(numbers, start=1):
        found[disc(*DISCS[number])] = place
    return found


def predicted_of(*numbers: int) -> NDArray[np.int32]:
    return np.maximum(labels_of(*numbers), 0).astype(np.int32)


def test_what_nobody_annotated_and_no_model_is_sure_of_stays_unknown() -> None:
    probability = probability_of(1, 2)
    probability[disc(*DISCS[3])] = 0.4
    found = begun(labels_of(1), probability)
    assert (found[disc(*DISCS[1])] == 1).all()
    assert (found[disc(*DISCS[2])] == UNKNOWN).all(), "an object that was left out is not background"
    assert (found[disc(*DISCS[3])] == UNKNOWN).all(), "nor is a doubt"
    assert (found[disc(*DISCS[4])] == 0).all()


@pytest.mark.parametrize("everywhere", [0.01, 0.9])
def test_where_a_model_does_not_see_the_annotated_objects_the_rest_is_background_at_first(everywhere: float) -> None:
    found = begun(labels_of(1), np.full((SIDE, SIDE), everywhere, np.float32))
    assert (found[~disc(*DISCS[1])] == 0).all()
    assert (found[disc(*DISCS[1])] == 1).all()


def test_a_ring_around_objects_is_background_even_where_the_model_doubts() -> None:
    doubting = np.full((SIDE, SIDE), 0.3, np.float32)
    doubting[disc(*DISCS[1])] = 0.9
    found = begun(labels_of(1), doubting)
    ring = disc(*DISCS[1], RADIUS + 2) & ~disc(*DISCS[1])
    assert (found[ring] == 0).all()
    assert (found[~disc(*DISCS[1], RADIUS + 6)] == UNKNOWN).all()


def test_known_background_stays_background() -> None:
    labels = labels_of(1)
    labels[disc(*DISCS[2])] = 0  # a person rejected an object there
    probability = probability_of(1, 2, 3)
    found = completed(labels, predicted_of(2, 3), probability)
    assert (found[disc(*DISCS[2])] == 0).all()
    assert added_objects(labels, found) == 1


def test_sure_objects_are_added_and_annotations_stay() -> None:
    labels, probability = labels_of(1, 2), probability_of(1, 2, 3, 4)
    found = completed(labels, predicted_of(1, 2, 3, 4), probability)
    assert added_objects(labels, found) == 2
    for number in DISCS:
        inside = found[disc(*DISCS[number])]
        assert inside.min() == inside.max() > 0
    assert (found[disc(*DISCS[1])] == 1).all()
    assert (found[disc(*DISCS[2])] == 2).all()


def test_small_unsure_and_overlapping_finds_are_left_out() -> None:
    labels = labels_of(1)
    probability = probability_of(1)
    predicted = np.zeros((SIDE, SIDE), np.int32)
    predicted[disc(*DISCS[2], 2)] = 1  # a speck
    probability[disc(*DISCS[2], 2)] = 0.9
    predicted[disc(*DISCS[3])] = 2  # low in the map
    probability[disc(*DISCS[3])] = 0.12
    predicted[disc(DISCS[1][0], DISCS[1][1] + 6)] = 3  # over what was annotated
    found = completed(labels, predicted, probability)
    assert added_objects(labels, found) == 0
    assert set(np.unique(found).tolist()) <= {UNKNOWN, 0, 1}


def test_an_even_map_says_nothing() -> None:
    labels = labels_of(1)
    found = completed(labels, predicted_of(2), np.full((SIDE, SIDE), 0.5, np.float32))
    assert added_objects(labels, found) == 0
