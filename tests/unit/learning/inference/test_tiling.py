import numpy as np
import pytest
from numpy.typing import NDArray

from cytoloop.learning.inference.tiling import TileSettings, maps_of

Picture = NDArray[np.float32]


class Blur:
    """A network that looks 2 px around, and remembers what sizes it saw."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def __call__(self, pictures: Picture) -> Picture:
        self.seen.append(pictures.shape)
        gray = np.pad(pictures.mean(axis=1, keepdims=True), ((0, 0), (0, 0), (2, 2), (2, 2)), mode="reflect")
        return np.mean(
            [gray[..., y : y + pictures.shape[2], x : x + pictures.shape[3]] for y in range(5) for x in range(5)],
            axis=0,
        ).astype(np.float32)


def test_tiles_give_what_the_whole_gives() -> None:
    picture = np.random.default_rng(0).random((300, 410, 3), dtype=np.float32)
    network = Blur()

    whole = maps_of(network, picture, TileSettings(largest=512))
    tiled = maps_of(network, picture, TileSettings(largest=128, halo=16))

    assert whole.shape == (1, 300, 410)
    inner = (slice(None), slice(0, 290), slice(0, 400))
    assert np.allclose(whole[inner], tiled[inner], atol=1e-5)
    assert max(max(shape[2:]) for shape in network.seen[1:]) <= 128


@pytest.mark.parametrize("shape", [(3, 3), (1, 1), (1, 200), (65, 17)])
def test_small_pictures_are_mirrored_to_what_the_network_takes(shape: tuple[int, int]) -> None:
    network = Blur()

    maps = maps_of(network, np.ones((*shape, 3), np.float32), TileSettings())

    assert maps.shape == (1, *shape)
    assert np.allclose(maps, 1)
    assert all(side >= 64 and side % 16 == 0 for side in network.seen[0][2:])
