"""Blobs in an object store, read by way of a cache on local disk.

``manifests/KEY`` lists the files of a blob and is written last; the files are ``data/KEY/UPLOAD/NUMBER``. ``owner``
names the installation that may delete.
"""

import math
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from cytoloop.core.errors import UnavailableError, UnreadableImageError
from cytoloop.storage.filelocks import take, taken

from .bucket import Bucket
from .cache import BlobCache
from .contract import OnEvent, Pin, Progress, StoredBlob, checked_key, is_key
from .manifest import MAX_BYTES, Manifest
from .place import Place
from .transfers import download, read_file, upload

MANIFESTS, DATA, OWNER = "manifests", "data", "owner"
CHECKED_FOR_S = 2.0
"""How long the answer whether the store can be reached is good for."""


@dataclass(slots=True)
class _Upload:
    """Objects of one upload: their names, and when the last was written."""

    names: list[str] = field(default_factory=list[str])
    last: datetime | None = None


class ObjectBlobs:
    """Blobs in a bucket. Who stores or removes one holds a lock in the home folder, which all of a server share."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._bucket = Bucket(place)
        self._cache = BlobCache(place.cache, place.cache_bytes)
        self._scratch = place.folder / "staging"
        self._locks = place.folder / "locks"
        self._checking = threading.Lock()
        self._checked_at = -math.inf
        self._trouble: str | None = None
        self._on_event: OnEvent = lambda _name, _count: None

    @property
    def place(self) -> Place:
        return self._place

    @property
    def bucket(self) -> Bucket:
        """The objects themselves."""
        return self._bucket

    def exists(self, key: str) -> bool:
        return self._bucket.find(f"{MANIFESTS}/{checked_key(key)}") is not None

    def store(self, staged: Path, key: str, on_progress: Progress = lambda _done, _total: None) -> None:
        """Send the staged folder, unless it is there; what is staged stays where it is."""
        name = f"{MANIFESTS}/{checked_key(key)}"
        lock = taken(self._locks / key)
        try:
            present = self._bucket.read(name, MAX_BYTES)
            if present is None:
                manifest = upload(self._bucket, f"{DATA}/{key}", staged, on_progress)
                present = manifest.encoded()
                self._on_event("stored_bytes", manifest.size_bytes)
            self._bucket.write(name, present)  # again, so that its time tells that it is wanted
        finally:
            lock.release(remove=True)

    def pin(self, key: str, on_progress: Progress = lambda _done, _total: None) -> Pin:
        manifests: list[Manifest] = []

        def size_of() -> int:
            manifests.append(self._manifest(key))
            return manifests[0].size_bytes

        def fill(folder: Path, tell: Progress) -> None:
            download(self._bucket, f"{DATA}/{key}", manifests[0], folder, tell)
            self._on_event("fetched_bytes", manifests[0].size_bytes)

        pin, was_here = self._cache.pin(checked_key(key), size_of, fill, on_progress)
        self._on_event("cache_hit" if was_here else "cache_miss", 1)
        return pin

    def is_here(self, key: str) -> bool:
        return self._cache.holds(checked_key(key))

    def read(self, key: str, path: str) -> bytes | None:
        return read_file(self._bucket, f"{DATA}/{checked_key(key)}", self._manifest(key), path)

    def fetch(self, key: str, target: Path) -> None:
        part = target.with_name(f"{target.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        download(self._bucket, f"{DATA}/{checked_key(key)}", self._manifest(key), part, lambda _done, _total: None)
        part.rename(target)

    def _manifest(self, key: str) -> Manifest:
        text = self._bucket.read(f"{MANIFESTS}/{checked_key(key)}", MAX_BYTES)
        if text is None:
            raise UnreadableImageError(
                f"The files of this image are not in the object store ({self._place}) any more. Restore them from a "
                "backup, or remove the image and add it again."
            )
        return Manifest.decoded(text, key)

    def remove(self, key: str, unwanted: Callable[[], bool] = lambda: True) -> bool:
        """Delete the blob; harmless when it is not there. One that is being stored stays."""
        lock = take(self._locks / checked_key(key), wait=False)
        if lock is None:
            return False
        try:
            if not unwanted():
                return False
            self._bucket.delete([f"{MANIFESTS}/{key}"])  # first, so that no half of it is taken for the whole
            self._bucket.delete([one.name for one in self._bucket.below(f"{DATA}/{key}")])
        finally:
            lock.release(remove=True)
        self._cache.drop(key)
        return True

    def stored(self) -> Iterator[StoredBlob]:
        for one in self._bucket.below(MANIFESTS):
            key = one.name.rpartition("/")[2]
            if is_key(key):
                yield StoredBlob(key, one.modified)

    def sweep(self, before: datetime) -> int:
        """Delete objects of uploads that no manifest names and that were sent before then."""
        known = {one.key for one in self.stored()}
        current: tuple[str, dict[str, _Upload]] = ("", {})
        count = 0
        for one in self._bucket.below(DATA):  # in the order of names, so that one key's come together
            parts = one.name.split("/")
            if len(parts) != 4 or not is_key(parts[1]):
                continue  # not one of ours
            _, key, name, _ = parts
            if key != current[0]:
                count += self._sweep_key(*current, known, before)
                current = (key, defaultdict(_Upload))
            found = current[1][name]
            found.names.append(one.name)
            found.last = one.modified if found.last is None else max(found.last, one.modified)
        return count + self._sweep_key(*current, known, before)

    def _sweep_key(self, key: str, uploads: dict[str, _Upload], known: set[str], before: datetime) -> int:
        old = {name: one for name, one in uploads.items() if one.last is not None and one.last < before}
        if not old or (key in known and len(uploads) == 1):
            return 0
        lock = take(self._locks / checked_key(key), wait=False)
        if lock is None:
            return 0
        try:
            text = self._bucket.read(f"{MANIFESTS}/{key}", MAX_BYTES)
            wanted = None if text is None else Manifest.decoded(text, key).upload
            gone = [one for name, one in old.items() if name != wanted]
            for one in gone:
                self._bucket.delete(one.names)
        finally:
            lock.release(remove=True)
        return len(gone)

    def owner(self, claimed_by: str | None = None) -> str | None:
        """Who may delete here; whoever claims it first."""
        if claimed_by is not None:
            self._bucket.create(OWNER, claimed_by.encode())
        found = self._bucket.read(OWNER, 1000)
        return None if found is None else found.decode(errors="replace")

    def disown(self) -> None:
        self._bucket.delete([OWNER])

    def new_scratch(self, name: str | None = None) -> Path:
        """A path on the disk of the home that does not exist yet; whoever makes it removes it."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        return self._scratch / (name or uuid4().hex)

    def check(self) -> None:
        """Ask, unless that was done a moment ago: anybody may ask whether a server is ready."""
        with self._checking:
            if time.monotonic() - self._checked_at >= CHECKED_FOR_S:
                self._trouble = None
                try:
                    self._bucket.check()
                except UnavailableError as error:
                    self._trouble = error.message
                self._checked_at = time.monotonic()
            if self._trouble is not None:
                raise UnavailableError(self._trouble)

    def cached_bytes(self) -> int:
        """How much the cache takes."""
        return self._cache.size_bytes()

    def watch(self, on_event: OnEvent) -> None:
        self._on_event = on_event
        self._bucket.on_event = on_event
