import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.inference.voting import voted
from cytoloop.learning.method import Instances, Pixels


def labels_in(pixels: Pixels) -> Instances:
    """A method that reads the labels off the pixels."""
    labels = pixels.array[..., 0].astype(np.int32)
    numbers = np.unique(labels)
    return Instances(np.searchsorted(numbers, labels).astype(np.int32), np.full(len(numbers) - 1, 0.8))


def test_what_every_view_shows_comes_back_as_it_is(touching: NDArray[np.int32]) -> None:
    found = voted(labels_in, Pixels(touching[..., None].astype(np.uint8), rgb=False))

    assert len(found.scores) == 3
    assert np.allclose(found.scores, 0.8)
    for number in (1, 2, 3):
        assert len(np.unique(found.labels[touching == number])) == 1
    assert (found.labels > 0).sum() == (touching > 0).sum()


def test_what_few_views_show_goes_and_what_most_show_stays(touching: NDArray[np.int32]) -> None:
    calls = 0

    def wavering(pixels: Pixels) -> Instances:
        nonlocal calls
        calls += 1
        found = labels_in(pixels)
        missing = 1 if calls <= 3 else 0  # of eight views: three lack one object, the others have all
        labels = found.labels.copy()
        largest = np.bincount(labels.ravel())[1:].argmax() + 1
        if missing:
            labels[labels == largest] = 0
        if calls == 8:
            labels[0, :6] = labels.max() + 1
        numbers = np.unique(labels)
        return Instances(np.searchsorted(numbers, labels).astype(np.int32), np.ones(len(numbers) - 1))

    found = voted(wavering, Pixels(touching[..., None].astype(np.uint8), rgb=False))

    assert len(found.scores) == 3
    assert sorted(np.round(found.scores, 3)) == [0.625, 1.0, 1.0]
    assert (found.labels[touching == 0] == 0).all()


def test_nothing_stays_nothing() -> None:
    assert len(voted(labels_in, Pixels(np.zeros((5, 9, 1), np.uint8), rgb=False)).scores) == 0
