"""Arrays as images keep the promises of ``ImageSource``."""

import numpy as np
import pytest

from cytoloop.core.errors import InvalidInputError, NotFoundError
from cytoloop.images.memory import ArraySource
from cytoloop.images.source import ImageSource


def test_it_is_an_image_source() -> None:
    source = ArraySource(np.zeros((5, 6), bool), "YX", pixel_width_um=0.5)
    assert isinstance(source, ImageSource)
    assert source.info().dtype == "uint8"
    assert source.info().pixel_height_um == 0.5
    assert source.encoded_tile(0, 0, 0) is None
    with pytest.raises(NotFoundError):
        source.associated("label")
    source.close()
    source.close()


def test_deep_colours_become_channels() -> None:
    pixels = np.arange(60, dtype=np.uint16).reshape(4, 5, 3)
    source = ArraySource(pixels, "YXS")
    assert [channel.name for channel in source.info().channels] == [
        "Red",
        "Green",
        "Blue",
    ]
    np.testing.assert_array_equal(source.read_region(0, 0, 0, 5, 4, c=2), pixels[..., 2])


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((4, 5), "CYX"), ((4, 5), "XY"), ((4, 5, 6), "YX"), ((0, 5), "YX")],
)
def test_axes_that_do_not_fit(shape: tuple[int, ...], axes: str) -> None:
    with pytest.raises(InvalidInputError):
        ArraySource(np.zeros(shape), axes)


@pytest.mark.parametrize("request_", [{"c": 1}, {"z": -1}, {"t": 3}, {"level": 1}, {"w": 0}], ids=str)
def test_requests_that_make_no_sense(request_: dict[str, int]) -> None:
    source = ArraySource(np.zeros((3, 5, 6)), "TYX")
    arguments = {"level": 0, "x": 0, "y": 0, "w": 5, "h": 5} | request_
    with pytest.raises(InvalidInputError):
        source.read_region(**arguments)


def test_channel_names_must_be_as_many_as_channels() -> None:
    with pytest.raises(InvalidInputError, match="2 channel names"):
        ArraySource(np.zeros((3, 5, 6)), "CYX", channel_names=["a", "b"])
