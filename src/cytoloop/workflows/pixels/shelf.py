"""Pixel classifiers of a project on disk: numbered versions."""

from pathlib import Path

from cytoloop.learning.pixels.package import PixelPackage, known_pixel_classifier
from cytoloop.workflows.versions.shelf import Version, VersionShelf

PixelVersion = Version[PixelPackage]


class PixelShelf(VersionShelf[PixelPackage]):
    """The folder that holds a folder for each project."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "pixel classifier", known_pixel_classifier)
