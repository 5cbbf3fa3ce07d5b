"""Stored images moved from one place to another: from the home's folder to an object store, say, and back."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cytoloop.core.errors import CytoloopError, UnavailableError
from cytoloop.projects import images as image_records
from cytoloop.projects.images import StoredImage
from cytoloop.storage.blobs.contract import Blobs, DamagedBlobError
from cytoloop.storage.blobs.folder import LocalBlobs
from cytoloop.storage.blobs.hashing import sha256_of
from cytoloop.storage.blobs.objects import ObjectBlobs
from cytoloop.storage.database import Database


@dataclass(slots=True)
class Moved:
    """What was moved: ``copied`` now, ``present`` there before, ``removed`` where they were, and what could not be."""

    copied: int
    present: int
    removed: int
    errors: list[str]


def move(
    database: Database,
    source: Blobs,
    target: Blobs,
    *,
    remove: bool = False,
    on_image: Callable[[int, int], None] = lambda _done, _total: None,
) -> Moved:
    """Copy what the database knows of, each compared with its SHA-256; begun again, it goes on where it was.

    Parameters
    ----------
    remove
        Delete in the source what lies in the target, once everything does.
    on_image
        Told how many images are done, and of how many.

    Raises
    ------
    UnavailableError
        One of the places cannot be reached. What was copied stays copied.
    """
    with database.read() as connection:
        every = image_records.all_stored(connection)
    moved = Moved(0, 0, 0, [])
    for number, stored in enumerate(every, 1):
        try:
            if target.exists(stored.content_key):
                moved.present += 1
            else:
                _copy(stored, source, target)
                moved.copied += 1
        except UnavailableError:
            raise
        except CytoloopError as error:
            moved.errors.append(f"{Path(stored.original).name} ({stored.content_key[:16]}): {error.message}")
        on_image(number, len(every))
    if remove and not moved.errors:
        moved.removed = sum(source.remove(one.content_key) for one in every)
    return moved


def _copy(stored: StoredImage, source: Blobs, target: Blobs) -> None:
    if isinstance(source, LocalBlobs) and isinstance(target, ObjectBlobs):
        folder = source.path(stored.content_key)  # it is sent from where it is
        if not folder.is_dir():
            raise DamagedBlobError("Its files are not where they were.")
        _compare(stored, folder)
        target.store(folder, stored.content_key)
        return
    scratch = target.new_scratch()
    try:
        source.fetch(stored.content_key, scratch)
        _compare(stored, scratch)
        target.store(scratch, stored.content_key)
    finally:
        with suppress(FileNotFoundError):
            shutil.rmtree(scratch)


def _compare(stored: StoredImage, folder: Path) -> None:
    if not stored.in_place and sha256_of(folder / stored.original) != stored.sha256:
        raise DamagedBlobError("Its SHA-256 is not the one it was imported with. Restore it from a backup.")
