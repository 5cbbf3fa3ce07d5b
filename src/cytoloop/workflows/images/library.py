"""Open images by their record: a bounded number of them, shared by all requests."""

import threading
from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cytoloop.images.pyramid import Pyramid
from cytoloop.projects.images import StoredImage
from cytoloop.storage.blobs.contract import Blobs, Pin, Progress
from cytoloop.storage.blobs.folder import LocalBlobs

from .arrivals import Arrival, Arrivals
from .files import ImageFiles, open_pinned
from .previews import PREVIEW

MAX_OPEN = 48


@dataclass(slots=True)
class _Open:
    """An open image. Its files may go while nobody uses it; then it is opened anew."""

    pyramid: Pyramid
    pin: Pin | None
    users: int = 0
    evicted: bool = False

    def close(self) -> None:
        self.pyramid.source.close()
        if self.pin is not None:
            self.pin.release()


class ImageLibrary:
    """Keeps recently used images open; closes the others when nobody reads them any more.

    Parameters
    ----------
    patience_s
        How long to wait for files that come from elsewhere, before ``ArrivingError`` tells how far they are; ``None``:
        as long as it takes.
    """

    def __init__(self, blobs: Blobs, max_open: int = MAX_OPEN, patience_s: float | None = None) -> None:
        self._blobs = blobs
        self._max_open = max_open
        self._patience_s = patience_s
        self._arrivals = Arrivals()
        self._lock = threading.Lock()
        self._open: OrderedDict[str, _Open] = OrderedDict()

    def files(self, stored: StoredImage) -> ImageFiles:
        """Where the image's files lie."""
        original = Path(stored.original)
        prepared = None if stored.prepared is None else Path(stored.prepared)
        if stored.in_place and prepared is None:
            return ImageFiles(original, None, stored.series)
        if isinstance(self._blobs, LocalBlobs):
            folder = self._blobs.path(stored.content_key)  # an absolute path stays what it is
            return ImageFiles(folder / original, None if prepared is None else folder / prepared, stored.series)
        return ImageFiles(original, prepared, stored.series, stored.content_key, self._blobs.place)

    @contextmanager
    def pyramid(self, stored: StoredImage) -> Generator[Pyramid]:
        """The open image, for the time of the ``with`` block."""
        entry = self._enter(stored)
        try:
            yield entry.pyramid
        finally:
            self._leave(entry)

    @contextmanager
    def local(self, stored: StoredImage) -> Generator[ImageFiles]:
        """The files on this machine, for the time of the ``with`` block."""
        if self._patience_s is not None and self.files(stored).key is not None:
            with self.pyramid(stored):
                pass  # they are here now, or an error told how far they are
        here, pin = self.files(stored).pinned(blobs=self._blobs)
        try:
            yield here
        finally:
            if pin is not None:
                pin.release()

    def preview(self, stored: StoredImage) -> bytes | None:
        """The small picture kept beside an image whose files would have to come from elsewhere, if there is one."""
        key = stored.content_key
        if self.files(stored).key is None or self._blobs.is_here(key):
            return None
        return self._blobs.read(key, PREVIEW)

    def arrival(self, stored: StoredImage) -> Arrival | None:
        """How far the files are that come from elsewhere, begun if need be; ``None`` when they are here."""
        files = self.files(stored)
        if files.key is None:
            return None
        entry = self._opened(stored.content_key)
        if entry is not None:
            self._leave(entry)
            return None
        return self._arrivals.begin(stored.content_key, lambda tell: self._bring(stored, tell))

    def _enter(self, stored: StoredImage) -> _Open:
        files, key = self.files(stored), stored.content_key
        while True:
            entry = self._opened(key)
            if entry is not None:
                return entry
            if self._patience_s is None or files.key is None:
                return self._added(key, _Open(*open_pinned(files, blobs=self._blobs), users=1))
            arrival = self._arrivals.begin(key, lambda tell: self._bring(stored, tell))
            self._arrivals.wait(arrival, self._patience_s)

    def _bring(self, stored: StoredImage, tell: Progress) -> None:
        opened = open_pinned(self.files(stored), tell, self._blobs)
        self._leave(self._added(stored.content_key, _Open(*opened, users=1)))

    def _opened(self, key: str) -> _Open | None:
        """The open image with one user more, unless it is not open, or its files went."""
        with self._lock:
            entry = self._open.get(key)
            if entry is None:
                return None
            if entry.users > 0 or entry.pin is None or entry.pin.resume():
                entry.users += 1
                self._open.move_to_end(key)
                return entry
            del self._open[key]
        entry.close()
        return None

    def _added(self, key: str, opened: _Open) -> _Open:
        with self._lock:
            present = self._open.get(key)
            if present is None or (present.users == 0 and present.pin is not None and not present.pin.resume()):
                self._open[key] = opened
                self._evict()
            else:
                present.users += 1
                opened, present = present, opened
        if present is not None:
            present.close()  # its files went, or two opened the image at once
        return opened

    def _leave(self, entry: _Open) -> None:
        with self._lock:
            entry.users -= 1
            unused = entry.users == 0
            if unused and not entry.evicted and entry.pin is not None:
                entry.pin.pause()
            close = entry.evicted and unused
        if close:
            entry.close()

    def _evict(self) -> None:
        while len(self._open) > self._max_open:
            _, entry = self._open.popitem(last=False)
            entry.evicted = True
            if entry.users == 0:
                entry.close()

    def forget(self, stored: StoredImage) -> None:
        """Close an image whose files go away."""
        with self._lock:
            entry = self._open.pop(stored.content_key, None)
            if entry is None:
                return
            entry.evicted = True
            close = entry.users == 0
        if close:
            entry.close()

    def close(self) -> None:
        """Close everything."""
        self._arrivals.close()
        with self._lock:
            entries = list(self._open.values())
            self._open.clear()
        for entry in entries:
            entry.close()
