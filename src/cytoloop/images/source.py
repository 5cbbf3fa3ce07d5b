"""What every image is, whatever its file: frozen facts and a Protocol to read pixels.

Coordinates are full-resolution pixels, origin top left, y down, unless a ``level`` is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Level:
    """One stored resolution. ``tile_width``/``tile_height`` are those of the file (px)."""

    width: int
    height: int
    downsample: float
    tile_width: int
    tile_height: int


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel: its name and, where the file says so, its display colour ``#rrggbb``."""

    name: str
    color: str | None = None


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """Facts about an image.

    ``rgb`` is true where the samples of one pixel are a colour (then ``channels`` is empty, ``size_c``
    is 1 and regions are ``(h, w, 3) uint8``); otherwise regions are ``(h, w)`` of ``dtype``, one
    channel at a time. Pixel sizes are in micrometres, ``None`` where unknown; ``z_spacing_um``
    likewise; ``frame_interval_s`` in seconds.
    """

    format: str
    width: int
    height: int
    size_z: int
    size_c: int
    size_t: int
    dtype: str
    rgb: bool
    levels: tuple[Level, ...]
    channels: tuple[Channel, ...] = ()
    pixel_width_um: float | None = None
    pixel_height_um: float | None = None
    z_spacing_um: float | None = None
    frame_interval_s: float | None = None
    magnification: float | None = None
    vendor: str | None = None
    associated: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


@runtime_checkable
class ImageSource(Protocol):
    """An open image. Every method may be called from several threads at once."""

    def info(self) -> ImageInfo:
        """Facts about the image; cheap, constant."""
        ...

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
        """Pixels of a region of one stored level, in that level's own pixels.

        Returns ``(h, w, 3) uint8`` for RGB images, else ``(h, w)`` of the image's dtype. Parts outside the
        level are filled: white for brightfield RGB, 0 otherwise.
        """
        ...

    def encoded_tile(self, level: int, column: int, row: int) -> tuple[bytes, str] | None:
        """The stored, compressed tile and its media type, if it can be passed through untouched."""
        ...

    def associated(self, name: str) -> NDArray[np.uint8]:
        """A label, macro or thumbnail image by its name in ``info().associated``: ``(h, w, 3) uint8``."""
        ...

    def close(self) -> None:
        """Release files. Closing twice is harmless."""
        ...


class ImageFormat(Protocol):
    """A file format: one module in ``images/formats`` and one ``cytoloop.image_formats`` entry point."""

    name: str
    """Short name, as in ``ImageInfo.format``."""
    priority: int
    """Formats are asked in ascending order; the first that recognises the content wins."""
    extensions: tuple[str, ...]
    """Usual file name endings, with the dot; for file pickers and messages, never for detection."""

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether the content (``head``: the first 4,096 bytes; empty for a folder) is of this format."""
        ...

    def open(self, path: Path) -> ImageSource:
        """Open the image, or raise ``UnreadableImageError`` with what is wrong and what to do."""
        ...
