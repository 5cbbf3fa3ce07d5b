"""A TIFF series as an image: tiled or in strips, with or without a pyramid, up to five dimensions."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError, UnreadableImageError

from .files import ArrayCache
from .planar import (
    RGB_CHANNELS,
    PlanarSource,
    PlaneLayout,
    Window,
    nominal_downsample,
    served_dtype,
    to_served,
)
from .source import Channel, ImageInfo, Level
from .tiffchain import check_directories
from .tiffmetadata import TiffFacts, facts_of
from .tiffpages import PagePlanes, TiffFiles, planes_of

_PHOTOMETRIC = tifffile.PHOTOMETRIC
_UNSUPPORTED_COLOURS = (
    _PHOTOMETRIC.SEPARATED,
    _PHOTOMETRIC.CIELAB,
    _PHOTOMETRIC.ICCLAB,
    _PHOTOMETRIC.ITULAB,
)


@dataclass(frozen=True, slots=True)
class Samples:
    """How the samples of a pixel are used.

    ``count`` are stored, ``separate`` ones as planes of their own; ``as_rgb``: the first three are a
    colour; ``palette``: ``(3, n) uint8`` colours of the indices; ``invert``: 0 is white.
    """

    count: int
    separate: bool
    as_rgb: bool
    palette: NDArray[np.uint8] | None
    invert: bool


class TiffSource(PlanarSource):
    """One series of a TIFF file.

    Parameters
    ----------
    path
        The file.
    series
        Which series, from 0.
    format_name
        ``ImageInfo.format``.
    keep_palette_indices
        Values stay as stored where the file has a colour table (ImageJ: a lookup table for display).
    """

    def __init__(
        self,
        path: Path,
        series: int = 0,
        *,
        format_name: str = "tiff",
        keep_palette_indices: bool = False,
    ) -> None:
        check_directories(path)
        self._files = TiffFiles(path)
        self._cache = ArrayCache()
        try:
            with tifffile.TiffFile(path) as tiff:
                if not 0 <= series < len(tiff.series):
                    raise InvalidInputError(
                        f"There is no series {series}: the file has {len(tiff.series)}, counted from 0."
                    )
                chosen = tiff.series[series]
                facts = facts_of(tiff, series)
                info = self._prepare(chosen, facts, format_name, keep_palette_indices=keep_palette_indices)
        except BaseException:
            self._files.close()
            raise
        super().__init__(info)

    def _prepare(
        self,
        series: tifffile.TiffPageSeries,
        facts: TiffFacts,
        format_name: str,
        *,
        keep_palette_indices: bool,
    ) -> ImageInfo:
        leading, self._samples = _axes_of(series, keep_palette_indices=keep_palette_indices)
        page = series.keyframe
        self._layout = PlaneLayout.of("".join(letter for letter, _ in leading), [size for _, size in leading])
        plane_count = int(np.prod([size for _, size in leading], dtype=int))
        stored = [
            series,
            *(level for level in series.levels[1:] if level.axes == series.axes),
        ]
        self._planes = [planes_of(level, self._files, plane_count, self._cache) for level in stored]
        samples_as_channels = 1 if self._is_rgb else self._samples.count
        dtype = np.dtype(np.uint8) if self._is_rgb else served_dtype(_dtype(page), "The TIFF")
        size_c = self._layout.size("C") * samples_as_channels
        return ImageInfo(
            format=format_name,
            width=page.imagewidth,
            height=page.imagelength,
            size_z=self._layout.size("Z"),
            size_c=size_c,
            size_t=self._layout.size("T"),
            dtype=dtype.name,
            rgb=self._is_rgb,
            levels=tuple(
                _level(page, level.keyframe, planes) for level, planes in zip(stored, self._planes, strict=True)
            ),
            channels=() if self._is_rgb else _channels(facts, size_c, self._samples.count),
            pixel_width_um=facts.pixel_width_um,
            pixel_height_um=facts.pixel_height_um,
            z_spacing_um=facts.z_spacing_um if self._layout.size("Z") > 1 else None,
            frame_interval_s=facts.frame_interval_s if self._layout.size("T") > 1 else None,
            magnification=facts.magnification,
            metadata=facts.metadata,
        )

    @property
    def _is_rgb(self) -> bool:
        return self._samples.as_rgb or self._samples.palette is not None

    def _read(self, level: int, window: Window, c: int, z: int, t: int) -> NDArray[np.generic]:
        planes, samples = self._planes[level], self._samples
        if samples.as_rgb:
            plane = self._layout.flat(0, z, t)
            if not samples.separate:
                return np.ascontiguousarray(planes.read(plane, 0, window)[..., :3])
            return np.concatenate([planes.read(plane, s, window) for s in range(3)], axis=2)
        outer, sample = divmod(c, 1 if samples.palette is not None else samples.count)
        plane = self._layout.flat(outer, z, t)
        if samples.separate:
            values = planes.read(plane, sample, window)[..., 0]
        else:
            values = planes.read(plane, 0, window)[..., sample]
        if samples.palette is not None:
            return np.take(samples.palette.T, values.astype(np.intp), axis=0)
        values = np.ascontiguousarray(to_served(values, np.dtype(self._info.dtype)))
        return np.invert(values) if samples.invert else values

    def encoded_tile(self, level: int, column: int, row: int) -> tuple[bytes, str] | None:
        """The stored JPEG tile of an RGB image; edge tiles are padded in the file and thus never given."""
        if not self._samples.as_rgb or self._samples.count != 3 or self._samples.separate:
            return None
        size = self._info.levels[level]
        if (column + 1) * size.tile_width > size.width or (row + 1) * size.tile_height > size.height:
            return None
        data = self._planes[level].encoded(0, column, row)
        return None if data is None else (data, "image/jpeg")

    def close(self) -> None:
        """Close the files."""
        self._files.close()
        self._cache.clear()


def series_names(path: Path) -> list[str]:
    """Names of the series of a TIFF file that have pixels in two dimensions."""
    with tifffile.TiffFile(path) as tiff:
        return [series.name or f"Series {index + 1}" for index, series in enumerate(tiff.series)]


def _dtype(page: tifffile.TiffPage) -> np.dtype[np.generic]:
    if page.dtype is None:
        raise UnreadableImageError("The TIFF has pixels of an unknown type.")
    return page.dtype


def _axes_of(series: tifffile.TiffPageSeries, *, keep_palette_indices: bool) -> tuple[list[tuple[str, int]], Samples]:
    """The axes in front of y and x with their sizes, and what the samples are."""
    page = series.keyframe
    named = list(zip(series.axes, series.shape, strict=True))
    letters = series.axes
    where = letters.find("YX")
    separate = page.planarconfig == 2 and page.samplesperpixel > 1
    count = page.samplesperpixel
    if where < 0 or len(letters) - where - 2 > 1 or 0 in series.shape:
        raise UnreadableImageError(
            f"The TIFF has the axes {letters} of sizes {series.shape}, which cannot be shown. "
            "Save it with y and x as its last axes and at least one pixel."
        )
    leading = named[:where]
    if separate:
        if not leading or leading[-1][1] != count:
            raise UnreadableImageError("The TIFF stores its samples in an unexpected order.")
        leading = leading[:-1]
    return leading, _samples_of(page, leading, separate=separate, keep_palette_indices=keep_palette_indices)


def _samples_of(
    page: tifffile.TiffPage,
    leading: list[tuple[str, int]],
    *,
    separate: bool,
    keep_palette_indices: bool,
) -> Samples:
    count = page.samplesperpixel
    if page.photometric in _UNSUPPORTED_COLOURS:
        raise UnreadableImageError(f"The TIFF has {page.photometric.name} colours. Save it as RGB or grayscale.")
    eight_bit = page.dtype == np.uint8
    channels = [size for letter, size in leading if letter == "C" and size > 1]
    colour = page.photometric in {_PHOTOMETRIC.RGB, _PHOTOMETRIC.YCBCR}
    as_rgb = count in {3, 4} and eight_bit and not channels and (colour or not separate)
    palette = None
    if page.photometric == _PHOTOMETRIC.PALETTE and page.colormap is not None and count == 1:
        colours = (np.asarray(page.colormap) >> 8).astype(np.uint8)
        gray = bool((colours[0] == colours[1]).all() and (colours[0] == colours[2]).all())
        palette = None if keep_palette_indices or gray or not eight_bit else colours
    invert = page.photometric == _PHOTOMETRIC.MINISWHITE and page.dtype == np.bool_
    return Samples(count, separate, as_rgb, palette, invert)


def _level(full: tifffile.TiffPage, page: tifffile.TiffPage, planes: PagePlanes) -> Level:
    downsample = nominal_downsample(full.imagewidth, full.imagelength, page.imagewidth, page.imagelength)
    return Level(
        page.imagewidth,
        page.imagelength,
        downsample,
        planes.tile_width,
        planes.tile_height,
    )


def _channels(facts: TiffFacts, size_c: int, samples: int) -> tuple[Channel, ...]:
    """The file's channels, or Red, Green and Blue for samples that are no 8-bit colour."""
    colours_missing = not any(channel.color for channel in facts.channels)
    if samples == 3 and size_c == 3 and colours_missing:
        named = len(facts.channels) == 3
        return tuple(
            replace(channel, name=facts.channels[index].name) if named else channel
            for index, channel in enumerate(RGB_CHANNELS)
        )
    if len(facts.channels) == size_c:
        return facts.channels
    return tuple(Channel(f"Channel {index + 1}") for index in range(size_c))
