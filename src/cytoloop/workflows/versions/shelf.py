"""Packages of a project on disk: numbered versions that are read when they are asked for."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar
from uuid import UUID

from cytoloop.core.errors import CytoloopError

from .folder import VersionFolder

Package = TypeVar("Package")


@dataclass(frozen=True, slots=True)
class Version(Generic[Package]):
    """A package of a project and its number, counted from 1."""

    number: int
    package: Package


class VersionShelf(Generic[Package]):
    """The folder that holds a folder for each project; what lies there is called ``what`` in messages."""

    def __init__(self, folder: Path, what: str, read: Callable[[Path], Package]) -> None:
        self.folder = folder
        self._what, self._read = what, read

    def of_project(self, project: UUID) -> Path:
        """Where a project's versions lie; the folder may not be there yet."""
        return self.folder / str(project)

    def _numbered(self, project: UUID) -> VersionFolder:
        return VersionFolder(self.of_project(project), self._what)

    def versions(self, project: UUID) -> list[Version[Package]]:
        """Every version of a project, the newest first; one whose files are damaged is left out."""
        found: list[Version[Package]] = []
        for number in self._numbered(project).numbers():
            try:
                found.append(self.version(project, number))
            except CytoloopError:
                continue
        return found

    def numbers(self, project: UUID) -> list[int]:
        """The numbers of the versions, the highest first, without a look at them."""
        return self._numbered(project).numbers()

    def version(self, project: UUID, number: int) -> Version[Package]:
        """A version by its number, or ``NotFoundError`` that lists those there are."""
        return Version(number, self._read(self._numbered(project).path(number)))

    def add(self, project: UUID, source: Path) -> int:
        """Move a written package in as the next version; its number."""
        return self._numbered(project).add(source)

    def remove(self, project: UUID, number: int) -> None:
        """Remove a version."""
        self._numbered(project).remove(number)

    def forget_project(self, project: UUID) -> None:
        """Remove what a project had that is gone."""
        shutil.rmtree(self.of_project(project), ignore_errors=True)
