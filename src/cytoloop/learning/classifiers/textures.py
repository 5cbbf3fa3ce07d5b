"""Pictures derived from an image for its objects' features: stains, filters, local binary patterns."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2hed
from skimage.feature import local_binary_pattern

from .specification import PATTERNS, SIGMAS_PX, Colours

MARGIN_PX = 12
"""How far filters look beyond an object: four times the largest sigma."""


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
    """Size of the gradient and Laplacian of a plane ``(h, w)``, at each of ``SIGMAS_PX``, as ``FILTERS`` names them."""
    for sigma in SIGMAS_PX:
        smooth = cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8, borderType=cv2.BORDER_REFLECT)
        down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8, borderType=cv2.BORDER_REFLECT)
        yield np.asarray(np.hypot(across, down), np.float32)
        yield np.asarray(cv2.Laplacian(smooth, cv2.CV_32F, ksize=1, borderType=cv2.BORDER_REFLECT), np.float32)


def patterns(plane: NDArray[np.float32]) -> NDArray[np.int64]:
    """Local binary patterns 0..9 of a plane ``(h, w)``: uniform, rotation-invariant (Ojala et al. 2002)."""
    low, high = float(plane.min()), float(plane.max())
    if high <= low:
        return np.full(plane.shape, PATTERNS - 2, np.int64)
    steps = np.rint((plane - low) / (high - low) * 65535).astype(np.uint16)
    return local_binary_pattern(steps, PATTERNS - 2, 1, method="uniform").astype(np.int64)
