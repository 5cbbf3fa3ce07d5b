"""Loose-quadtree cell keys: one B-tree answers windows, on SQLite and PostgreSQL alike.

An object lives on the smallest level ``k`` whose grid ``512 * 2**k`` px is at least as large as its
bounding box, in the cell of the box's centre. A window reads, on each level, the cells that it
touches and half a cell more around it; in a row of cells the keys are consecutive.

Key = ``k << 40 | iy << 20 | ix``, with an offset so that slightly negative coordinates have a place.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.geometry import Box

GRID_PX = 512
SHIFT = 20
OFFSET = 1 << (SHIFT - 2)
"""Added to cell indices: room for images that begin left of or above the origin."""
MAX_LEVEL = 18
MAX_ROWS = 160
"""Rows of cells that a window names one by one; a taller one takes all cells between the first and the last."""


def cell_keys(boxes: NDArray[np.float64]) -> NDArray[np.int64]:
    """Keys ``(n,) int64`` of boxes ``(n, 4)`` as x0, y0, x1, y1 in px."""
    extent = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    level = np.ceil(np.log2(np.maximum(extent, 1.0) / GRID_PX))
    level = np.clip(level, 0, MAX_LEVEL).astype(np.int64)
    grid = GRID_PX * np.exp2(level)
    column = np.floor((boxes[:, 0] + boxes[:, 2]) / 2 / grid).astype(np.int64) + OFFSET
    row = np.floor((boxes[:, 1] + boxes[:, 3]) / 2 / grid).astype(np.int64) + OFFSET
    return (level << (2 * SHIFT)) | (row << SHIFT) | column


def key_level(key: int) -> int:
    """The level of a key."""
    return key >> (2 * SHIFT)


def key_center(keys: NDArray[np.int64]) -> NDArray[np.float64]:
    """Centres of cells ``(n, 2)`` in px, for drawing densities without reading geometry."""
    level = keys >> (2 * SHIFT)
    row = ((keys >> SHIFT) & ((1 << SHIFT) - 1)) - OFFSET
    column = (keys & ((1 << SHIFT) - 1)) - OFFSET
    grid = GRID_PX * np.exp2(level.astype(np.float64))
    return np.stack([(column + 0.5) * grid, (row + 0.5) * grid], axis=1).astype(np.float64)


def key_ranges(window: Box, levels: Iterable[int]) -> list[tuple[int, int]]:
    """Inclusive key ranges that hold every object which could touch the window."""
    ranges: list[tuple[int, int]] = []
    for level in levels:
        grid = GRID_PX * 2**level
        half = grid / 2
        first = int((window.x0 - half) // grid) + OFFSET
        last = int((window.x1 + half) // grid) + OFFSET
        rows = range(int((window.y0 - half) // grid), int((window.y1 + half) // grid) + 1)
        starts = [(level << (2 * SHIFT)) | ((row + OFFSET) << SHIFT) for row in rows]
        if len(starts) > MAX_ROWS:
            # an engine refuses a condition of a thousand parts
            ranges.append((starts[0] | max(first, 0), starts[-1] | last))
        else:
            ranges += [(start | max(first, 0), start | last) for start in starts]
    return ranges
