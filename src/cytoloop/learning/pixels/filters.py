"""The bank of filters: pictures derived from an image, of which a pixel's features are the values at its place."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.method import Pixels

from .configuration import Filter
from .specification import BAND, TRUNCATE, PixelSpec

Map = NDArray[np.float32]
MOST_SIGMA_PX = 100.0


def planes_of(pixels: Pixels, spec: PixelSpec) -> Map:
    """The pictures ``(p, h, w) float32`` that ``spec.planes`` names; values that are not finite count as 0."""
    array = np.moveaxis(pixels.array, -1, 0).astype(np.float32)
    if spec.colours == "gray":
        array = array.mean(axis=0, keepdims=True)
    return np.ascontiguousarray(np.nan_to_num(array, nan=0.0, posinf=0.0, neginf=0.0))


def feature_maps(planes: Map, spec: PixelSpec) -> Map:
    """The features ``(f, h, w)`` of pictures ``(p, h, w)``, in the order of ``spec.names``.

    Beyond the edge the last pixel goes on. Derivatives are central differences of the Gaussian, as in scikit-image.
    """
    _, height, width = planes.shape
    found = np.empty((len(spec.names), height, width), np.float32)
    number = 0
    for plane in planes:
        for one in _of_plane(plane, spec):
            found[number] = one
            number += 1
    return found


def _of_plane(plane: Map, spec: PixelSpec) -> Iterator[Map]:
    yield plane
    for sigma in spec.sigmas_px:
        smooth = gaussian(plane, sigma)
        across, down = _slope(smooth, 1, 0), _slope(smooth, 0, 1)
        second = (_slope(down, 0, 1), _slope(across, 0, 1), _slope(across, 1, 0))
        for one in spec.filters:
            match one:
                case Filter.GAUSSIAN:
                    yield smooth
                case Filter.LAPLACIAN:
                    yield second[0] + second[2]
                case Filter.GRADIENT:
                    yield np.hypot(across, down)
                case Filter.DIFFERENCE:
                    yield gaussian(plane, sigma / BAND) - smooth
                case Filter.STRUCTURE:
                    products = (down * down, down * across, across * across)
                    yield from _eigenvalues(*(gaussian(product, sigma) for product in products))
                case Filter.HESSIAN:
                    yield from _eigenvalues(*second)


def gaussian(plane: Map, sigma: float) -> Map:
    """A Gaussian filter that reaches four sigmas."""
    side = 2 * int(TRUNCATE * sigma + 0.5) + 1
    smooth = cv2.GaussianBlur(plane, (side, side), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth, np.float32)


def _slope(plane: Map, across: int, down: int) -> Map:
    made = cv2.Sobel(plane, cv2.CV_32F, across, down, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(made, np.float32)


def _eigenvalues(yy: Map, xy: Map, xx: Map) -> tuple[Map, Map]:
    """Of symmetric 2 x 2 matrices, the larger ones first."""
    half = np.float32(0.5)
    middle = half * (yy + xx)
    away: Map = np.hypot(half * (yy - xx), xy)
    return middle + away, middle - away
