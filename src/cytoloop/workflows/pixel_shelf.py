"""Pixel classifiers of a project on disk: numbered versions."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from cytoloop.core.errors import CytoloopError
from cytoloop.learning.pixels.package import PixelPackage, known_pixel_classifier

from .versionfolder import VersionFolder


@dataclass(frozen=True, slots=True)
class PixelVersion:
    """A pixel classifier of a project and its number, counted from 1."""

    number: int
    package: PixelPackage


@dataclass(frozen=True, slots=True)
class PixelShelf:
    """The folder that holds a folder for each project."""

    folder: Path

    def of_project(self, project: UUID) -> Path:
        """Where a project's versions lie; the folder may not be there yet."""
        return self.folder / str(project)

    def _numbered(self, project: UUID) -> VersionFolder:
        return VersionFolder(self.of_project(project), "pixel classifier")

    def versions(self, project: UUID) -> list[PixelVersion]:
        """Every pixel classifier of a project, the newest first; one whose files are damaged is left out."""
        found: list[PixelVersion] = []
        for number in self._numbered(project).numbers():
            try:
                found.append(self.version(project, number))
            except CytoloopError:
                continue
        return found

    def version(self, project: UUID, number: int) -> PixelVersion:
        """A pixel classifier by its number, or ``NotFoundError`` that lists those there are."""
        return PixelVersion(number, known_pixel_classifier(self._numbered(project).path(number)))

    def add(self, project: UUID, source: Path) -> int:
        """Move a written package in as the next version; its number."""
        return self._numbered(project).add(source)

    def remove(self, project: UUID, number: int) -> None:
        """Remove a version."""
        self._numbered(project).remove(number)

    def forget_project(self, project: UUID) -> None:
        """Remove the pixel classifiers of a project that is gone."""
        shutil.rmtree(self.of_project(project), ignore_errors=True)
