"""How a large region is cut into tiles that are segmented one by one.

Each tile is read with a margin around its core, so that neighbours share strips. What lies in a strip is seen by
both; ``merging`` makes one of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from cytoloop.core.geometry import Box

WHOLE_PIXELS = 12_000_000
"""Regions up to this many pixels are segmented in one piece."""
CORE_PX = 2048
MARGIN_PX = 192


@dataclass(frozen=True, slots=True)
class Tile:
    """``core`` owns objects; ``read`` is what is looked at (px, whole numbers)."""

    core: Box
    read: Box


def tiles_covering(region: Box, image: Box) -> Iterator[Tile]:
    """Tiles whose cores cover the region, row by row; reading never leaves the image."""
    region = region.intersection(image)
    if region.is_empty:
        return
    if region.width * region.height <= WHOLE_PIXELS:
        yield Tile(region, region)
        return
    y = region.y0
    while y < region.y1:
        x = region.x0
        while x < region.x1:
            core = Box(x, y, min(x + CORE_PX, region.x1), min(y + CORE_PX, region.y1))
            read = Box(core.x0 - MARGIN_PX, core.y0 - MARGIN_PX, core.x1 + MARGIN_PX, core.y1 + MARGIN_PX)
            yield Tile(core, read.intersection(region))
            x += CORE_PX
        y += CORE_PX


def owned(tile: Tile, polygons: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which polygons have their centroid in the tile's core, ``(n,)``."""
    x, y = shapely.get_coordinates(shapely.centroid(polygons)).reshape(-1, 2).T
    core = tile.core
    return (x >= core.x0) & (x < core.x1) & (y >= core.y0) & (y < core.y1)


def across(tile: Tile, polygons: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which polygons reach from the tile's core into another's, ``(n,)``."""
    core = tile.core
    x0, y0, x1, y1 = shapely.bounds(polygons).reshape(-1, 4).T
    meets = (x0 < core.x1) & (x1 > core.x0) & (y0 < core.y1) & (y1 > core.y0)
    inside = (x0 >= core.x0) & (x1 <= core.x1) & (y0 >= core.y0) & (y1 <= core.y1)
    return meets & ~inside


def shared(tile: Tile, polygons: NDArray[np.object_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which polygons reach into a strip that a neighbour sees too, and which of them the tile's border cuts.

    A neighbour sees ``MARGIN_PX`` of the core on each side on which there is one.
    """
    core, read = tile.core, tile.read
    inner = (read.x0 < core.x0, read.y0 < core.y0, read.x1 > core.x1, read.y1 > core.y1)
    x0, y0, x1, y1 = shapely.bounds(polygons).reshape(-1, 4).T
    margin = MARGIN_PX
    near = (x0 < core.x0 + margin, y0 < core.y0 + margin, x1 > core.x1 - margin, y1 > core.y1 - margin)
    cut = (x0 <= read.x0, y0 <= read.y0, x1 >= read.x1, y1 >= read.y1)
    in_strip = np.zeros(len(polygons), dtype=bool)
    is_cut = np.zeros(len(polygons), dtype=bool)
    for side, reaches, ends in zip(inner, near, cut, strict=True):
        if side:
            in_strip |= reaches
            is_cut |= ends
    return in_strip, is_cut
