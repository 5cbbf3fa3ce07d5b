"""TIFF with structure: OME-TIFF, ImageJ, stacks, tiled and pyramidal images; any number type.

Slides of scanners are left to the brightfield and OpenSlide readers, single plain pictures to the
plain one. OpenSlide would open an OME-TIFF as one 8-bit plane without an error, so this comes first.
"""

from pathlib import Path

import tifffile

from cytoloop.images.source import ImageSource
from cytoloop.images.tiffheads import is_jpeg_tiled_rgb, is_scanner_slide, is_tiff
from cytoloop.images.tiffsource import TiffSource, series_names


class TiffFormat:
    """TIFF with metadata, several planes or tiles."""

    name = "tiff"
    priority = 20
    extensions = (".ome.tiff", ".ome.tif", ".tiff", ".tif", ".ome.tf8", ".btf", ".lsm")

    def recognises(self, path: Path, head: bytes) -> bool:
        """Any TIFF but scanner slides, tiled JPEG colour images, and plain single pictures."""
        if not is_tiff(head):
            return False
        with tifffile.TiffFile(path) as tiff:
            if tiff.is_ome or tiff.is_imagej or tiff.is_lsm:
                return True
            if is_scanner_slide(tiff) or is_jpeg_tiled_rgb(tiff.pages.first):
                return False
            return tiff.pages.first.is_tiled or len(tiff.pages) > 1 or len(tiff.series[0].shape) > 3

    def open(self, path: Path) -> ImageSource:
        """The first series."""
        return self.open_series(path, 0)

    def open_series(self, path: Path, series: int) -> ImageSource:
        """One of several series."""
        with tifffile.TiffFile(path) as tiff:
            imagej = tiff.is_imagej or tiff.is_ome
        return TiffSource(path, series, format_name=self.name, keep_palette_indices=bool(imagej))

    def series_names(self, path: Path) -> list[str]:
        """Names of the series."""
        return series_names(path)


FORMAT = TiffFormat()
