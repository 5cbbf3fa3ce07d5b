"""Files by content, on local disk: written to a staging name, fsynced, then renamed into place."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from cytoloop.core.errors import NotFoundError

CHUNK_BYTES = 1 << 20


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, or of the names and contents of a folder's files in sorted order."""
    digest = hashlib.sha256()
    if path.is_file():
        _feed(digest, path)
        return digest.hexdigest()
    for file in sorted(one for one in path.rglob("*") if one.is_file()):
        digest.update(file.relative_to(path).as_posix().encode() + b"\0")
        _feed(digest, file)
    return digest.hexdigest()


def _feed(digest: "_Digest", path: Path) -> None:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)


class LocalBlobs:
    """Blobs below one folder: ``root/ab/abcdef.../``, a folder for each key.

    A blob folder appears whole or not at all: ``staging`` yields a scratch folder on the same disk,
    which ``commit`` renames.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._scratch = root / "staging"
        self._scratch.mkdir(parents=True, exist_ok=True)

    def path(self, key: str) -> Path:
        """Where the blob lies or would lie. The key is a hexadecimal digest."""
        if not key.isalnum() or len(key) < 8:
            raise NotFoundError(f"There is no stored file {key[:80]!r}.")
        return self._root / key[:2] / key

    def exists(self, key: str) -> bool:
        return self.path(key).is_dir()

    @contextmanager
    def staging(self) -> Generator[Path]:
        """A scratch folder, removed at the end unless it was committed."""
        folder = Path(tempfile.mkdtemp(dir=self._scratch))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def new_scratch(self, name: str | None = None) -> Path:
        """A path on the same disk that does not exist yet; whoever makes it removes it."""
        return self._scratch / (name or uuid4().hex)

    def commit(self, staged: Path, key: str) -> Path:
        """Make the staged folder the blob ``key``. If the blob is there already, it stays as it is."""
        target = self.path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        for file in staged.rglob("*"):
            if file.is_file():
                _fsync(file)
        try:
            staged.rename(target)
        except OSError:
            if not target.is_dir():
                raise
            return target
        _fsync(target.parent)
        return target

    def remove(self, key: str) -> None:
        """Delete the blob; harmless when it is not there."""
        shutil.rmtree(self.path(key), ignore_errors=True)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
