"""Leica LIF: the images of an experiment as series; wavelength sweeps are channels."""

import threading
from pathlib import Path
from typing import Any

import liffile
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

_WAVELENGTH_AXES = ("\u03bb", "\u039b")  # emission, excitation
_LUT_COLORS = {
    "red": "#ff0000",
    "green": "#00ff00",
    "blue": "#0000ff",
    "cyan": "#00ffff",
    "magenta": "#ff00ff",
    "yellow": "#ffff00",
    "gray": "#ffffff",
    "grey": "#ffffff",
}


class LifSource(PlanarSource):
    """One image of a LIF file. liffile has one file pointer: a lock guards it, planes are cached."""

    def __init__(self, path: Path, series: int) -> None:
        self._lock = threading.Lock()
        self._cache = ArrayCache()
        self._file = liffile.LifFile(path)
        try:
            images = _with_pixels(self._file)
            _check_end(images, path.stat().st_size)
            if not images:
                raise UnreadableImageError("The LIF file holds no image with pixels.")
            if not 0 <= series < len(images):
                raise InvalidInputError(f"There is no series {series}: the file has {len(images)}, counted from 0.")
            self._image: Any = images[series]
            info = self._facts()
        except BaseException:
            self._file.close()
            raise
        super().__init__(info)

    def _facts(self) -> ImageInfo:
        image = self._image
        frames = image.frames
        self._samples = frames.frame_sizes.get("S", 1)
        shape = tuple(frames.frame_shape)
        if tuple(frames.frame_dims)[:2] != ("Y", "X") or self._samples not in {1, 3}:
            raise UnreadableImageError(
                f"The LIF image has the axes {', '.join(image.dims)}; only pictures with y and x as "
                "innermost axes can be shown."
            )
        self._layout = PlaneLayout.of("".join(frames.dims[: -len(shape)]), frames.shape[: -len(shape)])
        dtype = served_dtype(np.dtype(image.dtype), "The LIF image")
        rgb = self._samples == 3 and dtype == np.uint8 and self._layout.size("C") == 1
        size_c = 1 if rgb else self._layout.size("C") * self._samples
        coords = image.coords
        return ImageInfo(
            format="lif",
            width=shape[1],
            height=shape[0],
            size_z=self._layout.size("Z"),
            size_c=size_c,
            size_t=self._layout.size("T"),
            dtype=dtype.name,
            rgb=rgb,
            levels=one_level(shape[1], shape[0], shape[1], shape[0]),
            channels=() if rgb else _channels(image, size_c),
            pixel_width_um=_step(coords, "X", 1e6),
            pixel_height_um=_step(coords, "Y", 1e6),
            z_spacing_um=_step(coords, "Z", 1e6),
            frame_interval_s=_step(coords, "T", 1.0),
            magnification=_magnification(image),
            vendor="leica",
            metadata=_metadata(image, self._file),
        )

    def _read(self, level: int, window: Window, c: int, z: int, t: int) -> NDArray[np.generic]:
        del level
        outer, sample = divmod(c, 1 if self._info.rgb else self._samples)
        index = self._layout.index(outer, z, t)
        plane = self._cache.get(index, lambda: self._plane(index))
        part = plane[window.rows, window.columns]
        return part if part.ndim == 2 or self._info.rgb else part[..., sample]

    def _plane(self, index: tuple[int, ...]) -> NDArray[np.generic]:
        with self._lock:
            pixels = np.asarray(self._image.frames[index] if index else self._image.frames[0])
        return to_served(pixels, np.dtype(self._info.dtype))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()
        self._cache.clear()


def _with_pixels(file: liffile.LifFile) -> list[Any]:
    """Images with y and x; lifetime data and empty ones are left out."""
    return [
        image for image in file.images if not image.is_flim and {"Y", "X"} <= set(image.dims) and 0 not in image.shape
    ]


def _check_end(images: list[Any], size_bytes: int) -> None:
    """Refuse a file that does not hold the pixels of all its images."""
    blocks = [image.memory_block for image in images]
    if any(block.offset >= 0 and block.offset + block.size > size_bytes for block in blocks):
        raise UnreadableImageError("The LIF file is cut off. Copy or upload it again.")


def _step(coords: Any, axis: str, factor: float) -> float | None:
    positions = coords.get(axis)
    if positions is None or len(positions) < 2:
        return None
    step = abs(float(positions[-1]) - float(positions[0])) / (len(positions) - 1) * factor
    return step if step > 0 else None


def _channels(image: Any, size_c: int) -> tuple[Channel, ...]:
    described = image.xml_element.findall("./Data/Image/ImageDescription/Channels/ChannelDescription")
    tables = [str(element.attrib.get("LUTName", "")).lower() for element in described]
    colors = [_LUT_COLORS.get(table) for table in tables] if len(tables) == size_c else [None] * size_c
    names = [f"Channel {index + 1}" for index in range(size_c)]
    waves = [axis for axis in image.dims if axis in _WAVELENGTH_AXES]
    if len(waves) == 1 and image.sizes[waves[0]] == size_c and waves[0] in image.coords:
        names = [f"{float(metres) * 1e9:.0f} nm" for metres in image.coords[waves[0]]]
    return tuple(Channel(name, color) for name, color in zip(names, colors, strict=True))


def _settings(image: Any) -> dict[str, str]:
    element = image.xml_element.find(".//ATLConfocalSettingDefinition")
    return {} if element is None else dict(element.attrib)


def _magnification(image: Any) -> float | None:
    try:
        return float(_settings(image)["Magnification"]) or None
    except (KeyError, ValueError):
        return None


def _metadata(image: Any, file: liffile.LifFile) -> dict[str, str]:
    settings = _settings(image)
    facts = {"Name": str(image.path)}
    if file.datetime is not None:
        facts["Acquired"] = file.datetime.isoformat()
    for label, key in (
        ("Objective", "ObjectiveName"),
        ("Microscope", "MicroscopeModel"),
    ):
        if settings.get(key, "").strip():
            facts[label] = " ".join(settings[key].split())
    return facts


class LifFormat:
    """Leica LIF."""

    name = "lif"
    priority = 70
    extensions = (".lif",)

    def recognises(self, path: Path, head: bytes) -> bool:
        """The test words of the LIF header and its XML."""
        del path
        return head[:4] == b"\x70\x00\x00\x00" and head[8:9] == b"\x2a"

    def open(self, path: Path) -> ImageSource:
        """The first image with pixels."""
        return LifSource(path, 0)

    def open_series(self, path: Path, series: int) -> ImageSource:
        """One of the images with pixels."""
        return LifSource(path, series)

    def series_names(self, path: Path) -> list[str]:
        """Names of the images with pixels."""
        with liffile.LifFile(path) as file:
            return [str(image.path) for image in _with_pixels(file)]


FORMAT = LifFormat()
