"""Pixels of TIFF pages by positional reads: partial, and safe for threads.

Shared seek-and-read on one tifffile handle mixes up tiles between threads (70 of 480 were wrong);
tifffile therefore only parses, and decodes bytes that were read by position.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import tifffile
from numpy.typing import NDArray

from cytoloop.core.errors import UnreadableImageError

from .files import ArrayCache, RandomAccessFile
from .jpeg import complete_jpeg
from .planar import Window

_CACHED_SEGMENT_BYTES = 2**19  # decoding larger segments again for every small region would be slow
_NOMINAL_TILE_PX = 512
_JPEG = 7


class PagePlanes(Protocol):
    """The planes of one resolution."""

    tile_width: int
    tile_height: int

    def read(self, plane: int, sample: int, window: Window) -> NDArray[np.generic]:
        """``(h, w, samples)``: of one plane; ``sample`` names the one of separately stored samples."""
        ...

    def encoded(self, plane: int, column: int, row: int) -> bytes | None:
        """The stored JPEG tile, made into a whole file."""
        ...


@dataclass(frozen=True, slots=True)
class Segments:
    """Where the tiles or strips of one page are (offsets and sizes in bytes), and how to decode them."""

    file: RandomAccessFile
    offsets: Sequence[int]
    bytecounts: Sequence[int]
    page: tifffile.TiffPage
    decode: Callable[..., Any]
    tables: Mapping[str, bytes]


class ContiguousPlanes:
    """Planes stored uncompressed and in one piece: any part is read without the rest."""

    def __init__(
        self,
        file: RandomAccessFile,
        plane_offsets: Sequence[int],
        page: tifffile.TiffPage,
        dtype: np.dtype[np.generic],
    ) -> None:
        self._file = file
        self._offsets = plane_offsets
        self._width, self._height = page.imagewidth, page.imagelength
        self._samples = 1 if page.planarconfig == 2 else page.samplesperpixel
        self._dtype = dtype
        self.tile_width = min(_NOMINAL_TILE_PX, self._width)
        self.tile_height = min(_NOMINAL_TILE_PX, self._height)

    def read(self, plane: int, sample: int, window: Window) -> NDArray[np.generic]:
        """``(h, w, samples)``, row by row where rows are much longer than the region."""
        x, y, w, h = window
        pixel_bytes = self._samples * self._dtype.itemsize
        row_bytes = self._width * pixel_bytes
        start = self._offsets[plane] + sample * row_bytes * self._height + y * row_bytes
        if w * 4 > self._width:
            data = self._file.read(start, h * row_bytes)
            return self._array(data, h, self._width)[:, x : x + w]
        rows = (self._file.read(start + row * row_bytes + x * pixel_bytes, w * pixel_bytes) for row in range(h))
        return self._array(b"".join(rows), h, w)

    def _array(self, data: bytes, h: int, w: int) -> NDArray[np.generic]:
        if len(data) != h * w * self._samples * self._dtype.itemsize:
            raise UnreadableImageError("The TIFF file ends in the middle of its pixels.")
        return np.frombuffer(data, self._dtype).reshape(h, w, self._samples)

    def encoded(self, plane: int, column: int, row: int) -> bytes | None:
        """Nothing: the pixels are not compressed."""
        del plane, column, row
        return None


class SegmentedPlanes:
    """Planes stored as tiles or strips, compressed or not; ``None`` stands for a missing plane."""

    def __init__(
        self,
        pages: Sequence[Segments | None],
        dtype: np.dtype[np.generic],
        cache: ArrayCache,
    ) -> None:
        self._pages = pages
        self._dtype = dtype
        self._cache = cache
        page = next(segments.page for segments in pages if segments is not None)
        self._width, self._height = page.imagewidth, page.imagelength
        self.tile_width = page.tilewidth if page.is_tiled else page.imagewidth
        self.tile_height = page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)
        self._across = -(-page.imagewidth // self.tile_width)
        self._down = -(-page.imagelength // self.tile_height)
        self._samples = 1 if page.planarconfig == 2 else page.samplesperpixel

    def read(self, plane: int, sample: int, window: Window) -> NDArray[np.generic]:
        """``(h, w, samples)``, put together from the segments that the region touches."""
        x, y, w, h = window
        tile_w, tile_h = self.tile_width, self.tile_height
        out = np.zeros((h, w, self._samples), self._dtype)
        for row in range(y // tile_h, (y + h - 1) // tile_h + 1):
            for column in range(x // tile_w, (x + w - 1) // tile_w + 1):
                segment = self._segment(plane, sample, column, row)
                if segment is None:
                    continue
                left, top = column * tile_w, row * tile_h
                x0, y0 = max(x, left), max(y, top)
                x1 = min(x + w, left + segment.shape[1])
                y1 = min(y + h, top + segment.shape[0])
                out[y0 - y : y1 - y, x0 - x : x1 - x] = segment[y0 - top : y1 - top, x0 - left : x1 - left]
        return out

    def encoded(self, plane: int, column: int, row: int) -> bytes | None:
        """The stored JPEG tile, made into a whole file; ``None`` for other compressions and sparse tiles."""
        segments = self._pages[plane]
        if segments is None or segments.page.compression != _JPEG or not segments.page.is_tiled:
            return None
        data = self._stored(segments, row * self._across + column)
        if data is None:
            return None
        rgb = segments.page.photometric == tifffile.PHOTOMETRIC.RGB
        return complete_jpeg(data, segments.tables.get("jpegtables"), stored_as_rgb=rgb)

    def _segment(self, plane: int, sample: int, column: int, row: int) -> NDArray[np.generic] | None:
        """``(rows, columns, samples)`` of one segment; ``None`` where it is sparse."""
        segments = self._pages[plane]
        if segments is None:
            return None
        index = (sample * self._down + row) * self._across + column
        nbytes = self.tile_width * self.tile_height * self._samples * self._dtype.itemsize
        if nbytes < _CACHED_SEGMENT_BYTES:
            return self._decoded(segments, index)
        empty = np.empty((0, 0, self._samples), self._dtype)
        key = (id(self), plane, index)
        return self._cache.get(key, lambda: _or(self._decoded(segments, index), empty))

    def _decoded(self, segments: Segments, index: int) -> NDArray[np.generic] | None:
        data = self._stored(segments, index)
        if data is None:
            return None
        array = segments.decode(data, index, **segments.tables)[0]
        return None if array is None else np.asarray(array)[0]

    @staticmethod
    def _stored(segments: Segments, index: int) -> bytes | None:
        if index >= len(segments.offsets):
            return None
        count = segments.bytecounts[index]
        return segments.file.read(segments.offsets[index], count) if count else None


def _or(array: NDArray[np.generic] | None, other: NDArray[np.generic]) -> NDArray[np.generic]:
    return other if array is None else array


class TiffFiles:
    """The open files of an image: one, or several of one folder for a multi-file OME-TIFF."""

    def __init__(self, path: Path) -> None:
        self._folder = path.resolve().parent
        self._files: dict[str, RandomAccessFile] = {}

    def of(self, page: tifffile.TiffPage | tifffile.TiffFrame) -> RandomAccessFile:
        """The file that holds the page's pixels; files of other folders are refused."""
        name = os.path.realpath(page.parent.filehandle.path)
        if name not in self._files:
            if Path(name).parent != self._folder:
                raise UnreadableImageError(
                    "The OME-TIFF refers to a file in another folder. Keep its files in one folder."
                )
            self._files[name] = RandomAccessFile(Path(name))
        return self._files[name]

    def close(self) -> None:
        """Close them all."""
        for file in self._files.values():
            file.close()


