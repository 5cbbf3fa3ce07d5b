"""Slides that OpenSlide reads: Hamamatsu NDPI, MIRAX, Leica SCN, Ventana BIF, Philips, Trestle, odd SVS."""

from pathlib import Path

import numpy as np
import openslide
from numpy.typing import NDArray

from cytoloop.images.planar import PlanarSource, Window, nominal_downsample
from cytoloop.images.slides import on_white, slide_facts, slide_vendor
from cytoloop.images.source import ImageInfo, ImageSource, Level

_LEFT_TO_OTHERS = (None, "generic-tiff", "dicom", "zeiss")
_DEFAULT_TILE_PX = 256


class OpenSlideSource(PlanarSource):
    """A slide; OpenSlide may be used from several threads."""

    def __init__(self, path: Path) -> None:
        self._slide = openslide.OpenSlide(str(path))
        self._closed = False
        facts = slide_facts(self._slide)
        width, height = self._slide.dimensions
        super().__init__(
            ImageInfo(
                format="openslide",
                width=width,
                height=height,
                size_z=1,
                size_c=1,
                size_t=1,
                dtype="uint8",
                rgb=True,
                levels=tuple(self._level(index) for index in range(self._slide.level_count)),
                pixel_width_um=facts.pixel_width_um,
                pixel_height_um=facts.pixel_height_um,
                magnification=facts.magnification,
                vendor=facts.vendor,
                associated=facts.associated,
                metadata=facts.metadata,
            )
        )

    def _level(self, index: int) -> Level:
        width, height = self._slide.level_dimensions[index]
        tile = [
            int(self._slide.properties.get(f"openslide.level[{index}].tile-{side}", _DEFAULT_TILE_PX))
            for side in ("width", "height")
        ]
        full_width, full_height = self._slide.dimensions
        downsample = nominal_downsample(full_width, full_height, width, height)
        return Level(width, height, downsample, tile[0], tile[1])

    def _read(self, level: int, window: Window, c: int, z: int, t: int) -> NDArray[np.generic]:
        del c, z, t
        factor = self._slide.level_downsamples[level]
        # OpenSlide wants the corner in full-resolution pixels
        corner = (round(window.x * factor), round(window.y * factor))
        return on_white(self._slide.read_region(corner, level, (window.w, window.h)))

    def associated(self, name: str) -> NDArray[np.uint8]:
        """A label, macro or thumbnail image."""
        if name not in self._info.associated:
            return super().associated(name)
        return on_white(self._slide.associated_images[name])

    def close(self) -> None:
        """Close the slide."""
        if not self._closed:
            self._closed = True
            self._slide.close()


class OpenSlideFormat:
    """Slides in the formats of scanner makers."""

    name = "openslide"
    priority = 40
    extensions = (
        ".ndpi",
        ".mrxs",
        ".scn",
        ".bif",
        ".svs",
        ".svslide",
        ".vms",
        ".tif",
        ".tiff",
    )

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whatever OpenSlide knows a maker for, but what other formats read better."""
        return bool(head) and slide_vendor(path) not in _LEFT_TO_OTHERS

    def open(self, path: Path) -> ImageSource:
        """The slide."""
        return OpenSlideSource(path)


FORMAT = OpenSlideFormat()
