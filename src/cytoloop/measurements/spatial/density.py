"""Where objects are dense: a smooth field from their centres."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Real = NDArray[np.float64]
MAX_SIDE = 1024
_REACH = 3.0
"""The Gaussian ends at this many standard deviations."""


def density(
    centres: Real,
    corner: tuple[float, float],
    side: float,
    *,
    squares: int,
    radius: float,
    weights: Real | None = None,
) -> NDArray[np.float64]:
    """Objects in a unit of area at the middles of ``squares`` x ``squares`` squares, ``(rows, columns)``.

    Each object is spread by a Gaussian of standard deviation ``radius`` (the unit of the centres); squares much larger
    than that count plainly. Centres up to ``3 * radius`` outside take part, so that neighbouring squares fit together.
    ``weights`` are how many objects a centre stands for.
    """
    if not 1 <= squares <= MAX_SIDE:
        raise ValueError(f"squares must be from 1 to {MAX_SIDE}, not {squares}")
    width = side / squares
    rim = int(np.ceil(_REACH * radius / width))
    finite = np.isfinite(centres).all(axis=1)
    known = centres[finite]
    heavy = np.ones(len(known)) if weights is None else weights[finite]
    place = np.floor((known - np.array(corner)) / width).astype(np.int64) + rim
    total = squares + 2 * rim
    near = ((place >= 0) & (place < total)).all(axis=1)
    counts = np.bincount(place[near, 1] * total + place[near, 0], minlength=total**2, weights=heavy[near])
    grid = counts.reshape(total, total).astype(np.float64)
    if radius > 0:
        grid = gaussian_filter(grid, radius / width, mode="constant", radius=max(rim, 1))
    return grid[rim : rim + squares, rim : rim + squares] / width**2
