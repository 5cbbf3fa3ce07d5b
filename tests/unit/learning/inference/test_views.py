from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from cytoloop.learning.inference.views import ALL, FLIPS, Turn, averaged_maps
from cytoloop.learning.packages.model import Decoder

Picture = NDArray[np.float32]


@pytest.mark.parametrize("turn", ALL)
def test_a_turn_undone_gives_the_picture_back(turn: Turn) -> None:
    picture = np.random.default_rng(0).random((20, 30, 3), dtype=np.float32)

    back = turn.undone(turn.of(picture).transpose(2, 0, 1))

    assert np.array_equal(back.transpose(1, 2, 0), picture)
    labels = np.arange(600, dtype=np.int32).reshape(20, 30)
    seen = turn.of(labels[..., None].astype(np.float32))[..., 0].astype(np.int32)
    assert np.array_equal(turn.undone_labels(seen), labels)


def test_the_eight_turns_differ() -> None:
    picture = np.random.default_rng(0).random((16, 16, 1), dtype=np.float32)

    assert len({turn.of(picture).tobytes() for turn in ALL}) == 8
    assert set(FLIPS) < set(ALL)


@pytest.mark.parametrize("decoder", [Decoder.WATERSHED, Decoder.FLOWS, Decoder.STAR])
def test_averaged_maps_of_a_perfect_network_are_its_maps(
    ellipses: Callable[..., NDArray[np.int32]], true_maps: Callable[..., dict[str, Picture]], decoder: Decoder
) -> None:
    labels = ellipses((64, 80), 22, 12)

    def network(picture: Picture) -> Picture:
        return true_maps(picture[..., 0].astype(np.int32), 22)[decoder.value]

    truth = network(labels[..., None].astype(np.float32))
    averaged = averaged_maps(network, labels[..., None].astype(np.float32), ALL, decoder)

    inside = labels > 0
    assert np.abs(averaged - truth)[:, inside].mean() < 0.03
