"""An original with the pyramid that was prepared for it, as one image."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import UnreadableImageError

from .planar import check_plane, nominal_downsample
from .source import ImageInfo, ImageSource, Level


class CompositeSource:
    """Full resolution and facts of ``original``, the rest from ``prepared``.

    Where ``prepared`` has full resolution too (a lossless copy of a file that is slow to read in
    parts), all pixels come from it.
    """

    def __init__(self, original: ImageSource, prepared: ImageSource) -> None:
        self._original, self._prepared = original, prepared
        facts, made = original.info(), prepared.info()
        same_kind = (
            facts.rgb,
            facts.dtype,
            facts.size_c,
            facts.size_z,
            facts.size_t,
        ) == (
            made.rgb,
            made.dtype,
            made.size_c,
            made.size_z,
            made.size_t,
        )
        self._is_copy = (made.width, made.height) == (facts.width, facts.height)
        half = (-(-facts.width // 2), -(-facts.height // 2))
        if not same_kind or not (self._is_copy or (made.width, made.height) == half):
            raise UnreadableImageError(
                "The prepared pyramid belongs to another image. Delete it and convert the image again."
            )
        self._info = replace(facts, levels=self._levels(facts, made))

    def _levels(self, facts: ImageInfo, made: ImageInfo) -> tuple[Level, ...]:
        levels = tuple(
            replace(
                level,
                downsample=nominal_downsample(facts.width, facts.height, level.width, level.height),
            )
            for level in made.levels
        )
        return levels if self._is_copy else (facts.levels[0], *levels)

    def _of(self, level: int) -> tuple[ImageSource, int]:
        if self._is_copy:
            return self._prepared, level
        return (self._original, 0) if level == 0 else (self._prepared, level - 1)

    def info(self) -> ImageInfo:
        """Facts of the original, with all levels."""
        return self._info

    def read_region(
        self,
        level: int,
        x: int,
        y: int,
        w: int,
        h: int,
        *,
        c: int = 0,
        z: int = 0,
        t: int = 0,
    ) -> NDArray[np.generic]:
        """Pixels of one level, from the file that has it."""
        check_plane(self._info, level, c, z, t)
        source, there = self._of(level)
        return source.read_region(there, x, y, w, h, c=c, z=z, t=t)

    def encoded_tile(self, level: int, column: int, row: int) -> tuple[bytes, str] | None:
        """The stored tile, from the file that has it."""
        source, there = self._of(level)
        return source.encoded_tile(there, column, row)

    def associated(self, name: str) -> NDArray[np.uint8]:
        """An associated image of the original."""
        return self._original.associated(name)

    def close(self) -> None:
        """Close both files."""
        self._original.close()
        self._prepared.close()
