"""Images as they are looked at: of one size, with numbers of one range; turned and scaled for training."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.method import Pixels

from .configuration import LandmarkConfiguration
from .specification import LandmarkSpec

Planes = NDArray[np.float32]
"""``(p, h, w)``."""
_LIMIT = 4.0


@dataclass(frozen=True, slots=True)
class View:
    """An image at the working size with its landmarks.

    ``points (k, 2)``, x and y in working px, are NaN where a landmark is not there. A pixel's centre lies at its number
    plus a half.
    """

    planes: Planes
    points: NDArray[np.float64]


def working_shape(width: int, height: int, size_px: int) -> tuple[int, int]:
    """Width and height with the longer side ``size_px``."""
    factor = size_px / max(width, height)
    return max(1, round(width * factor)), max(1, round(height * factor))


def working_planes(pixels: Pixels, spec: LandmarkSpec, shape: tuple[int, int]) -> Planes:
    """Pictures ``(p, h, w)`` of a width and height: 0 is their median, 1 the width of their range."""
    array = np.moveaxis(pixels.array, -1, 0).astype(np.float32)
    array = np.nan_to_num(array, nan=0.0, posinf=0.0, neginf=0.0)
    if spec.colours == "gray":
        array = array.mean(axis=0, keepdims=True)
    shrinks = array.shape[2] > shape[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.stack([_levelled(cv2.resize(one, shape, interpolation=how)) for one in array]).astype(np.float32)


def _levelled(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    low, middle, high = np.percentile(plane, (1, 50, 99))
    return np.clip((plane - middle) / max(float(high - low), 1e-6), -_LIMIT, _LIMIT)


def turned(view: View, degrees: float, scale: float) -> View:
    """The view turned about its middle and scaled; beyond the edge the last pixel goes on."""
    _, height, width = view.planes.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale).astype(np.float64)
    points = view.points @ matrix[:, :2].T + matrix[:, 2]
    inside = (points >= 0).all(axis=1) & (points[:, 0] <= width) & (points[:, 1] <= height)
    # the matrix is for coordinates; those of pixels, which OpenCV has, are a half less
    pixels = matrix.copy()
    pixels[:, 2] += matrix[:, :2] @ np.array([0.5, 0.5]) - 0.5
    planes = [
        cv2.warpAffine(one, pixels, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for one in view.planes
    ]
    return View(np.stack(planes).astype(np.float32), np.where(inside[:, None], points, np.nan))


def varied(view: View, configuration: LandmarkConfiguration, rng: np.random.Generator) -> list[View]:
    """The view, and others of it turned, scaled and with another contrast at random."""
    found = [view]
    for _ in range(configuration.views - 1):
        degrees = rng.uniform(-configuration.rotation_degrees, configuration.rotation_degrees)
        scale = 1 + rng.uniform(-1, 1) * configuration.scale_percent / 100
        one = turned(view, degrees, scale)
        contrast = np.float32(rng.uniform(0.85, 1.15))
        found.append(View(one.planes * contrast + np.float32(rng.uniform(-0.05, 0.05)), one.points))
    return found
