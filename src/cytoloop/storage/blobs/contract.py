"""What can be done with blobs, wherever they lie."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from cytoloop.core.errors import NotFoundError, UnreadableImageError

from .place import Place

Progress = Callable[[int, int], None]
"""Told bytes done and bytes in all, now and then."""
OnEvent = Callable[[str, float], None]
"""Told what happened, for counting: its name, and how many or how much."""

ARRIVING = timedelta(hours=6)
"""A blob that no record knows after this long was left behind by something that broke off."""


class DamagedBlobError(UnreadableImageError):
    """What is stored is not what was put there."""

    code = "damaged_file"


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A blob that is there, and when it was put there, or asked for again by an import."""

    key: str
    modified: datetime


class Pin(Protocol):
    """A blob's files on local disk, which stay there until it is released."""

    @property
    def folder(self) -> Path: ...

    def pause(self) -> None:
        """The files are not read for now; they may go."""
        ...

    def resume(self) -> bool:
        """The files are read again; false if they went."""
        ...

    def release(self) -> None:
        """The files are not read any more. Twice is harmless."""
        ...


class Blobs(Protocol):
    """Folders of files that never change, by key. A blob is there whole or not at all."""

    @property
    def place(self) -> Place: ...

    def exists(self, key: str) -> bool: ...

    def store(self, staged: Path, key: str, on_progress: Progress = ...) -> None:
        """Make a staged folder the blob; one that is there already stays, and counts as put there now."""
        ...

    def pin(self, key: str, on_progress: Progress = ...) -> Pin:
        """Bring the files here if they are elsewhere, and keep them here.

        Raises
        ------
        UnavailableError
            They are elsewhere, and cannot be reached now.
        DamagedBlobError
            What arrived is not what was stored.
        UnreadableImageError
            There is no such blob.
        """
        ...

    def is_here(self, key: str) -> bool:
        """Whether the files are on this machine's disk now."""
        ...

    def read(self, key: str, path: str) -> bytes | None:
        """One small file of a blob without bringing the others, ``None`` if it has no such file; errors as ``pin``."""
        ...

    def fetch(self, key: str, target: Path) -> None:
        """Copy the files into a folder that is not there yet; errors as for ``pin``."""
        ...

    def remove(self, key: str, unwanted: Callable[[], bool] = ...) -> bool:
        """Delete the blob, if it is ``unwanted`` while nobody can be storing it; whether it is gone."""
        ...

    def stored(self) -> Iterator[StoredBlob]:
        """Every blob that is there."""
        ...

    def sweep(self, before: datetime) -> int:
        """Delete parts of blobs that were never completed, older than that; how many."""
        ...

    def owner(self, claimed_by: str | None = None) -> str | None:
        """Who may delete blobs here; whoever claims it first, of several that share a place."""
        ...

    def disown(self) -> None:
        """Let somebody else claim the blobs."""
        ...

    def new_scratch(self, name: str | None = None) -> Path:
        """A path on the disk of the home that does not exist yet; whoever makes it removes it."""
        ...

    def check(self) -> None:
        """Raise ``UnavailableError`` where blobs cannot be reached now."""
        ...

    def watch(self, on_event: OnEvent) -> None:
        """Tell what happens: ``cache_hit``, ``cache_miss``, ``fetched_bytes``, ``stored_bytes``, ``error``."""
        ...


def checked_key(key: str) -> str:
    """The key, a hexadecimal digest; it names files and objects, so nothing else gets through."""
    if not is_key(key):
        raise NotFoundError(f"There is no stored file {key[:80]!r}.")
    return key


def is_key(text: str) -> bool:
    """Whether a blob could have this key."""
    return text.isascii() and text.isalnum() and 8 <= len(text) <= 128
