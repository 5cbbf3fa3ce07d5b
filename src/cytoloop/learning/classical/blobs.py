"""Round bright blobs of any size within limits, by the Laplacian of Gaussian at several scales."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

SCALE_STEP = 1.35
"""Ratio of neighbouring scales: finer ones give the same blobs."""
OVERLAP_SHARE = 0.75
"""A blob whose centre is within this share of a stronger one's radius is part of it."""
_LARGEST_SIGMA_PX = 12.0
"""Larger Gaussians are computed on a reduced image: their kernels would be slow."""


@dataclass(frozen=True, slots=True)
class Blobs:
    """Blobs, strongest first, ``(n,)`` each: whole ``rows`` and ``columns``, ``radii`` in px, ``responses``.

    ``response (h, w) float32`` is the strongest answer of any scale at each pixel.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    radii: NDArray[np.float64]
    responses: NDArray[np.float64]
    response: NDArray[np.float32]


def find_blobs(
    signal: NDArray[np.float32],
    mask: NDArray[np.bool_],
    *,
    min_diameter_px: float,
    max_diameter_px: float,
    min_response: float,
) -> Blobs:
    """Maxima in space and scale of the normalised Laplacian of Gaussian (Lindeberg 1998, IJCV 30:79).

    Parameters
    ----------
    signal
        ``(h, w) float32``, blobs bright. A disc of radius r and height a answers about 0.74 a at scale r / sqrt 2.
    mask
        ``(h, w) bool``: where centres may lie.
    min_response
        Weakest answer that counts, in the signal's units.
    """
    sigmas = scales(min_diameter_px, max_diameter_px)
    stack = np.stack([_negative_laplacian(signal, sigma) for sigma in sigmas])
    around = np.stack([cv2.dilate(layer, np.ones((3, 3), np.uint8)) for layer in stack])
    highest = around.copy()
    highest[1:] = np.maximum(highest[1:], around[:-1])
    highest[:-1] = np.maximum(highest[:-1], around[1:])
    peaks = (stack >= highest) & (stack > min_response) & mask
    levels, rows, columns = np.nonzero(peaks)
    responses = stack[levels, rows, columns].astype(np.float64)
    order = np.argsort(-responses, kind="stable")
    levels, rows, columns = levels[order], rows[order], columns[order]
    radii = np.asarray(sigmas)[levels] * math.sqrt(2)
    kept = _not_overlapping(rows, columns, radii)
    return Blobs(rows[kept], columns[kept], radii[kept], responses[order][kept], stack.max(axis=0))


def scales(min_diameter_px: float, max_diameter_px: float) -> list[float]:
    """Sigmas (px) that answer best to discs between two diameters."""
    low, high = (diameter / (2 * math.sqrt(2)) for diameter in (min_diameter_px, max_diameter_px))
    steps = max(1, math.ceil(math.log(high / low) / math.log(SCALE_STEP)))
    return [low * (high / low) ** (step / steps) for step in range(steps + 1)]


def _negative_laplacian(signal: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """``-sigma^2`` times the Laplacian of the smoothed signal."""
    height, width = signal.shape
    factor = max(1, int(sigma / _LARGEST_SIGMA_PX) + (sigma > _LARGEST_SIGMA_PX))
    small = signal
    if factor > 1:
        size = (max(1, round(width / factor)), max(1, round(height / factor)))
        small = cv2.resize(signal, size, interpolation=cv2.INTER_AREA)
    scaled = sigma / factor
    blurred = cv2.GaussianBlur(small, (0, 0), scaled, borderType=cv2.BORDER_REFLECT)
    response = -(scaled**2) * cv2.Laplacian(blurred, cv2.CV_32F, ksize=1)
    if factor > 1:
        response = cv2.resize(response, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(response, np.float32).reshape(signal.shape)


def _not_overlapping(
    rows: NDArray[np.int64], columns: NDArray[np.int64], radii: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Indices of blobs (strongest first) whose centre is not inside a stronger one that is kept."""
    if len(rows) == 0:
        return np.zeros(0, np.int64)
    centers = np.column_stack([rows, columns]).astype(np.float64)
    tree = KDTree(centers)
    covered = np.zeros(len(rows), bool)
    kept: list[int] = []
    for index in range(len(rows)):
        if covered[index]:
            continue
        kept.append(index)
        covered[tree.query_ball_point(centers[index], OVERLAP_SHARE * radii[index])] = True
    return np.array(kept, np.int64)
