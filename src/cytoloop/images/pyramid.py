"""Every resolution of an image: the stored ones, and halved ones computed where the file has none."""

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError, NotFoundError, TooLargeError
from cytoloop.core.geometry import Box

from .planar import Window, check_plane
from .resampling import averaged, resampled
from .source import ImageInfo, ImageSource, Level

_SMALLEST_LEVEL_PX = 512
_LARGEST_STEP = 3.0  # stored neighbours further apart than this get computed ones between them
_TILE_PX = 256
_SENSIBLE_TILE_PX = (128, 1024)
_BLOCK_PIXELS = 2**22
"""Pixels read at once for computed levels; bounds the memory, whatever the factor."""
MAX_REGION_PIXELS = 2**27


@dataclass(frozen=True, slots=True)
class _Origin:
    """Which stored level a level is computed from, and by which whole factor (1: it is stored)."""

    level: int
    factor: int


class Pyramid:
    """Tiles and regions of an image at any resolution; safe for threads if the source is.

    ``levels`` run from full resolution to one of at most 512 px, in steps of about 2. Computed levels
    are means of the nearest finer stored level, read in blocks of bounded size.
    """

    def __init__(self, source: ImageSource) -> None:
        self.source = source
        self.info: ImageInfo = source.info()
        pairs = _ladder(self.info.levels)
        self.levels: tuple[Level, ...] = tuple(level for level, _ in pairs)
        self._origins = tuple(origin for _, origin in pairs)

    def tile(self, level: int, column: int, row: int, *, c: int = 0, z: int = 0, t: int = 0) -> NDArray[np.generic]:
        """One tile, cropped to the level: ``(h, w, 3) uint8`` for RGB, else ``(h, w)`` of one channel."""
        size = self._level(level)
        x, y = column * size.tile_width, row * size.tile_height
        if column < 0 or row < 0 or x >= size.width or y >= size.height:
            raise NotFoundError(
                f"Level {level} has no tile in column {column}, row {row}: it has "
                f"{-(-size.width // size.tile_width)} columns and {-(-size.height // size.tile_height)} rows."
            )
        w, h = (
            min(size.tile_width, size.width - x),
            min(size.tile_height, size.height - y),
        )
        return self._read(level, Window(x, y, w, h), c, z, t)

    def encoded_tile(self, level: int, column: int, row: int) -> tuple[bytes, str] | None:
        """The stored tile and its media type, for whole tiles of stored levels that can be passed through."""
        size, origin = self._level(level), self._origins[level]
        stored = self.info.levels[origin.level]
        whole = (column + 1) * size.tile_width <= size.width and (row + 1) * size.tile_height <= size.height
        same = (stored.tile_width, stored.tile_height) == (
            size.tile_width,
            size.tile_height,
        )
        if origin.factor != 1 or not whole or not same or column < 0 or row < 0:
            return None
        return self.source.encoded_tile(origin.level, column, row)

    def region(self, box: Box, downsample: float, *, c: int = 0, z: int = 0, t: int = 0) -> NDArray[np.generic]:
        """A box of the image at any scale, averaged from the nearest finer stored level.

        Parameters
        ----------
        box
            Full-resolution pixels, fractions allowed; what lies outside the image is filled.
        downsample
            Full-resolution pixels per pixel of the result; below 1 enlarges.

        Returns
        -------
        ``(h, w, 3) uint8`` for RGB, else ``(h, w)``, each side ``round(side / downsample)``, at least 1.
        """
        if box.is_empty or not downsample > 0 or not np.isfinite([*box.as_tuple(), downsample]).all():
            raise InvalidInputError(f"The region {box.as_tuple()} at 1:{downsample} has no pixels.")
        w = max(1, round(box.width / downsample))
        h = max(1, round(box.height / downsample))
        if w * h > MAX_REGION_PIXELS:
            raise TooLargeError(
                f"A region of {w:,} x {h:,} px is more than {MAX_REGION_PIXELS:,} px. "
                "Ask for a smaller box or a larger downsample."
            )
        level = self._stored_for(min(box.width / w, box.height / h))
        scale = self.info.levels[level].downsample
        columns = np.linspace(box.x0, box.x1, w + 1) / scale
        rows = np.linspace(box.y0, box.y1, h + 1) / scale
        return self._resampled(level, rows, columns, c=c, z=z, t=t)

    def thumbnail(self, size: int, *, c: int = 0, z: int = 0, t: int = 0) -> NDArray[np.generic]:
        """The whole image with ``size`` px on its longest side (or its own size, if it is smaller)."""
        info = self.info
        downsample = max(1.0, max(info.width, info.height) / size)
        return self.region(Box(0, 0, info.width, info.height), downsample, c=c, z=z, t=t)

    def _level(self, level: int) -> Level:
        if not 0 <= level < len(self.levels):
            raise NotFoundError(f"There is no level {level}: the image has {len(self.levels)}, from 0.")
        return self.levels[level]

    def _stored_for(self, downsample: float) -> int:
        """The smallest stored level that is at least as fine as asked for."""
        fine = [index for index, level in enumerate(self.info.levels) if level.downsample <= downsample * 1.001]
        return max(fine, key=lambda index: self.info.levels[index].downsample, default=0)

    def _read(self, level: int, window: Window, c: int, z: int, t: int) -> NDArray[np.generic]:
        """Pixels inside a level, stored or computed."""
        x, y, w, h = window
        origin = self._origins[level]
        if origin.factor == 1:
            return self.source.read_region(origin.level, x, y, w, h, c=c, z=z, t=t)
        check_plane(self.info, origin.level, c, z, t)
        stored, factor = self.info.levels[origin.level], origin.factor
        out = np.empty((h, w, 3) if self.info.rgb else (h, w), np.dtype(self.info.dtype))
        side_w = max(1, min(w, _BLOCK_PIXELS // (factor * factor)))
        side_h = max(1, min(h, _BLOCK_PIXELS // (side_w * factor * factor)))
        for top in range(0, h, side_h):
            for left in range(0, w, side_w):
                x0, y0 = (x + left) * factor, (y + top) * factor
                x1 = min(stored.width, (x + min(w, left + side_w)) * factor)
                y1 = min(stored.height, (y + min(h, top + side_h)) * factor)
                block = self.source.read_region(origin.level, x0, y0, x1 - x0, y1 - y0, c=c, z=z, t=t)
                small = averaged(block, factor)
                out[top : top + small.shape[0], left : left + small.shape[1]] = small
        return out

    def _resampled(
        self,
        level: int,
        rows: NDArray[np.float64],
        columns: NDArray[np.float64],
        *,
        c: int,
        z: int,
        t: int,
    ) -> NDArray[np.generic]:
        """Means between edges given in pixels of a stored level, in strips of bounded size."""
        check_plane(self.info, level, c, z, t)
        h, w = len(rows) - 1, len(columns) - 1
        out = np.empty((h, w, 3) if self.info.rgb else (h, w), np.dtype(self.info.dtype))
        for row0, row1 in _blocks(rows, columns[-1] - columns[0]):
            for column0, column1 in _blocks(columns, rows[row1] - rows[row0]):
                edges = rows[row0 : row1 + 1], columns[column0 : column1 + 1]
                out[row0:row1, column0:column1] = self._block(level, *edges, c=c, z=z, t=t)
        return out

    def _block(
        self,
        level: int,
        rows: NDArray[np.float64],
        columns: NDArray[np.float64],
        *,
        c: int,
        z: int,
        t: int,
    ) -> NDArray[np.generic]:
        x0, y0 = floor(columns[0] + 1e-6), floor(rows[0] + 1e-6)
        x1, y1 = (
            max(x0 + 1, ceil(columns[-1] - 1e-6)),
            max(y0 + 1, ceil(rows[-1] - 1e-6)),
        )
        block = self._clamped(level, Window(x0, y0, x1 - x0, y1 - y0), c, z, t)
        factor = round((columns[-1] - columns[0]) / (len(columns) - 1))
        if _is_whole(columns, x0, factor) and _is_whole(rows, y0, factor):
            return averaged(block, factor)
        return resampled(block, np.maximum(rows - y0, 0), np.maximum(columns - x0, 0))

    def _clamped(self, level: int, window: Window, c: int, z: int, t: int) -> NDArray[np.generic]:
        """A region of a stored level; up to one pixel beyond its edge repeats the edge.

        Levels are rounded from the full size, so a box within the image may reach a fraction of a
        pixel beyond a level, which must not become a dark or white line.
        """
        x, y, w, h = window
        size = self.info.levels[level]
        beyond_w, beyond_h = max(0, x + w - size.width), max(0, y + h - size.height)
        rounded_away = size.downsample > 1 and max(beyond_w, beyond_h) == 1
        if rounded_away and w > beyond_w and h > beyond_h:
            inside = self.source.read_region(level, x, y, w - beyond_w, h - beyond_h, c=c, z=z, t=t)
            edges = ((0, beyond_h), (0, beyond_w), *[(0, 0)] * (inside.ndim - 2))
            return np.pad(inside, edges, mode="edge")
        return self.source.read_region(level, x, y, w, h, c=c, z=z, t=t)


def _is_whole(edges: NDArray[np.float64], start: int, factor: int) -> bool:
    """Whether the edges are whole pixels, ``factor`` apart."""
    if factor < 1:
        return False
    expected = start + factor * np.arange(len(edges))
    return bool(np.abs(edges - expected).max() < 1e-6)


def _blocks(edges: NDArray[np.float64], across: float) -> list[tuple[int, int]]:
    """Runs of result pixels that need about ``_BLOCK_PIXELS`` stored ones, ``across`` lying side by side."""
    count = len(edges) - 1
    stored = max(1.0, (edges[-1] - edges[0]) / count) * max(1.0, min(across, _BLOCK_PIXELS))
    step = max(1, int(_BLOCK_PIXELS / stored))
    return [(start, min(count, start + step)) for start in range(0, count, step)]


def _ladder(stored: tuple[Level, ...]) -> list[tuple[Level, _Origin]]:
    """Stored levels with halved ones in the gaps and below, each with where it comes from."""
    order = sorted(range(len(stored)), key=lambda index: stored[index].downsample)
    pairs: list[tuple[Level, _Origin]] = []
    for place, index in enumerate(order):
        level = stored[index]
        pairs.append((_with_tiles(level), _Origin(index, 1)))
        last = place + 1 == len(order)
        factor = 2
        while True:
            finer = level if factor == 2 else pairs[-1][0]
            if last and max(finer.width, finer.height) <= _SMALLEST_LEVEL_PX:
                break
            if not last and stored[order[place + 1]].downsample / finer.downsample < _LARGEST_STEP:
                break
            pairs.append((_halved(level, factor), _Origin(index, factor)))
            factor *= 2
    return pairs


def _halved(level: Level, factor: int) -> Level:
    width, height = -(-level.width // factor), -(-level.height // factor)
    return Level(width, height, level.downsample * factor, _TILE_PX, _TILE_PX)


def _with_tiles(level: Level) -> Level:
    low, high = _SENSIBLE_TILE_PX
    if low <= level.tile_width <= high and low <= level.tile_height <= high:
        return level
    return Level(level.width, level.height, level.downsample, _TILE_PX, _TILE_PX)
