"""Maps of pictures of any size, tile by tile with a margin, in bounded memory."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .session import Network


@dataclass(frozen=True, slots=True)
class TileSettings:
    """Lengths in px of what the network sees."""

    largest: int = 1024
    """Pictures up to this side are seen whole; larger ones in tiles of this side."""
    halo: int = 64
    """Margin of a tile whose maps are not used."""
    stride: int = 16
    smallest: int = 64


def maps_of(network: Network, picture: NDArray[np.float32], settings: TileSettings) -> NDArray[np.float32]:
    """Maps ``(c, h, w)`` of a picture ``(h, w, k)``. Edges are mirrored where the network needs more."""
    height, width = picture.shape[:2]
    if max(height, width) <= settings.largest:
        return _seen(network, picture, settings)
    core = settings.largest - 2 * settings.halo
    result: NDArray[np.float32] | None = None
    for top in range(0, height, core):
        for left in range(0, width, core):
            bottom, right = min(top + core, height), min(left + core, width)
            y0, x0 = max(top - settings.halo, 0), max(left - settings.halo, 0)
            y1, x1 = min(bottom + settings.halo, height), min(right + settings.halo, width)
            part = _seen(network, picture[y0:y1, x0:x1], settings)
            if result is None:
                result = np.empty((len(part), height, width), np.float32)
            result[:, top:bottom, left:right] = part[:, top - y0 : bottom - y0, left - x0 : right - x0]
    assert result is not None  # a picture larger than a tile has a tile
    return result


def _seen(network: Network, picture: NDArray[np.float32], settings: TileSettings) -> NDArray[np.float32]:
    height, width = picture.shape[:2]
    wanted_h, wanted_w = (_fitting(side, settings) for side in (height, width))
    below, right = wanted_h - height, wanted_w - width
    if below or right:
        picture = _mirrored(picture, below, right)
    maps = network(np.ascontiguousarray(picture.transpose(2, 0, 1))[None])[0]
    return maps[:, :height, :width]


def _mirrored(picture: NDArray[np.float32], below: int, right: int) -> NDArray[np.float32]:
    """The picture continued by its mirror image, again and again where it is smaller than what is wanted."""
    kind = cv2.BORDER_REFLECT_101 if min(picture.shape[:2]) > 1 else cv2.BORDER_REPLICATE
    wide = np.asarray(cv2.copyMakeBorder(picture, 0, below, 0, right, kind), dtype=np.float32)
    return wide if wide.ndim == 3 else wide[..., None]


def _fitting(side: int, settings: TileSettings) -> int:
    return max(settings.smallest, -(-side // settings.stride) * settings.stride)
