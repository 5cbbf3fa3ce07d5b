"""Zeiss CZI: mosaics and scenes in one common frame; channels, z slices, time points; stored zoom levels."""

import struct
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pylibCZIrw import czi

from cytoloop.core.errors import UnreadableImageError
from cytoloop.images.omexml import Element, descendants, local_name, parse_xml
from cytoloop.images.planar import RGB_CHANNELS, PlanarSource, Window
from cytoloop.images.source import Channel, ImageInfo, ImageSource, Level

_SEGMENT_HEADER = struct.Struct("<16sqq")  # id, allocated and used size of what follows, in bytes
_TILE_PX = 512
_SMALLEST_LEVEL_PX = 512
_DTYPES = {
    "Gray8": "uint8",
    "Gray16": "uint16",
    "Gray32Float": "float32",
    "Bgr24": "uint8",
    "Bgr48": "uint16",
    "Bgr96Float": "float32",
}


class CziSource(PlanarSource):
    """A CZI file, read as one picture: the box around all scenes. One thread at a time inside libCZI."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._closed = False
        _check_segments(path)
        self._reader = czi.CziReader(str(path))
        try:
            info = self._facts()
        except BaseException:
            self._reader.close()
            raise
        super().__init__(info)

    def _facts(self) -> ImageInfo:
        ranges = self._reader.total_bounding_box
        box = self._reader.total_bounding_rectangle
        self._left, self._top = box.x, box.y
        self._first = {axis: ranges[axis][0] if axis in ranges else 0 for axis in "CZT"}
        sizes = {axis: ranges[axis][1] - ranges[axis][0] if axis in ranges else 1 for axis in "CZT"}
        kinds = set(self._reader.pixel_types.values())
        kind = next(iter(kinds), "")
        if box.w < 1 or box.h < 1 or kind not in _DTYPES or len(kinds) != 1:
            raise UnreadableImageError(
                f"The CZI has {box.w} x {box.h} px of the types {', '.join(sorted(kinds)) or 'none'}; "
                "one common gray or colour type can be read. Export it as OME-TIFF."
            )
        self._bgr = kind.startswith("Bgr")
        rgb = kind == "Bgr24" and sizes["C"] == 1
        size_c = 1 if rgb else sizes["C"] * (3 if self._bgr else 1)
        root = parse_xml(self._reader.raw_metadata)
        scaling = _scaling_um(root)
        facts = _metadata(root)
        return ImageInfo(
            format="czi",
            width=box.w,
            height=box.h,
            size_z=sizes["Z"],
            size_c=size_c,
            size_t=sizes["T"],
            dtype=_DTYPES[kind],
            rgb=rgb,
            levels=_levels(box.w, box.h, has_pyramid=self._has_pyramid()),
            channels=() if rgb else _channels(root, size_c, colour=self._bgr),
            pixel_width_um=scaling.get("X"),
            pixel_height_um=scaling.get("Y"),
            z_spacing_um=scaling.get("Z") if sizes["Z"] > 1 else None,
            magnification=_magnification(root),
            vendor="zeiss",
            metadata=facts,
        )

    def _has_pyramid(self) -> bool:
        """Whether any stored block is a reduced one."""
        reduced: list[bool] = []

        def look(number: int, block: Any) -> bool:
            del number
            if block.physicalSize.w < block.logicalRect.w:
                reduced.append(True)
            return not reduced

        reader: Any = self._reader
        reader.enumerate_subblocks(look)
        return bool(reduced)

    def _read(self, level: int, window: Window, c: int, z: int, t: int) -> NDArray[np.generic]:
        x, y, w, h = window
        factor = int(self._info.levels[level].downsample)
        channel, sample = divmod(c, 3) if self._bgr and not self._info.rgb else (c, 0)
        plane = {
            "C": self._first["C"] + channel,
            "Z": self._first["Z"] + z,
            "T": self._first["T"] + t,
        }
        roi = (self._left + x * factor, self._top + y * factor, w * factor, h * factor)
        white = (1.0, 1.0, 1.0) if self._info.rgb else (0.0, 0.0, 0.0)
        with self._lock:
            pixels = self._reader.read(roi=roi, plane=plane, zoom=1 / factor, background_pixel=white)
        pixels = pixels[:h, :w]
        if self._info.rgb:
            return np.ascontiguousarray(pixels[..., ::-1])
        return np.ascontiguousarray(pixels[..., 2 - sample if self._bgr else 0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._reader.close()


def _check_segments(path: Path) -> None:
    """Walk over all segments of the file; libCZI notices a missing one only when it reads it."""
    size_bytes = path.stat().st_size
    offset = 0
    with path.open("rb") as file:
        while offset < size_bytes:
            file.seek(offset)
            header = file.read(_SEGMENT_HEADER.size)
            if len(header) < _SEGMENT_HEADER.size:
                break
            _, allocated_bytes, used_bytes = _SEGMENT_HEADER.unpack(header)
            end = offset + _SEGMENT_HEADER.size + (used_bytes or allocated_bytes)
            if end > size_bytes or allocated_bytes < 0:
                raise UnreadableImageError(
                    f"The CZI is cut off: its data reach to byte {end:,}, the file to {size_bytes:,}. "
                    "Copy or upload it again."
                )
            offset += _SEGMENT_HEADER.size + allocated_bytes


def _levels(width: int, height: int, *, has_pyramid: bool) -> tuple[Level, ...]:
    """Full resolution and, where reduced blocks are stored, halves of it, which libCZI makes from them."""
    factors = [1]
    while has_pyramid and max(width, height) / factors[-1] > _SMALLEST_LEVEL_PX:
        factors.append(factors[-1] * 2)
    return tuple(Level(width // factor, height // factor, float(factor), _TILE_PX, _TILE_PX) for factor in factors)


def _scaling_um(root: Element) -> dict[str, float]:
    """Micrometres a step along X, Y and Z; the file has metres."""
    found: dict[str, float] = {}
    for scaling in descendants(root, "Scaling"):
        for distance in descendants(scaling, "Distance"):
            axis = distance.attrib.get("Id", "")
            value = _number(_text(distance, "Value"))
            if value and axis not in found:
                found[axis] = value * 1e6
    return found


def _text(element: Element, name: str) -> str:
    for found in descendants(element, name):
        if found.text and found.text.strip():
            return found.text.strip()
    return ""


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _channels(root: Element, size_c: int, *, colour: bool) -> tuple[Channel, ...]:
    if colour:
        return RGB_CHANNELS * (size_c // 3)
    colors: dict[str, str] = {}
    for display in descendants(root, "DisplaySetting"):
        for channel in descendants(display, "Channel"):
            color = _text(channel, "Color")  # #aarrggbb
            if len(color) == 9:
                colors[channel.attrib.get("Id", "")] = f"#{color[3:].lower()}"
    named: list[Channel] = []
    for dimensions in descendants(root, "Dimensions")[:1]:
        for channel in descendants(dimensions, "Channel"):
            name = channel.attrib.get("Name") or _text(channel, "DyeName")
            identity = channel.attrib.get("Id", "")
            named.append(Channel(name or f"Channel {len(named) + 1}", colors.get(identity)))
    if len(named) == size_c:
        return tuple(named)
    return tuple(Channel(f"Channel {index + 1}") for index in range(size_c))


def _magnification(root: Element) -> float | None:
    for objective in descendants(root, "Objective"):
        value = _number(_text(objective, "NominalMagnification"))
        if value:
            return value
    return None


def _metadata(root: Element) -> dict[str, str]:
    facts: dict[str, str] = {}
    for label, name in (
        ("Acquired", "AcquisitionDateAndTime"),
        ("Objective", "ObjectiveName"),
    ):
        text = _text(root, name)
        if text:
            facts[label] = text
    applications = [element for element in root.iter() if local_name(element) == "Application"]
    if applications:
        words = (_text(applications[0], "Name"), _text(applications[0], "Version"))
        facts["Software"] = " ".join(word for word in words if word)
    return {label: text for label, text in facts.items() if text}


class CziFormat:
    """Zeiss CZI."""

    name = "czi"
    priority = 60
    extensions = (".czi",)

    def recognises(self, path: Path, head: bytes) -> bool:
        """The segment id of a CZI file header."""
        del path
        return head.startswith(b"ZISRAWFILE")

    def open(self, path: Path) -> ImageSource:
        """All scenes in one frame."""
        return CziSource(path)


FORMAT = CziFormat()
