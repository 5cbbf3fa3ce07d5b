"""Pixel sizes, channels and other facts of a TIFF: from OME-XML, ImageJ, LSM or resolution tags."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import tifffile

from .omexml import ome_facts
from .source import Channel
from .units import micrometres, seconds

_LARGEST_PLAUSIBLE_PIXEL_UM = 20.0
"""Plain resolution tags are mostly for print (72 to 600 dpi, 353 to 42 um); no microscope is meant."""


@dataclass(frozen=True, slots=True)
class TiffFacts:
    """What the metadata says; ``channels`` is empty where it says nothing."""

    pixel_width_um: float | None = None
    pixel_height_um: float | None = None
    z_spacing_um: float | None = None
    frame_interval_s: float | None = None
    magnification: float | None = None
    channels: tuple[Channel, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


def facts_of(tiff: tifffile.TiffFile, series: int) -> TiffFacts:
    """Facts of one series, from the richest metadata that the file has."""
    if tiff.is_ome and tiff.ome_metadata:
        found = ome_facts(tiff.ome_metadata, series)
        return TiffFacts(
            pixel_width_um=found.pixel_width_um,
            pixel_height_um=found.pixel_height_um,
            z_spacing_um=found.z_spacing_um,
            frame_interval_s=found.frame_interval_s,
            magnification=found.magnification,
            channels=found.channels,
            metadata=found.metadata,
        )
    if tiff.is_imagej and tiff.imagej_metadata is not None:
        return _imagej_facts(tiff, tiff.imagej_metadata)
    if tiff.is_lsm and tiff.lsm_metadata is not None:
        return _lsm_facts(tiff.lsm_metadata)
    return _tag_facts(tiff)


def _resolution(page: tifffile.TiffPage, tag: str) -> float | None:
    """Pixels per unit."""
    value: Any = page.tags.valueof(tag)
    if not isinstance(value, tuple) or len(cast("tuple[Any, ...]", value)) != 2:
        return None
    numerator, denominator = cast("tuple[int, int]", value)
    return numerator / denominator if numerator > 0 and denominator > 0 else None


def _pixel_size(page: tifffile.TiffPage, tag: str, unit: str) -> float | None:
    per_unit = _resolution(page, tag)
    return None if per_unit is None else micrometres(1 / per_unit, unit)


def _imagej_facts(tiff: tifffile.TiffFile, imagej: dict[str, Any]) -> TiffFacts:
    page = tiff.pages.first
    unit = str(imagej.get("unit", ""))
    unit = unit.encode("ascii", "replace").decode("unicode_escape") if "\\u" in unit else unit
    spacing, interval = imagej.get("spacing"), imagej.get("finterval")
    return TiffFacts(
        pixel_width_um=_pixel_size(page, "XResolution", unit),
        pixel_height_um=_pixel_size(page, "YResolution", unit),
        z_spacing_um=micrometres(float(spacing), unit) if spacing else None,
        frame_interval_s=seconds(float(interval), str(imagej.get("tunit", "s"))) if interval else None,
        channels=_imagej_channels(imagej),
        metadata=_imagej_metadata(imagej),
    )


def _imagej_channels(imagej: dict[str, Any]) -> tuple[Channel, ...]:
    count = int(imagej.get("channels", 1))
    labels = _as_list(imagej.get("Labels"))[:count]
    usable = count > 1 and len(labels) == count and len(set(labels)) == count
    tables = _as_list(imagej.get("LUTs")) if imagej.get("mode") != "grayscale" else []
    if not tables and not usable:
        return ()
    channels: list[Channel] = []
    for index in range(count):
        color = None
        if len(tables) >= count:
            table = np.asarray(tables[index])  # (3, 256) uint8
            color = "#" + "".join(f"{int(value):02x}" for value in table[:, -1])
        channels.append(Channel(str(labels[index]) if usable else f"Channel {index + 1}", color))
    return tuple(channels)


def _as_list(value: object) -> list[Any]:
    return list(cast("list[Any]", value)) if isinstance(value, (list, tuple)) else []


def _imagej_metadata(imagej: dict[str, Any]) -> dict[str, str]:
    facts = {"Software": f"ImageJ {imagej.get('ImageJ', '')}".strip()}
    if imagej.get("Info"):
        facts["Info"] = str(imagej["Info"]).strip()[:2000]
    ranges = [float(value) for value in _as_list(imagej.get("Ranges"))]
    pairs = zip(ranges[::2], ranges[1::2], strict=False)
    if ranges:
        facts["Display ranges"] = ", ".join(f"{low:g} to {high:g}" for low, high in pairs)
    return facts


def _lsm_facts(lsm: dict[str, Any]) -> TiffFacts:
    def um(key: str) -> float | None:
        value = lsm.get(key)
        return float(value) * 1e6 if value else None

    interval = lsm.get("TimeIntervall")  # sic, as in the file format
    return TiffFacts(
        pixel_width_um=um("VoxelSizeX"),
        pixel_height_um=um("VoxelSizeY"),
        z_spacing_um=um("VoxelSizeZ"),
        frame_interval_s=float(interval) if interval else None,
        metadata={"Software": "Zeiss LSM"},
    )


def _tag_facts(tiff: tifffile.TiffFile) -> TiffFacts:
    page = tiff.pages.first
    unit = {2: "inch", 3: "cm"}.get(int(page.tags.valueof("ResolutionUnit", 0) or 0), "")
    width = _pixel_size(page, "XResolution", unit)
    height = _pixel_size(page, "YResolution", unit)
    plausible = width is not None and width <= _LARGEST_PLAUSIBLE_PIXEL_UM
    metadata = {
        name: str(page.tags.valueof(tag)).strip()
        for name, tag in (
            ("Software", "Software"),
            ("Acquired", "DateTime"),
            ("Maker", "Make"),
        )
        if page.tags.valueof(tag)
    }
    return TiffFacts(
        pixel_width_um=width if plausible else None,
        pixel_height_um=height if plausible else None,
        metadata=metadata,
    )