def planes_of(
    series: tifffile.TiffPageSeries,
    files: TiffFiles,
    plane_count: int,
    cache: ArrayCache,
) -> PagePlanes:
    """The planes of one resolution of a series, after checking that the files hold all of them."""
    page = series.keyframe
    if page.imagedepth > 1 or page.tiledepth > 1:
        raise UnreadableImageError("The TIFF stores tiles with depth. Save it with one page a slice.")
    dtype = _stored_dtype(page)
    plane_bytes = page.imagewidth * page.imagelength * page.samplesperpixel * dtype.itemsize
    if series.dataoffset is not None and _is_raw(page):
        file = files.of(page)
        offsets = [series.dataoffset + index * plane_bytes for index in range(plane_count)]
        _check_end(file, offsets[-1] + plane_bytes)
        return ContiguousPlanes(file, offsets, page, dtype)
    pages = [_segments(series, index, files) for index in range(len(series))]
    if len(pages) != plane_count or all(segments is None for segments in pages):
        raise UnreadableImageError(
            f"The TIFF has {len(pages)} pages where its metadata promises {plane_count}. "
            "Save it again with the program that made it."
        )
    starts = [_single_run(segments, plane_bytes) for segments in pages]
    present = [start for start in starts if start is not None]
    if len(present) == len(starts) and len({id(segments.file) for segments in pages if segments}) == 1:
        return ContiguousPlanes(files.of(page), present, page, dtype)
    return SegmentedPlanes(pages, dtype.newbyteorder("="), cache)


def _stored_dtype(page: tifffile.TiffPage) -> np.dtype[np.generic]:
    if page.dtype is None:
        raise UnreadableImageError(f"The TIFF has {page.bitspersample}-bit pixels of a kind that cannot be read.")
    return page.dtype.newbyteorder(page.parent.byteorder)


def _is_raw(page: tifffile.TiffPage) -> bool:
    """Whether the stored bytes are the pixels themselves."""
    whole_bytes = page.bitspersample in {8, 16, 32, 64}
    return page.compression == 1 and page.predictor == 1 and page.fillorder == 1 and whole_bytes


def _segments(series: tifffile.TiffPageSeries, index: int, files: TiffFiles) -> Segments | None:
    frame = series[index]
    if frame is None:
        return None
    file = files.of(frame)
    offsets, counts = frame.dataoffsets, frame.databytecounts
    page = frame.keyframe
    if page is None or not offsets or len(offsets) != len(counts):
        raise UnreadableImageError("The TIFF has a page without pixels.")
    _check_end(file, max(start + count for start, count in zip(offsets, counts, strict=True)))
    # everything that tifffile reads from the file must be read now
    tables = {"jpegtables": page.jpegtables, "jpegheader": page.jpegheader}
    present = {name: table for name, table in tables.items() if table is not None}
    return Segments(file, offsets, counts, page, page.decode, present)


def _single_run(segments: Segments | None, plane_bytes: int) -> int | None:
    """Where the page's pixels start, if they are raw strips without a gap."""
    if segments is None or segments.page.is_tiled or not _is_raw(segments.page):
        return None
    end = segments.offsets[0]
    for start, count in zip(segments.offsets, segments.bytecounts, strict=True):
        if start != end:
            return None
        end += count
    return segments.offsets[0] if end - segments.offsets[0] >= plane_bytes else None


def _check_end(file: RandomAccessFile, end: int) -> None:
    if end > file.size_bytes:
        raise UnreadableImageError(
            f"The TIFF is cut off: its pixels end at byte {end:,} and the file at {file.size_bytes:,}. "
            "Copy or upload it again."
        )
