from pathlib import Path

import numpy as np
import pytest

from cytoloop.core.errors import ConflictError
from cytoloop.exchange import omezarr
from cytoloop.exchange.omezarr import write_omezarr
from cytoloop.images.memory import ArraySource
from cytoloop.images.registry import open_image
from cytoloop.images.source import ImageSource

RNG = np.random.default_rng(2)


def ignore(fraction: float) -> None:
    assert 0 <= fraction <= 1


def assert_same_pixels(one: ImageSource, other: ImageSource) -> None:
    a, b = one.info(), other.info()
    for name in ("width", "height", "size_z", "size_c", "size_t", "dtype", "rgb", "pixel_width_um", "pixel_height_um"):
        assert getattr(a, name) == getattr(b, name), name
    assert [channel.name for channel in a.channels] == [channel.name for channel in b.channels]
    for t in range(a.size_t):
        for z in range(a.size_z):
            for c in range(a.size_c):
                parts = [each.read_region(0, 0, 0, a.width, a.height, c=c, z=z, t=t) for each in (one, other)]
                assert np.array_equal(*parts)


def test_stacks_come_back_exactly(tmp_path: Path) -> None:
    array = RNG.integers(0, 65535, (2, 3, 2, 130, 170)).astype(np.uint16)
    source = ArraySource(
        array,
        "TCZYX",
        pixel_width_um=0.5,
        pixel_height_um=0.25,
        z_spacing_um=2.0,
        channel_names=("DAPI", "Actin", "ER"),
    )
    target = write_omezarr(source, tmp_path / "a.ome.zarr", ignore)
    back = open_image(target)
    assert_same_pixels(source, back)
    assert back.info().z_spacing_um == 2.0
    back.close()


@pytest.mark.parametrize("size", [(1300, 1100), (1025, 513), (1, 1)])
def test_rgb_has_levels_that_are_means(size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(omezarr, "SHARD_PX", 512)
    array = RNG.integers(0, 255, (*size, 3)).astype(np.uint8)
    source = ArraySource(array, "YXS", pixel_width_um=0.25)
    back = open_image(write_omezarr(source, tmp_path / "a.ome.zarr", ignore))
    assert_same_pixels(source, back)
    levels = back.info().levels
    assert levels[-1].width <= 512
    if len(levels) > 1:
        half = back.read_region(1, 0, 0, levels[1].width, levels[1].height).astype(float)
        means = array[: size[0] // 2 * 2, : size[1] // 2 * 2].astype(float)
        means = means.reshape(size[0] // 2, 2, size[1] // 2, 2, 3).mean(axis=(1, 3))
        assert np.abs(half[: means.shape[0], : means.shape[1]] - means).max() <= 1
    back.close()


def test_an_existing_target_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.ome.zarr").mkdir()
    with pytest.raises(ConflictError, match="is there already"):
        write_omezarr(ArraySource(np.zeros((3, 3), np.uint8), "YX"), tmp_path / "a.ome.zarr", ignore)


def test_a_cancelled_conversion_leaves_nothing(tmp_path: Path) -> None:
    def stop(fraction: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_omezarr(ArraySource(np.zeros((3, 3), np.uint8), "YX"), tmp_path / "a.ome.zarr", stop)
    assert list(tmp_path.iterdir()) == []
