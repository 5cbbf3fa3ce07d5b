"""Locks that threads and processes share: ``flock`` on a file, gone with whoever holds it."""

import fcntl
import os
from pathlib import Path


class FileLock:
    """A lock that is held. ``take`` gives one."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @property
    def is_held(self) -> bool:
        return self._descriptor >= 0

    def share(self) -> None:
        """Let others share what was held alone."""
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def pause(self) -> None:
        """Let go for now; ``resume`` takes it again."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def resume(self) -> bool:
        """Share it again, unless it is held by another alone or its file was removed meanwhile."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return _is_at(self._descriptor, self.path)

    def read(self) -> bytes:
        """The first bytes of the file, which tell others what its holder does."""
        return os.pread(self._descriptor, 64, 0)

    def write(self, text: bytes) -> None:
        """Tell others. Texts have the same length, so that none is read in part."""
        os.pwrite(self._descriptor, text, 0)

    def used(self) -> None:
        """Set the time of the file to now."""
        os.utime(self._descriptor)

    def release(self, *, remove: bool = False) -> None:
        """Let go; with ``remove`` (held alone only) the file goes too. Twice is harmless."""
        if self._descriptor < 0:
            return
        if remove:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = -1


def take(path: Path, *, shared: bool = False, wait: bool = True) -> FileLock | None:
    """Lock the file, which is made if it is not there; ``None`` if it is held and one may not wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, how)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        if _is_at(descriptor, path):
            return FileLock(path, descriptor)
        os.close(descriptor)  # whoever held it before removed the file


def taken(path: Path) -> FileLock:
    """Lock the file alone, however long that takes."""
    lock = take(path)
    assert lock is not None
    return lock


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    own = os.fstat(descriptor)
    return (own.st_dev, own.st_ino) == (there.st_dev, there.st_ino)
