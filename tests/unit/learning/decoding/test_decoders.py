from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from cytoloop.learning.decoding import DecoderSettings, decoded
from cytoloop.learning.packages.model import Decoder
from cytoloop.measurements.scores import score_pair

Labels = NDArray[np.int32]
Maps = Callable[[Labels, float], dict[str, NDArray[np.float32]]]


@pytest.mark.parametrize(("decoder", "least"), [("watershed", 0.99), ("flows", 0.9), ("star", 0.75)])
def test_true_maps_give_the_true_objects_back(touching: Labels, true_maps: Maps, decoder: str, least: float) -> None:
    found = decoded(Decoder(decoder), true_maps(touching, 26)[decoder], 26)

    score = score_pair(touching.astype(np.int64), found.labels.astype(np.int64))
    assert len(found.scores) == 3
    assert score.f1(0.7) == 1
    assert score.dsb > least


@pytest.mark.parametrize("decoder", ["watershed", "flows", "star"])
def test_crowds_are_told_apart(ellipses: Callable[..., Labels], true_maps: Maps, decoder: str) -> None:
    labels = ellipses((200, 200), 24, 120)
    found = decoded(Decoder(decoder), true_maps(labels, 24)[decoder], 24)

    assert score_pair(labels.astype(np.int64), found.labels.astype(np.int64)).f1(0.5) > 0.93


def test_components_join_what_touches(touching: Labels, true_maps: Maps) -> None:
    found = decoded(Decoder.COMPONENTS, true_maps(touching, 26)["components"], 26)

    assert len(found.scores) == 2


def test_components_of_classes_are_kept_apart_by_class() -> None:
    maps = np.zeros((3, 20, 20), np.float32)
    maps[0] = 0.2
    maps[1, 2:10, 2:10] = 0.8
    maps[2, 10:18, 2:10] = 0.8
    maps[0, 2:18, 2:10] = 0.1

    assert len(decoded(Decoder.COMPONENTS, maps[:, 2:18, 2:10], 8).scores) == 2


@pytest.mark.parametrize("decoder", list(Decoder))
@pytest.mark.parametrize("shape", [(64, 64), (3, 3), (1, 7)])
def test_nothing_gives_nothing(decoder: Decoder, shape: tuple[int, int]) -> None:
    channels = {Decoder.WATERSHED: 2, Decoder.FLOWS: 3, Decoder.STAR: 33, Decoder.COMPONENTS: 1}[decoder]
    found = decoded(decoder, np.zeros((channels, *shape), np.float32), 26)

    assert found.labels.shape == shape
    assert found.labels.max() == 0
    assert len(found.scores) == 0


def test_one_object_may_fill_the_picture() -> None:
    maps = np.ones((2, 40, 50), np.float32)

    found = decoded(Decoder.WATERSHED, maps, 26)

    assert (found.labels == 1).all()


def test_small_and_unlikely_objects_go(touching: Labels, true_maps: Maps) -> None:
    maps = true_maps(touching, 26)["watershed"]
    maps[0] *= np.where(touching == 3, np.float32(0.6), np.float32(1))
    maps[0, 5:7, 5:7] = maps[1, 5:7, 5:7] = 1

    found = decoded(Decoder.WATERSHED, maps, 26, DecoderSettings(least_score=0.7))

    assert len(found.scores) == 2
    assert (found.labels[touching == 3] == 0).all()
    assert found.labels[5, 5] == 0
