"""Blobs on local disk: written to a staging name, fsynced, then renamed into place."""

import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from cytoloop.core.errors import UnreadableImageError
from cytoloop.storage.filelocks import take, taken

from .contract import OnEvent, Progress, StoredBlob, checked_key
from .place import Place


@dataclass(frozen=True, slots=True)
class FolderPin:
    """A blob that lies here anyway."""

    folder: Path

    def pause(self) -> None: ...

    def resume(self) -> bool:
        return True

    def release(self) -> None: ...


class LocalBlobs:
    """Blobs below one folder: ``root/ab/abcdef.../``, a folder for each key.

    A blob folder appears whole or not at all: ``staging`` yields a scratch folder on the same disk,
    which ``store`` renames.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._scratch = root / "staging"
        self._locks = root / "locks"

    @property
    def place(self) -> Place:
        return Place(self._root)

    def path(self, key: str) -> Path:
        """Where the blob lies or would lie. The key is a hexadecimal digest."""
        return self._root / checked_key(key)[:2] / key

    def exists(self, key: str) -> bool:
        return self.path(key).is_dir()

    @contextmanager
    def staging(self) -> Generator[Path]:
        """A scratch folder, removed at the end unless it was stored."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self._scratch))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def new_scratch(self, name: str | None = None) -> Path:
        """A path on the same disk that does not exist yet; whoever makes it removes it."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        return self._scratch / (name or uuid4().hex)

    def store(self, staged: Path, key: str, on_progress: Progress = lambda _done, _total: None) -> None:
        """Make the staged folder the blob ``key``, and take it away from where it was."""
        target = self.path(key)
        lock = taken(self._locks / key)
        try:
            if target.is_dir():
                os.utime(target)
                shutil.rmtree(staged, ignore_errors=True)
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            for file in staged.rglob("*"):
                if file.is_file():
                    _fsync(file)
            os.utime(staged)
            staged.rename(target)
            _fsync(target.parent)
        finally:
            lock.release(remove=True)

    def pin(self, key: str, on_progress: Progress = lambda _done, _total: None) -> FolderPin:
        return FolderPin(self.path(key))

    def is_here(self, key: str) -> bool:
        return self.exists(key)

    def read(self, key: str, path: str) -> bytes | None:
        file = self.path(key) / path
        return file.read_bytes() if file.is_file() else None

    def fetch(self, key: str, target: Path) -> None:
        if not self.exists(key):
            raise UnreadableImageError(f"The files {key} are not in {self._root} any more.")
        part = target.with_name(f"{target.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(self.path(key), part)
        part.rename(target)

    def remove(self, key: str, unwanted: Callable[[], bool] = lambda: True) -> bool:
        """Delete the blob; harmless when it is not there. One that is being stored stays."""
        path = self.path(key)
        lock = take(self._locks / key, wait=False)
        if lock is None:
            return False
        try:
            if not unwanted():
                return False
            gone = self.new_scratch()
            with suppress(FileNotFoundError):
                path.rename(gone)  # at once, so that no half of it is taken for the whole
            shutil.rmtree(gone, ignore_errors=True)
            return True
        finally:
            lock.release(remove=True)

    def stored(self) -> Iterator[StoredBlob]:
        for folder in sorted(self._root.glob("??/*")):
            if folder.is_dir() and folder.name.startswith(folder.parent.name):
                modified = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
                yield StoredBlob(folder.name, modified)

    def sweep(self, before: datetime) -> int:
        """Nothing: what is staged is removed by whoever staged it, or by its job."""
        return 0

    def owner(self, claimed_by: str | None = None) -> str | None:
        """Who may delete here; whoever claims it first."""
        path = self._root / "owner"
        if claimed_by is not None:
            self._root.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError), path.open("x") as file:
                file.write(claimed_by)
        return path.read_text() if path.exists() else None

    def disown(self) -> None:
        (self._root / "owner").unlink(missing_ok=True)

    def check(self) -> None:
        """A folder of the home is there."""

    def watch(self, on_event: OnEvent) -> None:
        """Nothing comes from elsewhere."""


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
