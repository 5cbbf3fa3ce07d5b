"""ND2 by a twin of ``nd2.ND2File``: nothing writes ND2 files, and none is in the shared data."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError
from cytoloop.images.formats.nd2 import FORMAT, Nd2Source


class TwinFile:
    """Frames in the order of the loops t, p, z; each ``(c, y, x)`` or ``(y, x, 3)``."""

    def __init__(self, pixels: NDArray[Any], sizes: dict[str, int]) -> None:
        self.sizes, self.dtype, self.closed = sizes, pixels.dtype, False
        inner = 3 if "C" in sizes or "S" in sizes else 2
        self._frames = pixels.reshape(-1, *pixels.shape[-inner:])
        names = ["DAPI", "GFP"][: sizes.get("C", 1)]
        microscope = SimpleNamespace(objectiveMagnification=20.0, objectiveName="Plan Apo 20x")
        color = SimpleNamespace(r=0, g=16, b=255)
        self.metadata = SimpleNamespace(
            channels=[
                SimpleNamespace(
                    channel=SimpleNamespace(name=name, color=color),
                    microscope=microscope,
                )
                for name in names
            ]
        )
        loop = SimpleNamespace(type="TimeLoop", parameters=SimpleNamespace(periodMs=1500.0))
        self.experiment = [loop]
        self.text_info = {"date": "2024-05-06"}

    def voxel_size(self) -> SimpleNamespace:
        return SimpleNamespace(x=0.3, y=0.3, z=2.0)

    def read_frame(self, number: int) -> NDArray[Any]:
        return self._frames[number]

    def close(self) -> None:
        self.closed = True


def test_positions_channels_slices_and_times() -> None:
    pixels = np.arange(2 * 3 * 2 * 2 * 20 * 30, dtype=np.uint16).reshape(2, 3, 2, 2, 20, 30)
    sizes = {"T": 2, "P": 3, "Z": 2, "C": 2, "Y": 20, "X": 30}
    for position in range(3):
        file = TwinFile(pixels, sizes)
        source = Nd2Source(file, position)
        info = source.info()
        assert (info.size_t, info.size_z, info.size_c) == (2, 2, 2)
        assert (info.pixel_width_um, info.z_spacing_um, info.frame_interval_s) == (
            0.3,
            2.0,
            1.5,
        )
        assert (info.magnification, info.metadata["Objective"]) == (
            20.0,
            "Plan Apo 20x",
        )
        assert (info.channels[0].name, info.channels[0].color) == ("DAPI", "#0010ff")
        for t, z, c in np.ndindex(2, 2, 2):
            region = source.read_region(0, 3, 4, 20, 10, c=c, z=z, t=t)
            np.testing.assert_array_equal(region, pixels[t, position, z, c, 4:14, 3:23])
        source.close()
        assert file.closed


def test_colour_and_single_planes() -> None:
    colour = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)
    source = Nd2Source(TwinFile(colour, {"Y": 20, "X": 30, "S": 3}))
    assert source.info().rgb
    np.testing.assert_array_equal(source.read_region(0, 0, 0, 30, 20), colour)
    gray = np.arange(600, dtype=np.uint16).reshape(20, 30)
    source = Nd2Source(TwinFile(gray, {"Y": 20, "X": 30}))
    np.testing.assert_array_equal(source.read_region(0, 0, 0, 30, 20), gray)


def test_absent_position() -> None:
    with pytest.raises(InvalidInputError, match="no series 1"):
        Nd2Source(TwinFile(np.zeros((20, 30), np.uint16), {"Y": 20, "X": 30}), 1)


def test_series_are_offered() -> None:
    assert hasattr(FORMAT, "series_names")
