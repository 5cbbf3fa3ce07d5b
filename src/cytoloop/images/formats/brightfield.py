"""Colour slides in JPEG tiles (Aperio SVS and pyramidal TIFF): tiles are passed through as stored.

Pixels come by positional reads, several times faster than through OpenSlide, which gives only the
facts and the label, macro and thumbnail images.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import openslide
import tifffile
from numpy.typing import NDArray

from cytoloop.images.slides import on_white, slide_facts, slide_vendor
from cytoloop.images.source import ImageSource
from cytoloop.images.tiffheads import is_jpeg_tiled_rgb, is_scanner_slide, is_tiff
from cytoloop.images.tiffsource import TiffSource

_VENDORS = ("aperio", "generic-tiff")


class BrightfieldSource(TiffSource):
    """A slide in JPEG tiles, with the facts that OpenSlide knows."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, format_name="brightfield")
        self._path = path
        if slide_vendor(path) not in _VENDORS:
            return
        with openslide.OpenSlide(str(path)) as slide:
            facts = slide_facts(slide)
        generic = facts.vendor == "generic-tiff"
        self._info = replace(
            self._info,
            pixel_width_um=self._info.pixel_width_um if generic else facts.pixel_width_um,
            pixel_height_um=self._info.pixel_height_um if generic else facts.pixel_height_um,
            magnification=facts.magnification,
            vendor=None if generic else facts.vendor,
            associated=facts.associated,
            metadata={**self._info.metadata, **facts.metadata},
        )

    def associated(self, name: str) -> NDArray[np.uint8]:
        """A label, macro or thumbnail image."""
        if name not in self._info.associated:
            return super().associated(name)
        with openslide.OpenSlide(str(self._path)) as slide:
            return on_white(slide.associated_images[name])


class BrightfieldFormat:
    """Aperio SVS and other colour TIFFs in JPEG tiles."""

    name = "brightfield"
    priority = 30
    extensions = (".svs", ".tiff", ".tif")

    def recognises(self, path: Path, head: bytes) -> bool:
        """A TIFF of JPEG tiles in colour; of the scanners' own kinds only Aperio."""
        if not is_tiff(head):
            return False
        with tifffile.TiffFile(path) as tiff:
            foreign = is_scanner_slide(tiff) and not tiff.is_svs
            return not foreign and is_jpeg_tiled_rgb(tiff.pages.first)

    def open(self, path: Path) -> ImageSource:
        """The slide."""
        return BrightfieldSource(path)


FORMAT = BrightfieldFormat()
