"""Landmark detectors of a project on disk: numbered versions."""

from pathlib import Path
from uuid import UUID

from cytoloop.core.errors import NotFoundError
from cytoloop.learning.landmarks.package import LandmarkPackage, known_detector
from cytoloop.workflows.versions.shelf import Version, VersionShelf

LandmarkVersion = Version[LandmarkPackage]


class LandmarkShelf(VersionShelf[LandmarkPackage]):
    """The folder that holds a folder for each project."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "landmark detector", known_detector)

    def newest(self, project: UUID) -> LandmarkVersion:
        """The detector that was trained or imported last, or ``NotFoundError``."""
        found = self.versions(project)
        if not found:
            raise NotFoundError("The project has no landmark detector yet. Place landmarks on images and train one.")
        return found[0]
