"""Shapes by moments."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from .region import Column, Region

DEGREE = 9


def moments(region: Region) -> Iterator[Column]:
    """Hu's seven invariant moments (Hu 1962) and magnitudes of Zernike moments up to degree 9 (Teague 1980).

    Without unit. Hu's are those of ``skimage.measure.regionprops``. Zernike's are those of CellProfiler: sums of the
    polynomials over the pixels, with the smallest circle around their centres as the unit circle, divided by the
    circle's area (px^2).
    """
    rows, columns = np.nonzero(region.labels)
    owner = region.labels[rows, columns].astype(np.int64) - 1
    for number, values in enumerate(_hu(rows, columns, owner, region.count), start=1):
        yield Column(f"hu_{number}", f"Hu moment {number}", values)
    yield from _zernike(region, rows, columns, owner)


def _hu(
    rows: NDArray[np.int64], columns: NDArray[np.int64], owner: NDArray[np.int64], count: int
) -> Iterator[NDArray[np.float64]]:
    area = np.bincount(owner, minlength=count).astype(np.float64)
    down = rows - (np.bincount(owner, rows, count) / area)[owner]
    right = columns - (np.bincount(owner, columns, count) / area)[owner]

    def about_centre(p: int, q: int) -> NDArray[np.float64]:
        return np.bincount(owner, down**p * right**q, count) / area ** ((p + q) / 2 + 1)

    n20, n02, n11 = about_centre(2, 0), about_centre(0, 2), about_centre(1, 1)
    n30, n03, n21, n12 = about_centre(3, 0), about_centre(0, 3), about_centre(2, 1), about_centre(1, 2)
    a, b = n30 + n12, n21 + n03
    c, d = n30 - 3 * n12, 3 * n21 - n03
    yield n20 + n02
    yield (n20 - n02) ** 2 + 4 * n11**2
    yield c**2 + d**2
    yield a**2 + b**2
    yield c * a * (a**2 - 3 * b**2) + d * b * (3 * a**2 - b**2)
    yield (n20 - n02) * (a**2 - b**2) + 4 * n11 * a * b
    yield d * a * (a**2 - 3 * b**2) - c * b * (3 * a**2 - b**2)


def _zernike(
    region: Region, rows: NDArray[np.int64], columns: NDArray[np.int64], owner: NDArray[np.int64]
) -> Iterator[Column]:
    centre, radius = _circles(rows, columns, owner)
    with np.errstate(divide="ignore", invalid="ignore"):
        place = (columns - centre[owner, 0] + 1j * (rows - centre[owner, 1])) / radius[owner]
        area = math.pi * radius**2
    distance = np.minimum(np.abs(place), 1.0)
    turn = np.exp(1j * np.angle(place))
    turns = [turn**repetition for repetition in range(DEGREE + 1)]
    powers = [distance**power for power in range(DEGREE + 1)]
    for degree in range(DEGREE + 1):
        for repetition in range(degree % 2, degree + 1, 2):
            values = _radial(degree, repetition, powers) * turns[repetition]
            sums = np.bincount(owner, values.real, region.count) + 1j * np.bincount(owner, values.imag, region.count)
            with np.errstate(divide="ignore", invalid="ignore"):
                magnitude = np.where(radius > 0, np.abs(sums) / area, np.nan)
            yield Column(f"zernike_{degree}_{repetition}", f"Zernike {degree}, {repetition}", magnitude)


def _circles(
    rows: NDArray[np.int64], columns: NDArray[np.int64], owner: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres ``(n, 2)`` and radii of the smallest circles around the pixels of each owner, given row by row."""
    order = np.argsort(owner, kind="stable")
    begins = (np.diff(owner[order], prepend=-1) != 0) | (np.diff(rows[order], prepend=-1) != 0)
    # the first and the last pixel of each row of an object are all that a circle around it can touch
    ends = np.concatenate([np.flatnonzero(begins), np.flatnonzero(np.append(begins[1:], [True]))])
    chosen = order[ends[np.argsort(owner[order[ends]], kind="stable")]]
    spots = np.stack([columns[chosen], rows[chosen]], axis=1).astype(np.float64)
    chains = np.atleast_1d(np.asarray(shapely.linestrings(spots, indices=owner[chosen])))
    radius = np.asarray(shapely.minimum_bounding_radius(chains))
    centre = np.zeros((len(radius), 2))
    wide = radius > 0  # one pixel has no circle
    centre[wide] = shapely.get_coordinates(shapely.centroid(shapely.minimum_bounding_circle(chains[wide])))
    return centre, radius


def _radial(degree: int, repetition: int, powers: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Zernike's radial polynomial, from the powers of the distance."""
    total = np.zeros_like(powers[0])
    for k in range((degree - repetition) // 2 + 1):
        below = (math.factorial(k), math.factorial((degree + repetition) // 2 - k))
        weight = math.factorial(degree - k) / math.prod((*below, math.factorial((degree - repetition) // 2 - k)))
        total += (-1) ** k * weight * powers[degree - 2 * k]
    return total
