"""The in-memory twin of the file formats: an array as an image, for tests, notebooks and algorithms."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError

from .planar import (
    RGB_CHANNELS,
    PlanarSource,
    PlaneLayout,
    Window,
    one_level,
    served_dtype,
    to_served,
)
from .source import Channel, ImageInfo


class ArraySource(PlanarSource):
    """An array as an ``ImageSource``.

    Parameters
    ----------
    array
        Pixels; ``(y, x, 3) uint8`` with axes ``YXS`` is an RGB image.
    axes
        A letter an axis, y and x last but for samples: ``YX``, ``CYX``, ``TCZYX``, ``YXS``.
    pixel_width_um, pixel_height_um
        Micrometres a pixel; the height is the width unless given.
    channel_names
        One a channel.
    """

    def __init__(
        self,
        array: NDArray[np.generic],
        axes: str,
        *,
        pixel_width_um: float | None = None,
        pixel_height_um: float | None = None,
        z_spacing_um: float | None = None,
        channel_names: Sequence[str] | None = None,
        tile_size_px: int = 256,
    ) -> None:
        samples_last = axes.endswith("YXS")
        if len(axes) != array.ndim or not (samples_last or axes.endswith("YX")) or 0 in array.shape:
            raise InvalidInputError(
                f"An array of shape {array.shape} does not have the axes '{axes}'. "
                "Give one letter an axis, ending in YX or YXS, and at least one pixel."
            )
        rgb = samples_last and array.shape[-1] == 3 and array.dtype == np.uint8
        if samples_last and not rgb:
            array, axes = np.moveaxis(array, -1, -3), axes[:-3] + "SYX"
        spatial = 3 if rgb else 2
        self._layout = PlaneLayout.of(axes[:-spatial], array.shape[:-spatial])
        dtype = served_dtype(array.dtype, "The array")
        self._array = to_served(array, dtype)
        height, width = array.shape[-spatial], array.shape[-spatial + 1]
        size_c = self._layout.size("C")
        super().__init__(
            ImageInfo(
                format="memory",
                width=width,
                height=height,
                size_z=self._layout.size("Z"),
                size_c=size_c,
                size_t=self._layout.size("T"),
                dtype=dtype.name,
                rgb=rgb,
                levels=one_level(width, height, tile_size_px, tile_size_px),
                channels=() if rgb else _channels(size_c, channel_names, colour=samples_last),
                pixel_width_um=pixel_width_um,
                pixel_height_um=pixel_width_um if pixel_height_um is None else pixel_height_um,
                z_spacing_um=z_spacing_um,
            )
        )

    def _read(self, level: int, window: Window, c: int, z: int, t: int) -> NDArray[np.generic]:
        del level
        return self._array[(*self._layout.index(c, z, t), window.rows, window.columns)]


def _channels(size_c: int, names: Sequence[str] | None, *, colour: bool) -> tuple[Channel, ...]:
    if names is not None:
        if len(names) != size_c:
            raise InvalidInputError(f"{len(names)} channel names were given for {size_c} channels.")
        return tuple(Channel(name) for name in names)
    if colour and size_c == 3:
        return RGB_CHANNELS
    return tuple(Channel(f"Channel {index + 1}") for index in range(size_c))
