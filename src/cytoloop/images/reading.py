"""Exact full-resolution pixels for analysis."""

from collections.abc import Callable, Sequence
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError, TooLargeError
from cytoloop.core.geometry import Box

from .source import ImageSource

MAX_PLANE_PIXELS = 2**28
"""Pixels times channels that are read at once unless the caller allows more."""


def read_plane(
    source: ImageSource,
    box: Box | None = None,
    *,
    channels: Sequence[int] | None = None,
    z: int = 0,
    t: int = 0,
    max_pixels: int = MAX_PLANE_PIXELS,
) -> NDArray[np.generic]:
    """Pixels as stored, at full resolution, never averaged or converted.

    Parameters
    ----------
    source
        The image.
    box
        Full-resolution pixels, grown to whole ones and cut at the image's border; ``None``: all of it.
    channels
        Which channels, in which order; ``None``: all. One channel gives two axes. RGB images have none.
    max_pixels
        The limit of pixels times channels, beyond which ``TooLargeError`` is raised.

    Returns
    -------
    ``(h, w, 3) uint8`` for RGB; ``(h, w)`` for one channel; ``(c, h, w)`` for several.
    """
    info = source.info()
    x0, y0, x1, y1 = _whole_pixels(box, info.width, info.height)
    wanted = [0] if info.rgb else list(range(info.size_c) if channels is None else channels)
    if not wanted:
        raise InvalidInputError("No channels were asked for; name at least one.")
    w, h = x1 - x0, y1 - y0
    pixels = w * h * len(wanted)
    if pixels > max_pixels:
        raise TooLargeError(
            f"{w:,} x {h:,} px in {len(wanted)} channels is more than the {max_pixels:,} px that are "
            "read at once. Choose a smaller region."
        )
    planes = [source.read_region(0, x0, y0, w, h, c=c, z=z, t=t) for c in wanted]
    return planes[0] if len(planes) == 1 else np.stack(planes)


def _whole_pixels(box: Box | None, width: int, height: int) -> tuple[int, int, int, int]:
    if box is None:
        return 0, 0, width, height
    if not np.isfinite(box.as_tuple()).all():
        raise InvalidInputError(f"The region {box.as_tuple()} is not finite.")
    x0, y0 = max(0, floor(box.x0)), max(0, floor(box.y0))
    x1, y1 = min(width, ceil(box.x1)), min(height, ceil(box.y1))
    if x1 <= x0 or y1 <= y0:
        raise InvalidInputError(f"The region {box.as_tuple()} does not touch the image of {width} x {height} px.")
    return x0, y0, x1, y1


def channel_reader(source: ImageSource, *, rgb: bool, z: int = 0, t: int = 0) -> Callable[[Box], NDArray[np.generic]]:
    """Reads boxes of a plane as ``(c, h, w)``: the three colours of an RGB image, else its channels."""

    def read(box: Box) -> NDArray[np.generic]:
        array = read_plane(source, box, z=z, t=t)
        if rgb:
            return np.moveaxis(array, -1, 0)
        return array[None] if array.ndim == 2 else array

    return read
