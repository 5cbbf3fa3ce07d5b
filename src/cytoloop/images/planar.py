"""What formats share: which stored axis is which, bounds, filling, and dtypes that can be served."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import (
    CytoloopError,
    InvalidInputError,
    NotFoundError,
    UnreadableImageError,
)

from .source import Channel, ImageInfo, Level

RGB_CHANNELS = (
    Channel("Red", "#ff0000"),
    Channel("Green", "#00ff00"),
    Channel("Blue", "#0000ff"),
)
"""Channels of colour images that are not 8-bit RGB, such as 16-bit RGB."""

_SERVED_DTYPES = {
    "bool": "uint8",
    "float16": "float32",
    "int64": "float64",  # exact up to 2**53
    "uint64": "float64",
}
_PLAIN_DTYPES = (
    "uint8",
    "int8",
    "uint16",
    "int16",
    "uint32",
    "int32",
    "float32",
    "float64",
)


def served_dtype(dtype: np.dtype[np.generic], name: str) -> np.dtype[np.generic]:
    """The native dtype in which the values of ``dtype`` are handed out, or ``UnreadableImageError``."""
    plain = _SERVED_DTYPES.get(dtype.name, dtype.name)
    if plain not in _PLAIN_DTYPES:
        raise UnreadableImageError(
            f"{name} holds pixels of type {dtype.name}, which cannot be shown. "
            "Save it with integer or real (float) pixels."
        )
    return np.dtype(plain)


def to_served(array: NDArray[np.generic], dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    """``array`` in its served ``dtype``: native byte order; false and true become 0 and 255."""
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    return array.astype(dtype, copy=False)


@dataclass(frozen=True, slots=True)
class PlaneLayout:
    """The stored axes in front of y and x, outermost first, each as its role ``C``, ``Z`` or ``T`` and size.

    Several stored axes may have one role; they are unrolled with the last one varying fastest.
    """

    roles: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, axes: str, sizes: Sequence[int]) -> "PlaneLayout":
        """Roles of axis letters; unknown ones become time, then z, then channels, as Bio-Formats does."""
        known = {"C": "C", "Z": "Z", "T": "T", "S": "C", "\u03bb": "C", "\u039b": "C"}
        roles = [known.get(letter.upper() if letter.isascii() else letter, "") for letter in axes]
        for index, role in enumerate(roles):
            if not role:
                free = [candidate for candidate in "TZC" if candidate not in roles]
                roles[index] = free[0] if free else "T"
        return cls(tuple(zip(roles, sizes, strict=True)))

    def size(self, role: str) -> int:
        """How many planes the role has."""
        product = 1
        for stored, size in self.roles:
            if stored == role:
                product *= size
        return product

    def index(self, c: int, z: int, t: int) -> tuple[int, ...]:
        """The position on each stored axis."""
        rest = {"C": c, "Z": z, "T": t}
        position: list[int] = []
        for role, size in reversed(self.roles):
            rest[role], here = divmod(rest[role], size)
            position.append(here)
        return tuple(reversed(position))

    def flat(self, c: int, z: int, t: int) -> int:
        """The number of the plane, counting in stored order."""
        number = 0
        for (_, size), here in zip(self.roles, self.index(c, z, t), strict=True):
            number = number * size + here
        return number


def nominal_downsample(width: int, height: int, level_width: int, level_height: int) -> float:
    """The factor between two resolutions: whole where the sizes were rounded from a whole factor."""
    ratio = (width / level_width + height / level_height) / 2
    whole = max(1, round(ratio))
    if all(
        floor(full / whole) <= part <= ceil(full / whole)
        for full, part in ((width, level_width), (height, level_height))
    ):
        return float(whole)
    return ratio


def one_level(width: int, height: int, tile_width: int, tile_height: int) -> tuple[Level, ...]:
    """The levels of an image without a pyramid."""
    return (Level(width, height, 1.0, tile_width, tile_height),)


class Window(NamedTuple):
    """A rectangle in the pixels of one level, inside it."""

    x: int
    y: int
    w: int
    h: int

    @property
    def rows(self) -> slice:
        """The rows of an array that it takes."""
        return slice(self.y, self.y + self.h)

    @property
    def columns(self) -> slice:
        """The columns of an array that it takes."""
        return slice(self.x, self.x + self.w)


class PlanarSource(ABC):
    """Base of the sources: checks and clips requests, fills what is outside; formats give ``_read``."""

    def __init__(self, info: ImageInfo) -> None:
        self._info = info

    def info(self) -> ImageInfo:
        """Facts about the image."""
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
        """Pixels of a region in the level's own pixels: ``(h, w, 3) uint8`` or ``(h, w)`` of the dtype."""
        check_plane(self._info, level, c, z, t)
        if w < 1 or h < 1:
            raise InvalidInputError(f"A region of {w} x {h} px has no pixels; ask for at least 1 x 1.")
        size = self._info.levels[level]
        x0, y0 = max(0, x), max(0, y)
        x1, y1 = min(size.width, x + w), min(size.height, y + h)
        if x1 > x0 and y1 > y0:
            inside = self._decoded(level, Window(x0, y0, x1 - x0, y1 - y0), c, z, t)
            if inside.shape[:2] == (h, w):
                return inside
        else:
            inside = None
        filled = blank(self._info, w, h)
        if inside is not None:
            filled[y0 - y : y1 - y, x0 - x : x1 - x] = inside
        return filled

    def _decoded(self, level: int, window: Window, c: int, z: int, t: int) -> NDArray[np.generic]:
        try:
            return self._read(level, window, c, z, t)
        except CytoloopError:
            raise
        except Exception as error:  # decoders of damaged data raise anything
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise UnreadableImageError(
                f"Pixels at x {window.x}, y {window.y} of level {level} cannot be decoded ({reason}). "
                "The file is damaged; copy or upload it again."
            ) from error

    @abstractmethod
    def _read(self, level: int, window: Window, c: int, z: int, t: int) -> NDArray[np.generic]:
        """Pixels of a region that lies inside the level."""

    def encoded_tile(self, level: int, column: int, row: int) -> tuple[bytes, str] | None:
        """Nothing: tiles of this format are decoded."""
        del level, column, row
        return None

    def associated(self, name: str) -> NDArray[np.uint8]:
        """There is none, unless the format says so."""
        raise NotFoundError(
            f"The image has no associated image '{name}'. It has: {', '.join(self._info.associated) or 'none'}."
        )

    def close(self) -> None:  # noqa: B027 - a format that holds no file open has nothing to do
        """Release files."""


def check_plane(info: ImageInfo, level: int, c: int, z: int, t: int) -> None:
    """Refuse a level, channel, slice or time point that the image does not have."""
    for name, value, size in (
        ("level", level, len(info.levels)),
        ("channel", c, info.size_c),
        ("z slice", z, info.size_z),
        ("time point", t, info.size_t),
    ):
        if not 0 <= value < size:
            raise InvalidInputError(f"There is no {name} {value}: the image has {size}, counted from 0.")


def blank(info: ImageInfo, w: int, h: int) -> NDArray[np.generic]:
    """Pixels outside an image: white ``(h, w, 3) uint8`` for RGB, else zeros ``(h, w)``."""
    if info.rgb:
        return np.full((h, w, 3), 255, np.uint8)
    return np.zeros((h, w), np.dtype(info.dtype))
