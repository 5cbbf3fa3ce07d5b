"""A folder of numbered versions: v1, v2, ... Numbers of removed ones are not given out again."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from cytoloop.core.errors import NotFoundError

_VERSION = re.compile(r"^v([1-9][0-9]{0,5})$")


@dataclass(frozen=True, slots=True)
class VersionFolder:
    """What is numbered is called ``what`` in messages."""

    folder: Path
    what: str

    def numbers(self) -> list[int]:
        """The numbers there are, the highest first."""
        names = (path.name for path in self.folder.iterdir()) if self.folder.is_dir() else ()
        return sorted((int(found[1]) for name in names if (found := _VERSION.match(name))), reverse=True)

    def path(self, number: int) -> Path:
        """The folder of a version, or ``NotFoundError`` that lists those there are."""
        path = self.folder / f"v{number}"
        if not path.is_dir():
            known = ", ".join(str(one) for one in self.numbers()) or "none"
            raise NotFoundError(f"There is no {self.what} {number} in this project. There are: {known}.")
        return path

    def add(self, source: Path) -> int:
        """Move a written folder in as the next version; its number."""
        self.folder.mkdir(parents=True, exist_ok=True)
        number = max((*self.numbers(), self._last()), default=0) + 1
        shutil.move(source, self.folder / f"v{number}")
        (self.folder / "last").write_text(str(number))
        return number

    def _last(self) -> int:
        """The highest number that was given out."""
        try:
            return int((self.folder / "last").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def remove(self, number: int) -> None:
        """Remove a version."""
        path = self.path(number)
        doomed = path.with_name(f".{path.name}.removed")
        path.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
