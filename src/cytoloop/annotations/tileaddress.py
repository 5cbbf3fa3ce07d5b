"""Tiles of the display grid."""

from dataclasses import dataclass

from sqlalchemy import Connection

from cytoloop.core.geometry import Box

from .cells import GRID_PX
from .counts import version_of_window

MARGIN = 1 / 32
"""Objects this far (of the tile's side) outside are carried too, so that strokes do not end at borders."""


@dataclass(frozen=True, slots=True)
class TileAddress:
    """A tile of ``512 * 2**zoom`` image px a side: ``zoom`` 0 is full resolution."""

    zoom: int
    x: int
    y: int

    @property
    def size_px(self) -> int:
        return GRID_PX << self.zoom

    @property
    def box(self) -> Box:
        size = self.size_px
        return Box(self.x * size, self.y * size, (self.x + 1) * size, (self.y + 1) * size)

    def widened(self, margin_px: float) -> Box:
        """The tile with so much around it."""
        box = self.box
        return Box(box.x0 - margin_px, box.y0 - margin_px, box.x1 + margin_px, box.y1 + margin_px)


def tile_tag(connection: Connection, layer_id: int, tile: TileAddress, margin_px: float | None = None) -> str:
    """Rises when something in the tile or near it changes: the heart of its ETag."""
    margin = tile.size_px * MARGIN if margin_px is None else margin_px
    return f"{version_of_window(connection, layer_id, tile.widened(margin))}"
