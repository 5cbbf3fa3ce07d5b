"""Blobs from elsewhere on local disk: as many as fit, those used last.

Each blob has a lock file beside it. Who reads the blob shares the lock, who brings or removes it holds it alone, so
that threads and processes of one machine bring each blob once, and nothing goes while it is read. The lock file tells
how large the blob is and how much of it is here; its time tells when the blob was last used.
"""

import contextlib
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from cytoloop.core.errors import StorageFullError, TooLargeError, UnavailableError
from cytoloop.storage.filelocks import FileLock, take, taken

from .contract import Progress

LOOK_EVERY_S = 0.1
RESERVE_BYTES = 1 << 30
"""Room that stays free on the disk of the cache."""
MIB = 1 << 20


@dataclass(slots=True)
class CachePin:
    """A blob that stays in the cache until it is released."""

    folder: Path
    _lock: FileLock

    def pause(self) -> None:
        self._lock.pause()

    def resume(self) -> bool:
        if not (self._lock.resume() and self.folder.is_dir()):
            return False
        self._lock.used()
        return True

    def release(self) -> None:
        self._lock.release()


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the lock file of a blob tells."""

    key: str
    size_bytes: int
    used: float


class BlobCache:
    """The cache below one folder.

    Parameters
    ----------
    limit_bytes
        How much the blobs take at most, all processes of this folder together.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._locks = folder / "locks"
        self._room = folder / "room.lock"

    def pin(
        self, key: str, size_of: Callable[[], int], fill: Callable[[Path, Progress], None], on_progress: Progress
    ) -> tuple[CachePin, bool]:
        """The blob, pinned, and whether it was here already.

        Parameters
        ----------
        size_of
            How large it is, asked if it is not here.
        fill
            Writes it into a folder that is there and empty, telling how far it is.

        Raises
        ------
        TooLargeError
            It is larger than the cache may be.
        UnavailableError
            There is no room now, because everything else is in use. Also what ``fill`` raises.
        """
        found = self._found(key)
        if found is not None:
            return found, True
        while True:
            alone = take(self._locks / key, wait=False)
            if alone is not None:
                try:
                    self._bring(key, alone, size_of, fill, on_progress)
                    alone.share()
                except BaseException:
                    alone.release(remove=True)
                    raise
                pin = CachePin(self._place(key), alone)
                if pin.resume():  # between the two kinds of holding it, it could be removed
                    return pin, False
                pin.release()
                continue
            found = self._found(key)
            if found is not None:
                return found, False
            self._tell_of_others(key, on_progress)
            time.sleep(LOOK_EVERY_S)

    def holds(self, key: str) -> bool:
        """Whether the blob is here now; it may go the next moment."""
        return self._place(key).is_dir()

    def drop(self, key: str) -> None:
        """Remove a blob, unless it is in use."""
        self._remove(key)

    def size_bytes(self) -> int:
        """How much the blobs take, those on their way included."""
        return sum(one.size_bytes for one in self._entries())

    def _place(self, key: str) -> Path:
        return self._folder / "blobs" / key

    def _found(self, key: str) -> CachePin | None:
        if not self._place(key).is_dir():
            return None
        lock = take(self._locks / key, shared=True, wait=False)
        if lock is None:
            return None
        if not self._place(key).is_dir():
            lock.release()
            return None
        lock.used()
        return CachePin(self._place(key), lock)

    def _bring(
        self,
        key: str,
        alone: FileLock,
        size_of: Callable[[], int],
        fill: Callable[[Path, Progress], None],
        on_progress: Progress,
    ) -> None:
        if self._place(key).is_dir():
            return  # another brought it meanwhile
        size = size_of()
        self._make_room(key, alone, size)
        arriving = self._folder / "arriving" / key
        shutil.rmtree(arriving, ignore_errors=True)
        arriving.mkdir(parents=True)

        def tell(done: int, total: int) -> None:
            alone.write(_told(size, done))
            on_progress(done, total)

        try:
            fill(arriving, tell)
            self._place(key).parent.mkdir(parents=True, exist_ok=True)
            arriving.rename(self._place(key))
        except BaseException:
            shutil.rmtree(arriving, ignore_errors=True)
            raise

    def _tell_of_others(self, key: str, on_progress: Progress) -> None:
        """How far another thread or process is with bringing it."""
        with contextlib.suppress(OSError, ValueError):
            size, done = _heard((self._locks / key).read_bytes())
            on_progress(done, size)

    def _make_room(self, key: str, alone: FileLock, size: int) -> None:
        """Remove what was not used for longest until there is room, and say that it is taken."""
        if size > self._limit_bytes:
            raise TooLargeError(
                f"This image takes {size / 1e9:.1f} GB, and the cache for images from the object store may take "
                f"{self._limit_bytes / 1e9:.1f} GB. Raise CYTOLOOP_BLOB_CACHE_MIB to {-(-size // MIB)} or more."
            )
        room = taken(self._room)
        try:
            others = [one for one in self._entries() if one.key != key]
            total = sum(one.size_bytes for one in others) + size
            for one in sorted(others, key=lambda one: one.used):
                if total <= self._limit_bytes and self._free() >= size + RESERVE_BYTES:
                    break
                if self._remove(one.key):
                    total -= one.size_bytes
            if total > self._limit_bytes:
                raise UnavailableError(
                    "The cache for images from the object store is full of images in use. Close some and try again, "
                    "or raise CYTOLOOP_BLOB_CACHE_MIB."
                )
            if self._free() < size + RESERVE_BYTES:
                raise StorageFullError(
                    f"The disk of the cache for images from the object store has no room for {size / 1e9:.1f} GB. "
                    "Free some space, or put the cache elsewhere (CYTOLOOP_BLOB_CACHE)."
                )
            alone.write(_told(size, 0))
        finally:
            room.release()

    def _free(self) -> int:
        return shutil.disk_usage(self._folder).free

    def _entries(self) -> list[_Entry]:
        found: list[_Entry] = []
        if not self._locks.is_dir():
            return found
        for path in self._locks.iterdir():
            try:
                size, _ = _heard(path.read_bytes())
                found.append(_Entry(path.name, size, path.stat().st_mtime))
            except FileNotFoundError:
                continue  # removed meanwhile
            except ValueError:
                continue  # its blob is just being asked for, and takes no room yet
        return found

    def _remove(self, key: str) -> bool:
        """Remove a blob, or what is left of one whose bringer died; false if it is in use."""
        lock = take(self._locks / key, wait=False)
        if lock is None:
            return False
        gone = self._folder / "arriving" / f"gone-{uuid4().hex}"
        gone.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            self._place(key).rename(gone)  # at once, so that no half of it is taken for the whole
        shutil.rmtree(gone, ignore_errors=True)
        shutil.rmtree(self._folder / "arriving" / key, ignore_errors=True)
        lock.release(remove=True)
        return True


def _told(size: int, done: int) -> bytes:
    return f"{size:020d} {done:020d}\n".encode()


def _heard(text: bytes) -> tuple[int, int]:
    size, done = text.split()
    return int(size), int(done)
