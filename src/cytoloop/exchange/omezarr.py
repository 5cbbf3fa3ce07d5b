"""Images as OME-Zarr 0.5: a pyramid in shards, lossless, that any NGFF reader opens."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec

from cytoloop import __version__
from cytoloop.core.errors import ConflictError
from cytoloop.images.resampling import averaged
from cytoloop.images.source import ImageInfo, ImageSource

CHUNK_PX = 512
SHARD_PX = 4096
"""A shard holds many chunks in one file: slides would else be tens of thousands of files."""
_SMALLEST_LEVEL_PX = 512
_RGB = (("Red", "FF0000"), ("Green", "00FF00"), ("Blue", "0000FF"))
Progress = Callable[[float], None]


def write_omezarr(source: ImageSource, target: Path, progress: Progress) -> Path:
    """Write an image with all its planes and halved resolutions (means of 2 x 2 px), in bounded memory.

    Parameters
    ----------
    source
        The image. RGB becomes three channels coloured red, green and blue.
    target
        The folder to make, ``NAME.ome.zarr``; it appears when it is complete.
    progress
        Called with 0..1; what it raises stops the writing and leaves nothing behind.

    Raises
    ------
    ConflictError
        There is something at ``target`` already.
    """
    if target.exists():
        raise ConflictError(f"{target.name} is there already. Remove it, or choose another name.")
    partial = target.with_name(f".{target.name}.{uuid4().hex[:8]}.partial")
    try:
        _Writer(source, partial, progress).write()
        partial.replace(target)
    except BaseException:
        with suppress(FileNotFoundError):
            shutil.rmtree(partial)
        raise
    return target


class _Writer:
    """Writes full resolution from the source, and each further level from the one before."""

    def __init__(self, source: ImageSource, path: Path, progress: Progress) -> None:
        self._source = source
        self._info = source.info()
        self._progress = progress
        self._group: Any = zarr.open_group(path, mode="w", zarr_format=3)
        self._size_c = 3 if self._info.rgb else self._info.size_c
        self._done_px = 0
        planes = self._info.size_t * self._info.size_z * self._info.size_c
        self._total_px = planes * self._info.width * self._info.height * 4 / 3

    def write(self) -> None:
        """The levels, then the metadata that names them."""
        width, height = self._info.width, self._info.height
        sizes = [(width, height)]
        while max(sizes[-1]) > _SMALLEST_LEVEL_PX:
            sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
        finer = None
        for level, (level_width, level_height) in enumerate(sizes):
            array = self._array(str(level), level_width, level_height)
            for t in range(self._info.size_t):
                for z in range(self._info.size_z):
                    self._write_plane(array, finer, t, z)
            finer = array
        self._group.attrs["ome"] = _metadata(self._info, sizes, self._size_c)
        self._progress(1.0)

    def _array(self, name: str, width: int, height: int) -> Any:
        chunk = (1, 1, 1, min(CHUNK_PX, _even(height)), min(CHUNK_PX, _even(width)))
        shard = tuple(_up(min(SHARD_PX, side), part) for side, part in zip((height, width), chunk[3:], strict=True))
        info = self._info
        return self._group.create_array(
            name,
            shape=(info.size_t, self._size_c, info.size_z, height, width),
            dtype=np.dtype(info.dtype),
            chunks=chunk,
            shards=(1, 1, 1, *shard),
            compressors=BloscCodec(cname="zstd", clevel=3, shuffle="shuffle"),
            dimension_names=["t", "c", "z", "y", "x"],
        )

    def _write_plane(self, array: Any, finer: Any | None, t: int, z: int) -> None:
        """One plane in strips of a shard's height."""
        height = array.shape[3]
        for top in range(0, height, SHARD_PX):
            bottom = min(top + SHARD_PX, height)
            for channel in range(self._info.size_c):
                if finer is None:
                    strip = self._stored(top, bottom, channel, z, t)
                    first = channel
                    array[t, first : first + strip.shape[0], z, top:bottom] = strip
                    self._advance(strip)
                else:
                    for one in range(3) if self._info.rgb else (channel,):
                        strip = np.asarray(finer[t, one, z, 2 * top : 2 * bottom])
                        array[t, one, z, top:bottom] = averaged(strip, 2)
                        self._advance(strip)

    def _stored(self, top: int, bottom: int, channel: int, z: int, t: int) -> NDArray[Any]:
        pixels = self._source.read_region(0, 0, top, self._info.width, bottom - top, c=channel, z=z, t=t)
        return np.moveaxis(pixels, -1, 0) if self._info.rgb else pixels[None]

    def _advance(self, strip: NDArray[Any]) -> None:
        self._done_px += strip.size // 4
        self._progress(min(0.99, self._done_px / max(1.0, self._total_px)))


def _even(side: int) -> int:
    return max(1, side)


def _up(side: int, step: int) -> int:
    return -(-side // step) * step


def _metadata(info: ImageInfo, sizes: list[tuple[int, int]], size_c: int) -> dict[str, Any]:
    space = {"type": "space", "unit": "micrometer"} if info.pixel_width_um else {"type": "space"}
    time = {"type": "time", "unit": "second"} if info.frame_interval_s else {"type": "time"}
    axes = [
        {"name": "t", **time},
        {"name": "c", "type": "channel"},
        {"name": "z", **({"type": "space", "unit": "micrometer"} if info.z_spacing_um else {"type": "space"})},
        {"name": "y", **space},
        {"name": "x", **space},
    ]
    full = [
        info.frame_interval_s or 1.0,
        1.0,
        info.z_spacing_um or 1.0,
        info.pixel_height_um or info.pixel_width_um or 1.0,
        info.pixel_width_um or 1.0,
    ]
    datasets = [
        {
            "path": str(level),
            "coordinateTransformations": [
                {"type": "scale", "scale": [*full[:3], full[3] * info.height / height, full[4] * info.width / width]}
            ],
        }
        for level, (width, height) in enumerate(sizes)
    ]
    return {
        "version": "0.5",
        "multiscales": [{"name": "image", "axes": axes, "datasets": datasets, "type": "mean"}],
        "omero": {"channels": _channels(info, size_c)},
        "_creator": {"name": "cytoloop", "version": __version__},
    }


def _channels(info: ImageInfo, size_c: int) -> list[dict[str, Any]]:
    named = list(_RGB) if info.rgb else [(one.name, (one.color or "#FFFFFF")[1:].upper()) for one in info.channels]
    named += [(f"Channel {number + 1}", "FFFFFF") for number in range(len(named), size_c)]
    low, high = _range(info.dtype)
    window = {"min": low, "max": high, "start": low, "end": high}
    return [{"label": name, "color": color, "active": True, "window": window} for name, color in named]


def _range(dtype: str) -> tuple[float, float]:
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return 0.0, 1.0
    limits = np.iinfo(cast("Any", kind))
    return float(limits.min), float(limits.max)
