import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.decoding.cleaning import CleaningSettings, cleaned, refined


def disc(labels: NDArray[np.int32], y: int, x: int, radius: float, number: int) -> None:
    rows, columns = np.mgrid[: labels.shape[0], : labels.shape[1]]
    labels[(rows - y) ** 2 + (columns - x) ** 2 <= radius**2] = number


def test_an_object_inside_another_joins_it_and_holes_are_filled() -> None:
    labels = np.zeros((60, 60), np.int32)
    disc(labels, 30, 30, 20, 1)
    disc(labels, 30, 30, 6, 2)
    disc(labels, 20, 30, 2, 0)

    found = cleaned(labels, CleaningSettings())

    assert set(np.unique(found)) == {0, 1}
    assert found[30, 30] == 1
    assert found[20, 30] == 1


def test_neighbours_that_touch_stay_two() -> None:
    labels = np.zeros((60, 90), np.int32)
    disc(labels, 30, 30, 14, 1)
    disc(labels, 30, 57, 14, 2)

    assert cleaned(labels, CleaningSettings()).max() == 2


def test_small_objects_are_removed_and_numbers_have_no_gap() -> None:
    labels = np.zeros((60, 90), np.int32)
    disc(labels, 30, 20, 2, 1)
    disc(labels, 30, 57, 14, 2)

    found = cleaned(labels, CleaningSettings(smallest_px2=44))

    assert set(np.unique(found)) == {0, 1}


def test_outlines_follow_the_map_within_the_margin_only() -> None:
    labels = np.zeros((80, 80), np.int32)
    disc(labels, 40, 40, 15, 1)
    truth = np.zeros((80, 80), np.int32)
    disc(truth, 40, 40, 17, 1)
    wide = np.zeros((80, 80), np.int32)
    disc(wide, 40, 40, 30, 1)
    settings = CleaningSettings(margin_inside_px=3, margin_outside_px=3)

    found = refined(labels, truth.astype(np.float32), settings)
    limited = refined(labels, wide.astype(np.float32), settings)

    assert np.array_equal(found, truth)
    assert 15 < np.sqrt((limited > 0).sum() / np.pi) < 18.6


def test_improbable_objects_are_removed_by_the_map() -> None:
    labels = np.zeros((60, 90), np.int32)
    disc(labels, 30, 20, 10, 1)
    disc(labels, 30, 60, 10, 2)
    probability = (labels == 2).astype(np.float32)

    found = refined(labels, probability, CleaningSettings())

    assert set(np.unique(found)) == {0, 1}
    assert found[30, 60] == 1


def test_empty_labels_stay_empty() -> None:
    labels = np.zeros((3, 3), np.int32)

    assert not cleaned(labels, CleaningSettings()).any()
    assert not refined(labels, np.zeros((3, 3), np.float32), CleaningSettings()).any()
