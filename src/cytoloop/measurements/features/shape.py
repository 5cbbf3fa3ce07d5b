"""Shapes by moments."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from skimage.measure import regionprops

from .region import Column, Region

DEGREE = 9


def moments(region: Region) -> Iterator[Column]:
    """Hu's seven invariant moments (Hu 1962) and magnitudes of Zernike moments up to degree 9 (Teague 1980).

    Without unit. Hu's are those of ``skimage.measure.regionprops``. Zernike's are those of CellProfiler: sums of the
    polynomials over the pixels, with the smallest circle around their centres as the unit circle, divided by the
    circle's area (px^2).
    """
    found = np.array([one.moments_hu for one in regionprops(region.labels)]).reshape(-1, 7)
    for number in range(7):
        yield Column(f"hu_{number + 1}", f"Hu moment {number + 1}", found[:, number])
    yield from _zernike(region)


def _zernike(region: Region) -> Iterator[Column]:
    rows, columns = np.nonzero(region.labels)
    owner = region.labels[rows, columns] - 1
    centre, radius = _circles(np.stack([columns, rows], axis=1).astype(np.float64), owner, region.count)
    with np.errstate(divide="ignore", invalid="ignore"):
        place = (columns - centre[owner, 0] + 1j * (rows - centre[owner, 1])) / radius[owner]
        area = math.pi * radius**2
    distance = np.minimum(np.abs(place), 1.0)
    turn = np.exp(1j * np.angle(place))
    for degree in range(DEGREE + 1):
        for repetition in range(degree % 2, degree + 1, 2):
            values = _radial(degree, repetition, distance) * turn**repetition
            sums = np.bincount(owner, values.real, region.count) + 1j * np.bincount(owner, values.imag, region.count)
            with np.errstate(divide="ignore", invalid="ignore"):
                magnitude = np.where(radius > 0, np.abs(sums) / area, np.nan)
            yield Column(f"zernike_{degree}_{repetition}", f"Zernike {degree}, {repetition}", magnitude)


def _circles(
    spots: NDArray[np.float64], owner: NDArray[np.int32], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres ``(n, 2)`` and radii of the smallest circles around the spots of each owner."""
    order = np.argsort(owner, kind="stable")
    points: Any = shapely.points(spots[order])
    hulls: Any = shapely.multipoints(points, indices=owner[order])
    radius = shapely.minimum_bounding_radius(hulls)
    centre = shapely.get_coordinates(shapely.centroid(shapely.minimum_bounding_circle(hulls)))
    return centre.reshape(count, 2), radius


def _radial(degree: int, repetition: int, distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Zernike's radial polynomial."""
    total = np.zeros_like(distance)
    for k in range((degree - repetition) // 2 + 1):
        below = (math.factorial(k), math.factorial((degree + repetition) // 2 - k))
        weight = math.factorial(degree - k) / math.prod((*below, math.factorial((degree - repetition) // 2 - k)))
        total += (-1) ** k * weight * distance ** (degree - 2 * k)
    return total
