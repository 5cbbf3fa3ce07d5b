"""How a large region is cut into tiles that are segmented one by one.

Each tile is read with a margin around its core. An object belongs to the tile whose core holds its
centroid, so that every object is counted once; with a margin larger than the objects both neighbours
see it whole and agree on it. (Matching in the shared strip is the way for objects of any size.)
"""

from collections.abc import Iterator
from dataclasses import dataclass

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
    """Tiles whose cores cover the region; reading never leaves the image."""
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
