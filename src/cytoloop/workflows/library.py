"""Open images by their record: a bounded number of them, shared by all requests."""

import threading
from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cytoloop.core.errors import UnreadableImageError
from cytoloop.images.conversion import open_prepared
from cytoloop.images.pyramid import Pyramid
from cytoloop.projects.images import StoredImage
from cytoloop.storage.blobs import LocalBlobs

MAX_OPEN = 48


@dataclass(frozen=True, slots=True)
class ImageFiles:
    """Where the files of an image lie: JSON-ready by ``as_call`` for worker processes."""

    original: Path
    prepared: Path | None
    series: int

    def as_call(self) -> dict[str, str | int | None]:
        return {
            "original": str(self.original),
            "prepared": None if self.prepared is None else str(self.prepared),
            "series": self.series,
        }


def open_files(files: ImageFiles) -> Pyramid:
    """Open an image. Raises ``UnreadableImageError`` when its files are gone or damaged."""
    if not files.original.exists():
        raise UnreadableImageError(
            f"The file of this image, {files.original.name}, is not where it was. "
            "Put it back, or remove the image and add it again."
        )
    return Pyramid(open_prepared(files.original, files.prepared, series=files.series))


@dataclass(slots=True)
class _Open:
    pyramid: Pyramid
    users: int = 0
    evicted: bool = False


class ImageLibrary:
    """Keeps recently used images open; closes the others when nobody reads them any more."""

    def __init__(self, blobs: LocalBlobs, max_open: int = MAX_OPEN) -> None:
        self._blobs = blobs
        self._max_open = max_open
        self._lock = threading.Lock()
        self._open: OrderedDict[str, _Open] = OrderedDict()

    def files(self, stored: StoredImage) -> ImageFiles:
        """Where the image's files lie."""
        folder = self._blobs.path(stored.content_key)
        original = Path(stored.original) if stored.in_place else folder / stored.original
        prepared = None if stored.prepared is None else folder / stored.prepared
        return ImageFiles(original, prepared, stored.series)

    @contextmanager
    def pyramid(self, stored: StoredImage) -> Generator[Pyramid]:
        """The open image, for the time of the ``with`` block."""
        entry = self._enter(stored)
        try:
            yield entry.pyramid
        finally:
            self._leave(entry)

    def _enter(self, stored: StoredImage) -> _Open:
        with self._lock:
            entry = self._open.get(stored.content_key)
            if entry is not None:
                entry.users += 1
                self._open.move_to_end(stored.content_key)
                return entry
        opened = _Open(open_files(self.files(stored)), users=1)
        with self._lock:
            present = self._open.get(stored.content_key)
            if present is None:
                self._open[stored.content_key] = opened
                self._evict()
                return opened
            present.users += 1
        opened.pyramid.source.close()
        return present

    def _leave(self, entry: _Open) -> None:
        with self._lock:
            entry.users -= 1
            close = entry.evicted and entry.users == 0
        if close:
            entry.pyramid.source.close()

    def _evict(self) -> None:
        while len(self._open) > self._max_open:
            _, entry = self._open.popitem(last=False)
            entry.evicted = True
            if entry.users == 0:
                entry.pyramid.source.close()

    def forget(self, stored: StoredImage) -> None:
        """Close an image whose files go away."""
        with self._lock:
            entry = self._open.pop(stored.content_key, None)
            if entry is None:
                return
            entry.evicted = True
            close = entry.users == 0
        if close:
            entry.pyramid.source.close()

    def close(self) -> None:
        """Close everything."""
        with self._lock:
            entries = list(self._open.values())
            self._open.clear()
        for entry in entries:
            entry.pyramid.source.close()
