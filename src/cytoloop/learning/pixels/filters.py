"""The bank of filters: pictures derived from an image, of which a pixel's features are the values at its place."""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.method import Pixels

from .configuration import Filter
from .specification import BAND, TRUNCATE, PixelSpec

Map = NDArray[np.float32]
MOST_SIGMA_PX = 100.0
EVERYWHERE = (slice(None), slice(None))


def planes_of(pixels: Pixels, spec: PixelSpec) -> Map:
    """The pictures ``(p, h, w) float32`` that ``spec.planes`` names; values that are not finite count as 0."""
    array = np.moveaxis(pixels.array, -1, 0).astype(np.float32)
    if spec.colours == "gray":
        array = array.mean(axis=0, keepdims=True)
    return np.ascontiguousarray(np.nan_to_num(array, nan=0.0, posinf=0.0, neginf=0.0))


def feature_maps(planes: Map, spec: PixelSpec, at: Any = EVERYWHERE) -> Map:
    """The features ``(f, h, w)`` of pictures ``(p, h, w)``, in the order of ``spec.names``.

    ``at`` is an index of rows and columns: only there are they wanted, which saves time. Beyond the edge the last
    pixel goes on. Derivatives are central differences of the Gaussian, as in scikit-image.
    """
    found = np.empty((len(spec.names), *planes[0][at].shape), np.float32)
    number = 0
    for plane in planes:
        for one in _of_plane(plane, spec, at):
            found[number] = one
            number += 1
    return found


def _of_plane(plane: Map, spec: PixelSpec, at: Any) -> Iterator[Map]:
    yield plane[at]
    for sigma in spec.sigmas_px:
        smooth = gaussian(plane, sigma)
        across, down = _slope(smooth, 1, 0), _slope(smooth, 0, 1)
        second = (_slope(down, 0, 1)[at], _slope(across, 0, 1)[at], _slope(across, 1, 0)[at])
        for one in spec.filters:
            match one:
                case Filter.GAUSSIAN:
                    yield smooth[at]
                case Filter.LAPLACIAN:
                    yield second[0] + second[2]
                case Filter.GRADIENT:
                    yield np.hypot(across[at], down[at])
                case Filter.DIFFERENCE:
                    yield gaussian(plane, sigma / BAND)[at] - smooth[at]
                case Filter.STRUCTURE:
                    products = (down * down, down * across, across * across)
                    yield from _eigenvalues(*(gaussian(product, sigma)[at] for product in products))
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
