"""Nikon ND2 (since 2005): stage positions as series; channels, z slices, time points."""

import threading
from pathlib import Path
from typing import Any

import nd2
import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError, UnreadableImageError
from cytoloop.images.files import ArrayCache
from cytoloop.images.planar import (
    PlanarSource,
    PlaneLayout,
    Window,
    one_level,
    served_dtype,
    to_served,
)
from cytoloop.images.source import Channel, ImageInfo, ImageSource

_MAGIC = b"\xda\xce\xbe\x0a"
_POSITION = "P"


class Nd2Source(PlanarSource):
    """One stage position of an ND2 file. A frame holds all channels; frames are cached.

    Parameters
    ----------
    file
        An open ``nd2.ND2File`` (or its twin in tests); it is closed with the source.
    position
        The stage position, from 0.
    """

    def __init__(self, file: Any, position: int = 0) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._cache = ArrayCache()
        self._position = position
        super().__init__(self._facts())

    def _facts(self) -> ImageInfo:
        file, sizes = self._file, dict(self._file.sizes)
        positions = int(sizes.get(_POSITION, 1))
        if not 0 <= self._position < positions:
            raise InvalidInputError(f"There is no series {self._position}: the file has {positions}, counted from 0.")
        width, height = int(sizes.get("X", 1)), int(sizes.get("Y", 1))
        if width < 1 or height < 1:
            raise UnreadableImageError("The ND2 file has no pixels.")
        samples = int(sizes.get("S", 1))
        dtype = served_dtype(np.dtype(file.dtype), "The ND2 file")
        self._rgb = samples == 3 and dtype == np.uint8 and sizes.get("C", 1) == 1
        inside = {"C", "Y", "X", "S"}
        self._loops = [(axis, int(size)) for axis, size in sizes.items() if axis not in inside]
        outer = [(axis, size) for axis, size in self._loops if axis != _POSITION]
        self._layout = PlaneLayout.of("".join(axis for axis, _ in outer), [size for _, size in outer])
        self._frame_shape = (int(sizes.get("C", 1)), height, width, samples)
        size_c = 1 if self._rgb else int(sizes.get("C", 1)) * samples
        voxel = file.voxel_size()
        return ImageInfo(
            format="nd2",
            width=width,
            height=height,
            size_z=self._layout.size("Z"),
            size_c=size_c,
            size_t=self._layout.size("T"),
            dtype=dtype.name,
            rgb=self._rgb,
            levels=one_level(width, height, width, height),
            channels=() if self._rgb else _channels(file, size_c),
            pixel_width_um=_positive(voxel.x),
            pixel_height_um=_positive(voxel.y),
            z_spacing_um=_positive(voxel.z) if self._layout.size("Z") > 1 else None,
            frame_interval_s=_interval_s(file),
            magnification=_magnification(file),
            vendor="nikon",
            metadata=_metadata(file),
        )

    def _read(self, level: int, window: Window, c: int, z: int, t: int) -> NDArray[np.generic]:
        del level
        number = self._frame_number(z, t)
        frame = self._cache.get(number, lambda: self._frame(number))
        if self._rgb:
            return frame[0, window.rows, window.columns]
        channel, sample = divmod(c, self._frame_shape[3])
        return frame[channel, window.rows, window.columns, sample]

    def _frame_number(self, z: int, t: int) -> int:
        here = dict(
            zip(
                (axis for axis, _ in self._outer()),
                self._layout.index(0, z, t),
                strict=True,
            )
        )
        here[_POSITION] = self._position
        number = 0
        for axis, size in self._loops:
            number = number * size + here[axis]
        return number

    def _outer(self) -> list[tuple[str, int]]:
        return [(axis, size) for axis, size in self._loops if axis != _POSITION]

    def _frame(self, number: int) -> NDArray[np.generic]:
        """``(c, y, x, samples)`` of one frame, copied out of the file's memory map."""
        with self._lock:
            frame = np.array(self._file.read_frame(number))
        return to_served(frame.reshape(self._frame_shape), np.dtype(self._info.dtype))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()
        self._cache.clear()


def _positive(value: float | None) -> float | None:
    return float(value) if value else None


def _channels(file: Any, size_c: int) -> tuple[Channel, ...]:
    described = _described(file)
    if len(described) != size_c:
        return tuple(Channel(f"Channel {index + 1}") for index in range(size_c))
    return tuple(
        Channel(
            entry.channel.name,
            f"#{entry.channel.color.r:02x}{entry.channel.color.g:02x}{entry.channel.color.b:02x}",
        )
        for entry in described
    )


def _described(file: Any) -> list[Any]:
    """The channels' metadata; some files have none."""
    return list(getattr(file.metadata, "channels", None) or [])


def _interval_s(file: Any) -> float | None:
    for loop in file.experiment:
        period_ms = getattr(getattr(loop, "parameters", None), "periodMs", None)
        if getattr(loop, "type", "") == "TimeLoop" and period_ms:
            return float(period_ms) / 1000
    return None


def _magnification(file: Any) -> float | None:
    for entry in _described(file):
        value = getattr(entry.microscope, "objectiveMagnification", None)
        if value:
            return float(value)
    return None


def _metadata(file: Any) -> dict[str, str]:
    facts: dict[str, str] = {}
    for entry in _described(file)[:1]:
        if entry.microscope.objectiveName:
            facts["Objective"] = str(entry.microscope.objectiveName)
    acquired = file.text_info.get("date")
    if acquired:
        facts["Acquired"] = str(acquired)
    return facts


class Nd2Format:
    """Nikon ND2."""

    name = "nd2"
    priority = 80
    extensions = (".nd2",)

    def recognises(self, path: Path, head: bytes) -> bool:
        """The chunk magic of ND2 version 2 and 3; the JPEG 2000 based files before 2005 are not read."""
        del path
        return head.startswith(_MAGIC)

    def open(self, path: Path) -> ImageSource:
        """The first stage position."""
        return self.open_series(path, 0)

    def open_series(self, path: Path, series: int) -> ImageSource:
        """One stage position."""
        file = nd2.ND2File(path)
        try:
            return Nd2Source(file, series)
        except BaseException:
            file.close()
            raise

    def series_names(self, path: Path) -> list[str]:
        """Stage positions."""
        with nd2.ND2File(path) as file:
            count = int(file.sizes.get(_POSITION, 1))
        return [path.stem] if count == 1 else [f"Position {index + 1}" for index in range(count)]


FORMAT = Nd2Format()
