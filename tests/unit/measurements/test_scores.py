import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cytoloop.core.errors import InvalidInputError
from cytoloop.measurements.scores import IOU_THRESHOLDS, score_pair, summarise


def row(*values: int) -> np.ndarray:
    return np.array([values], np.int32)


def slow_dsb(truth: np.ndarray, predicted: np.ndarray) -> float:
    """The definition, object by object."""
    trues = [truth == one for one in np.unique(truth) if one]
    guesses = [predicted == one for one in np.unique(predicted) if one]
    if not trues and not guesses:
        return 1.0
    values = []
    for threshold in IOU_THRESHOLDS:
        hits = sum((a & b).sum() / (a | b).sum() > threshold for a in trues for b in guesses)
        values.append(hits / (len(trues) + len(guesses) - hits))
    return float(np.mean(values))


@given(
    arrays(np.uint8, (6, 7), elements=st.integers(0, 4)),
    arrays(np.uint16, (6, 7), elements=st.sampled_from([0, 3, 9, 1000])),
)
def test_the_score_is_its_definition(truth: np.ndarray, predicted: np.ndarray) -> None:
    assert score_pair(truth, predicted).dsb == pytest.approx(slow_dsb(truth, predicted))
    counts = score_pair(truth, predicted)
    assert counts.missed + counts.split + counts.true_positives[0] <= counts.truth_count
    assert counts.extra + counts.merged + counts.true_positives[0] <= counts.predicted_count


def test_perfect_and_empty() -> None:
    labels = row(0, 1, 1, 2, 2, 0)
    perfect = score_pair(labels, labels * 7)
    assert (perfect.dsb, perfect.f1(), perfect.dice, perfect.jaccard) == (1, 1, 1, 1)
    empty = score_pair(row(0, 0), row(0, 0))
    assert (empty.dsb, empty.f1(), empty.dice) == (1, 1, 1)
    assert score_pair(labels, labels * 0).dsb == 0
    assert score_pair(labels * 0, labels).extra == 2


def test_half_an_object_matches_at_low_thresholds_only() -> None:
    one = score_pair(row(1, 1, 1, 1, 1, 1, 1, 1, 1, 1), row(1, 1, 1, 1, 1, 1, 0, 0, 0, 0))  # IoU 0.6
    assert one.true_positives == (1, 1, 0, 0, 0, 0, 0, 0, 0, 0)  # larger than, not equal
    assert one.dsb == pytest.approx(0.2)


def test_split_merged_missed_extra() -> None:
    truth = row(1, 1, 1, 1, 1, 1, 0, 2, 2, 2, 3, 3, 3, 0, 4, 4, 0, 0)
    guess = row(5, 5, 5, 6, 6, 6, 0, 7, 7, 7, 7, 7, 7, 0, 0, 0, 8, 8)
    found = score_pair(truth, guess)
    assert (found.split, found.merged, found.missed, found.extra) == (1, 1, 1, 1)


def test_many_small_parts_are_a_split_too() -> None:
    truth = np.ones((1, 20), np.int32)
    guess = np.repeat([1, 2, 3, 0], [4, 4, 4, 8])[None]
    assert score_pair(truth, guess).split == 1
    assert score_pair(truth, np.where(guess == 3, 0, guess)).split == 0  # two parts of 20 % are none
    assert score_pair(guess, truth).merged == 1


def test_summary_weighs_images_for_the_score_and_objects_for_f1() -> None:
    good = score_pair(row(1, 2, 3, 4), row(1, 2, 3, 4))
    bad = score_pair(row(1, 0), row(0, 1))
    total = summarise([good, bad])
    assert total.dsb == pytest.approx(0.5)
    assert total.rates[0].f1 == pytest.approx(4 / 5)
    assert total.mean_matched_iou == 1
    assert (total.missed, total.extra, total.image_count) == (1, 1, 2)
    assert np.isnan(summarise([bad]).mean_matched_iou)
    with pytest.raises(InvalidInputError):
        summarise([])


def test_sizes_must_agree() -> None:
    with pytest.raises(InvalidInputError, match="2 x 1 px and the prediction 3 x 1 px"):
        score_pair(row(0, 1), row(0, 1, 1))
