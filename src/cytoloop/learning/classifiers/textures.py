"""Pictures derived from an image for its objects' features: stains, filters, local binary patterns."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2hed

from .specification import PATTERNS, SIGMAS_PX, Colours

MARGIN_PX = 14
"""How far filters look beyond an object: four times the largest sigma, and the derivative's neighbours."""
_AROUND = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
"""The neighbours of a pixel, one after the other around it."""


def planes_of(pixels: NDArray[np.generic], colours: Colours) -> NDArray[np.float32]:
    """The pictures ``(p, h, w)`` of pixels ``(c, h, w)``, as ``FeatureSpec.planes`` names them.

    Of RGB images also haematoxylin and eosin, by the colour deconvolution of Ruifrok & Johnston 2001.
    """
    array = pixels.astype(np.float32)
    match colours:
        case "gray":
            return array.mean(axis=0, keepdims=True)
        case "rgb":
            stains = rgb2hed(np.moveaxis(pixels, 0, -1).astype(np.uint8))
            return np.concatenate([array, np.moveaxis(stains[..., :2], -1, 0).astype(np.float32)])
        case "channels":
            return array


def filtered(plane: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Size of the gradient and Laplacian of a plane ``(h, w)``, at each of ``SIGMAS_PX``, as ``FILTERS`` names them.

    Pixels that are not finite count as 0.
    """
    known = np.nan_to_num(plane, nan=0.0, posinf=0.0, neginf=0.0)
    for sigma in SIGMAS_PX:
        smooth = cv2.GaussianBlur(known, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8, borderType=cv2.BORDER_REFLECT)
        down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8, borderType=cv2.BORDER_REFLECT)
        yield np.asarray(np.hypot(across, down), np.float32)
        yield np.asarray(cv2.Laplacian(smooth, cv2.CV_32F, ksize=1, borderType=cv2.BORDER_REFLECT), np.float32)


def _codes() -> NDArray[np.int64]:
    """For each of 256 patterns the number of its ones where they are in one run, else ``PATTERNS - 1``."""
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    changes = (bits != np.roll(bits, 1, axis=1)).sum(axis=1)
    return np.where(changes <= 2, bits.sum(axis=1), PATTERNS - 1)


_CODES = _codes()


def patterns(plane: NDArray[np.float32]) -> NDArray[np.int64]:
    """Local binary patterns 0..9 of a plane ``(h, w)``: uniform, rotation-invariant (Ojala et al. 2002).

    They say which of the 8 neighbours are at least as bright; the scale of the intensities does not matter.
    """
    wide = np.pad(plane, 1, mode="edge")
    height, width = plane.shape
    found = np.zeros(plane.shape, np.int64)
    for place, (down, across) in enumerate(_AROUND):
        neighbour = wide[1 + down : 1 + down + height, 1 + across : 1 + across + width]
        found |= (neighbour >= plane).astype(np.int64) << place
    return _CODES[found]
