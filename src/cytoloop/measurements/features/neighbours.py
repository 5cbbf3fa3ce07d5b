"""Where the other objects are."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from .region import Column


def neighbours(own: NDArray[np.float64], everyone: NDArray[np.float64], within_px: float) -> Iterator[Column]:
    """Distances (px) to the two nearest centres, the angle between them (degrees, 0..180), and how many are near.

    Parameters
    ----------
    own, everyone
        Centres ``(n, 2)`` and ``(m, 2)`` in px; those of ``own`` are among ``everyone``.
    within_px
        Radius in which neighbours are counted.
    """
    tree: Any = KDTree(everyone)  # of which type stubs differ
    found = tree.query(own, k=[1, 2, 3])  # the nearest of all is the object itself
    distances, places = (np.asarray(one) for one in found)
    far = np.where(np.isfinite(distances), distances, np.nan)
    yield Column("neighbour_1_px", "Distance to the nearest", far[:, 1])
    yield Column("neighbour_2_px", "Distance to the second nearest", far[:, 2])
    yield Column("neighbour_angle_deg", "Angle between the two nearest", _angles(own, everyone, places))
    near = np.asarray(tree.query_ball_point(own, within_px, return_length=True), np.float64)
    yield Column("neighbours_near", "Objects near", near - 1)


def _angles(own: NDArray[np.float64], everyone: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.float64]:
    known = places[:, 2] < len(everyone)  # one past the end stands for none
    arms = [everyone[np.where(known, places[:, rank], 0)] - own for rank in (1, 2)]
    turns = [np.degrees(np.arctan2(arm[:, 1], arm[:, 0])) for arm in arms]
    between = np.abs(turns[0] - turns[1])
    return np.where(known, np.minimum(between, 360 - between), np.nan)
