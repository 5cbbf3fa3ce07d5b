"""Images made quick to look at: lower resolutions beside the original, or an exact tiled copy of it.

Pixels that are measured stay exactly those of the file. A file that is tiled stays in use for full
resolution, and only gets overviews; a file that has to be decoded whole gets a lossless tiled copy.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import tifffile
from numpy.typing import NDArray

from .composite import CompositeSource
from .registry import open_image
from .resampling import averaged
from .source import ImageInfo, ImageSource
from .tiffsource import TiffSource

_QUICK_PX = 2048
"""Images up to this size on their longest side are read whole in a blink."""
_LARGEST_STEP = 8.0
_LARGEST_TILE_PIXELS = 2**22
_SMALLEST_LEVEL_PX = 512
_TILE_PX = 512
_OVERVIEW_JPEG_QUALITY = 90
_EXACT = {"compression": "zstd", "predictor": True, "maxworkers": 2}

Progress = Callable[[float], None]


def needs_conversion(info: ImageInfo) -> bool:
    """Whether looking at the image would be slow without ``convert``."""
    if max(info.width, info.height) <= _QUICK_PX:
        return False
    return not (_is_tiled(info) and _has_usable_pyramid(info))


def _is_tiled(info: ImageInfo) -> bool:
    """Whether small parts of full resolution can be read without most of the plane."""
    full = info.levels[0]
    return full.tile_width * full.tile_height <= _LARGEST_TILE_PIXELS


def _has_usable_pyramid(info: ImageInfo) -> bool:
    smallest = info.levels[-1]
    steps = zip(info.levels, info.levels[1:], strict=False)
    return max(smallest.width, smallest.height) <= _QUICK_PX and all(
        coarse.downsample / fine.downsample <= _LARGEST_STEP for fine, coarse in steps
    )


def convert(
    source: ImageSource,
    target: Path,
    progress: Progress,
    *,
    exact_copy: bool | None = None,
) -> Path:
    """Write the pyramid of an image as a tiled OME-TIFF (BigTIFF), in bounded memory.

    Parameters
    ----------
    source
        The image as it is.
    target
        The file to write; it appears when it is complete. On any error nothing is left.
    progress
        Called with 0..1; what it raises (``CancelledError``) stops the conversion.
    exact_copy
        Whether full resolution is written too, lossless; ``None``: only where the original cannot be
        read in parts. Lower resolutions of RGB images are JPEG, others are lossless.

    Returns
    -------
    ``target``.
    """
    info = source.info()
    whole = not _is_tiled(info) if exact_copy is None else exact_copy
    partial = target.with_name(f".{target.name}.{uuid4().hex[:8]}.partial")
    try:
        with ExitStack() as stack:
            writer = _PyramidWriter(source, target.parent, progress, stack)
            writer.write(partial, whole=whole)
        partial.replace(target)
    except BaseException:
        with suppress(FileNotFoundError):
            partial.unlink()
        raise
    return target


def open_prepared(original: Path, prepared: Path | None, series: int = 0) -> ImageSource:
    """The image as it is shown and measured: the original with what ``convert`` wrote, if anything."""
    source = open_image(original, series)
    if prepared is None:
        return source
    try:
        return CompositeSource(source, TiffSource(prepared))
    except BaseException:
        source.close()
        raise


@dataclass(frozen=True, slots=True)
class _Stack:
    """All planes of one resolution on disk: ``(planes, h, w)`` or ``(planes, h, w, 3)``."""

    pixels: NDArray[np.generic]

    @property
    def height(self) -> int:
        return self.pixels.shape[1]

    @property
    def width(self) -> int:
        return self.pixels.shape[2]


class _PyramidWriter:
    """Writes level after level; each pass leaves the next, halved one in a temporary file."""

    def __init__(self, source: ImageSource, folder: Path, progress: Progress, stack: ExitStack) -> None:
        self._source = source
        self._info = source.info()
        self._folder = folder
        self._progress = progress
        self._stack = stack
        self._done_pixels = 0
        self._planes = [
            (t, c, z)
            for t in range(self._info.size_t)
            for c in range(self._info.size_c)
            for z in range(self._info.size_z)
        ]
        self._total_pixels = len(self._planes) * self._info.width * self._info.height * 4 / 3

    def write(self, path: Path, *, whole: bool) -> None:
        """Write all levels of at most half resolution and, for ``whole``, full resolution before them."""
        info = self._info
        sizes = _halved_sizes(info.width, info.height)
        half = self._temporary(*sizes[0])
        with tifffile.TiffWriter(path, bigtiff=True, ome=True) as tiff:
            if whole:
                tiles = self._tiles(self._stored_strips(), half)
                self._write_level(tiff, tiles, info.width, info.height, exact=True, below=len(sizes))
            else:
                for _ in self._tiles(self._stored_strips(), half):
                    pass
            for index, (width, height) in enumerate(sizes):
                last = index + 1 == len(sizes)
                following = None if last else self._temporary(*sizes[index + 1])
                first = index == 0 and not whole
                self._write_level(
                    tiff,
                    self._tiles(self._stack_strips(half), following),
                    width,
                    height,
                    exact=not info.rgb,
                    below=len(sizes) - 1 if first else None,
                )
                half = half if following is None else following
        self._progress(1.0)

    def _temporary(self, width: int, height: int) -> _Stack:
        samples = (3,) if self._info.rgb else ()
        unnamed = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - the stack closes it
        file = self._stack.enter_context(unnamed)
        shape = (len(self._planes), height, width, *samples)
        return _Stack(np.memmap(file, np.dtype(self._info.dtype), "w+", shape=shape))

    def _stored_strips(self) -> Iterator[tuple[int, int, NDArray[np.generic]]]:
        """Plane number, first row and pixels of strips of full resolution."""
        info = self._info
        for number, (t, c, z) in enumerate(self._planes):
            for top in range(0, info.height, 2 * _TILE_PX):
                rows = min(2 * _TILE_PX, info.height - top)
                pixels = self._source.read_region(0, 0, top, info.width, rows, c=c, z=z, t=t)
                yield number, top, pixels

    def _stack_strips(self, stack: _Stack) -> Iterator[tuple[int, int, NDArray[np.generic]]]:
        for number in range(len(self._planes)):
            for top in range(0, stack.height, 2 * _TILE_PX):
                yield number, top, stack.pixels[number, top : top + 2 * _TILE_PX]

    def _tiles(
        self,
        strips: Iterator[tuple[int, int, NDArray[np.generic]]],
        half: _Stack | None,
    ) -> Iterator[NDArray[np.generic]]:
        """Tiles in file order, padded to full size; on the way, strips are halved into ``half``."""
        for number, top, strip in strips:
            if half is not None:
                small = averaged(strip, 2)
                half.pixels[number, top // 2 : top // 2 + small.shape[0]] = small
            self._done_pixels += strip.shape[0] * strip.shape[1]
            self._progress(min(0.99, self._done_pixels / self._total_pixels))
            yield from _cut(strip)

    def _write_level(
        self,
        tiff: tifffile.TiffWriter,
        tiles: Iterator[NDArray[np.generic]],
        width: int,
        height: int,
        *,
        exact: bool,
        below: int | None,
    ) -> None:
        """Write one resolution; ``below``: how many follow under the main one, ``None`` for those."""
        info = self._info
        options: dict[str, Any] = dict(_EXACT)
        if not exact:
            options = {
                "compression": "jpeg",
                "compressionargs": {"level": _OVERVIEW_JPEG_QUALITY},
                "maxworkers": 2,
            }
        if info.rgb:
            shape = (info.size_t, info.size_z, height, width, 3)
            photometric = "rgb"
        else:
            shape = (info.size_t, info.size_c, info.size_z, height, width)
            photometric = "minisblack"
        if below is None:
            options["subfiletype"] = 1
        else:
            options["subifds"] = below
            options["metadata"] = _ome_metadata(info)
        tiff.write(
            tiles,
            shape=shape,
            dtype=np.dtype(info.dtype),
            tile=(_TILE_PX, _TILE_PX),
            photometric=photometric,
            **options,
        )


def _halved_sizes(width: int, height: int) -> list[tuple[int, int]]:
    """Widths and heights of the levels below full resolution; at least one."""
    sizes = [(-(-width // 2), -(-height // 2))]
    while max(sizes[-1]) > _SMALLEST_LEVEL_PX:
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    return sizes


def _cut(strip: NDArray[np.generic]) -> Iterator[NDArray[np.generic]]:
    for top in range(0, strip.shape[0], _TILE_PX):
        for left in range(0, strip.shape[1], _TILE_PX):
            tile = strip[top : top + _TILE_PX, left : left + _TILE_PX]
            beyond = [(0, _TILE_PX - tile.shape[0]), (0, _TILE_PX - tile.shape[1])]
            beyond += [(0, 0)] * (tile.ndim - 2)
            yield np.pad(tile, beyond, mode="edge")


def _ome_metadata(info: ImageInfo) -> dict[str, Any]:
    """Axes, sizes and channel names as tifffile writes them into OME-XML."""
    metadata: dict[str, Any] = {"axes": "TZYXS" if info.rgb else "TCZYX"}
    for axis, size_um in (
        ("X", info.pixel_width_um),
        ("Y", info.pixel_height_um),
        ("Z", info.z_spacing_um),
    ):
        if size_um is not None:
            metadata[f"PhysicalSize{axis}"] = size_um
            metadata[f"PhysicalSize{axis}Unit"] = "\u00b5m"
    if info.frame_interval_s is not None:
        metadata["TimeIncrement"] = info.frame_interval_s
        metadata["TimeIncrementUnit"] = "s"
    if info.channels:
        metadata["Channel"] = {"Name": [channel.name for channel in info.channels]}
    return metadata
