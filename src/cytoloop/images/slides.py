"""Facts and associated images that OpenSlide finds in a slide."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openslide
from numpy.typing import NDArray
from PIL import Image

_FACTS = (
    (
        "Acquired",
        ("aperio.Date", "tiff.DateTime", "hamamatsu.Created", "leica.creation-date"),
    ),
    (
        "Scanner",
        (
            "aperio.ScanScope ID",
            "hamamatsu.Product",
            "leica.device-model",
            "tiff.Model",
        ),
    ),
    ("Software", ("tiff.Software", "aperio.Title")),
    ("Comment", ("openslide.comment",)),
)


@dataclass(frozen=True, slots=True)
class SlideFacts:
    """Pixel size, objective, scanner vendor, names of associated images, and what people like to know."""

    pixel_width_um: float | None
    pixel_height_um: float | None
    magnification: float | None
    vendor: str
    associated: tuple[str, ...]
    metadata: Mapping[str, str]


def slide_vendor(path: Path) -> str | None:
    """The vendor's name as OpenSlide has it, or ``None`` where it knows no such slide."""
    return openslide.OpenSlide.detect_format(str(path))


def slide_facts(slide: openslide.OpenSlide) -> SlideFacts:
    """Facts of an open slide."""
    properties = slide.properties
    metadata: dict[str, str] = {}
    for label, keys in _FACTS:
        values = [properties[key].strip() for key in keys if properties.get(key, "").strip()]
        if values:
            metadata[label] = " ".join(values[0].split())[:1000]
    time = properties.get("aperio.Time")
    if time and "Acquired" in metadata:
        metadata["Acquired"] += f" {time}"
    return SlideFacts(
        pixel_width_um=_number(properties.get(openslide.PROPERTY_NAME_MPP_X)),
        pixel_height_um=_number(properties.get(openslide.PROPERTY_NAME_MPP_Y)),
        magnification=_number(properties.get(openslide.PROPERTY_NAME_OBJECTIVE_POWER)),
        vendor=properties.get(openslide.PROPERTY_NAME_VENDOR, "unknown"),
        associated=tuple(sorted(slide.associated_images)),
        metadata=metadata,
    )


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if value > 0 else None


def on_white(picture: Image.Image) -> NDArray[np.uint8]:
    """An RGBA picture on white: ``(h, w, 3) uint8``."""
    if picture.mode != "RGBA":
        return np.asarray(picture.convert("RGB"))
    pixels = np.asarray(picture)
    if pixels[..., 3].min() == 255:
        return np.ascontiguousarray(pixels[..., :3])
    white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(white, picture).convert("RGB"))
