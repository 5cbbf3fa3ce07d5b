"""Everything that a server holds, copied to a folder and back.

The folder keeps the state of the last backup that ended. A further backup into it copies only what is new: stored
images never change, so that a nightly backup costs little more than the database.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from cytoloop import __version__
from cytoloop.core.clock import utc_now
from cytoloop.core.errors import ConflictError, InvalidInputError
from cytoloop.storage.blobs.contract import Blobs
from cytoloop.storage.blobs.objects import ObjectBlobs
from cytoloop.storage.snapshots import check_empty, read_snapshot, snapshot_name, write_snapshot

RECORD = "backup.json"
FILES = "files"
IMAGES = "images"
_SKIPPED = ("scratch", "images/staging", "images/locks", "images/owner", "metrics", "cluster", "cache", "installation")
"""What of a home is not kept: it is made again, or belongs to this installation alone."""
_DATABASE = "cytoloop.sqlite"
"""The database's files in a home: it, and what is beside it while it is open. They go into the snapshot."""


@dataclass(frozen=True, slots=True)
class BackupRecord:
    """What a backup holds: ``database`` is the snapshot's file, with its SHA-256; ``files`` their number and size.

    ``images_left_in``: the bucket in which images were left, where they were not copied.
    """

    cytoloop_version: str
    made_at: str
    database: str
    database_sha256: str
    files: int
    bytes: int
    copied: int
    """How many files were new."""
    images_left_in: str | None = None


def back_up(
    home: Path,
    database_url: str,
    folder: Path,
    *,
    blobs: Blobs | None = None,
    with_images: bool = True,
    on_file: Callable[[Path], None] = lambda _: None,
) -> BackupRecord:
    """Copy database and files of a home into ``folder``, while the server runs or not.

    The database is copied first, then the files: what is added meanwhile is in the next backup.

    Parameters
    ----------
    blobs
        Where images lie; in the home unless given.
    with_images
        Whether images of an object store are copied too. Those of the home always are.

    Raises
    ------
    InvalidInputError
        There is no home, the folder lies in it, or the folder holds something else.
    UnavailableError
        The object store cannot be reached; the backup before stays.
    """
    _check_folders(home, folder)
    folder.mkdir(parents=True, exist_ok=True)
    name = snapshot_name(database_url)
    part = folder / f"{name}.part"
    part.unlink(missing_ok=True)
    write_snapshot(database_url, part)
    tally = _Tally(on_file)
    for source in _files(home):
        relative = source.relative_to(home)
        try:
            tally.add(relative, source, is_new=_copy_if_changed(source, folder / FILES / relative))
        except FileNotFoundError:
            continue  # removed since: nothing of what stays refers to it
    left_in = None
    if isinstance(blobs, ObjectBlobs):
        left_in = None if with_images else blobs.place.url
        if with_images:
            _fetch_images(blobs, folder, tally)
    digest = _sha256(part)
    snapshot = folder / f"{digest[:16]}.{name}"
    part.replace(snapshot)
    made_at = utc_now().isoformat()
    counts = len(tally.names), tally.bytes, tally.copied
    record = BackupRecord(__version__, made_at, snapshot.name, digest, *counts, left_in)
    _write_record(folder, record)  # from here on this is the backup; until now the one before was
    _forget(folder, tally.names, snapshot.name)
    return record


class _Tally:
    """What is in a backup."""

    def __init__(self, on_file: Callable[[Path], None]) -> None:
        self._on_file = on_file
        self.names: set[Path] = set()
        self.bytes = 0
        self.copied = 0

    def add(self, relative: Path, file: Path, *, is_new: bool) -> None:
        size = file.stat().st_size
        self.copied += is_new
        self.bytes += size
        self.names.add(relative)
        self._on_file(relative)


def _fetch_images(blobs: ObjectBlobs, folder: Path, tally: _Tally) -> None:
    """Copy images of an object store to where they would lie in a home; those of the last backup are not new."""
    has_backup = (folder / RECORD).exists()
    for one in blobs.stored():
        target = folder / FILES / IMAGES / one.key[:2] / one.key
        is_new = not (has_backup and target.is_dir())
        if is_new:
            shutil.rmtree(target, ignore_errors=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            blobs.fetch(one.key, target)
        for file in _files(target):
            tally.add(file.relative_to(folder / FILES), file, is_new=is_new)


def restore(folder: Path, home: Path, database_url: str, *, blobs: Callable[[], Blobs] | None = None) -> BackupRecord:
    """Make a home (absent or empty) of a backup, and fill its database.

    Parameters
    ----------
    blobs
        Where images are to lie; in the home unless given.

    Raises
    ------
    InvalidInputError
        The folder is no complete backup, or the snapshot is not the one that was written.
    ConflictError
        The home or the database is not empty. Nothing was changed then.
    """
    record = read_record(folder)
    if home.exists() and any(home.iterdir()):
        raise ConflictError(f"{home} is not empty. Restore into a new folder.")
    if Path(record.database).suffix != Path(snapshot_name(database_url)).suffix:
        kind = "SQLite" if record.database.endswith(".sqlite") else "PostgreSQL"
        raise InvalidInputError(f"The backup is of a {kind} database. Name one with --database (none means SQLite).")
    check_empty(database_url)
    snapshot = folder / record.database
    if _sha256(snapshot) != record.database_sha256:
        raise InvalidInputError(f"{snapshot} is not as it was written. Use another backup.")
    missing = record.files - sum(1 for _ in _files(folder / FILES))
    if missing > 0:
        raise InvalidInputError(f"{missing} files are missing in {folder / FILES}. Use another backup.")
    images = None if blobs is None else blobs()
    left_in = record.images_left_in
    if left_in is not None and (images is None or images.place.url != left_in):
        raise InvalidInputError(f"The images of this backup were left in {left_in}. Restore it with --blobs {left_in}.")
    bucket = images if isinstance(images, ObjectBlobs) else None
    for source in _files(folder / FILES):
        relative = source.relative_to(folder / FILES)
        if bucket is None or relative.parts[0] != IMAGES:
            _copy_if_changed(source, home / relative)
    if bucket is not None:
        for path in sorted((folder / FILES / IMAGES).glob("??/*")):
            bucket.store(path, path.name)
    home.mkdir(parents=True, exist_ok=True)
    read_snapshot(database_url, snapshot)
    return record


def read_record(folder: Path) -> BackupRecord:
    """What a backup says of itself."""
    path = folder / RECORD
    try:
        return BackupRecord(**json.loads(path.read_text()))
    except FileNotFoundError:
        raise InvalidInputError(f"{folder} is no backup that has ended: it has no {RECORD}.") from None
    except (ValueError, TypeError) as error:
        raise InvalidInputError(f"{path} cannot be read ({error}). Use another backup.") from error


def _check_folders(home: Path, folder: Path) -> None:
    if not home.is_dir():
        raise InvalidInputError(f"There is no Cytoloop home at {home}. Name it with --home.")
    if folder.resolve().is_relative_to(home.resolve()):
        raise InvalidInputError(f"{folder} lies in the home itself. Choose a folder elsewhere, best on another disk.")
    if folder.exists() and any(folder.iterdir()) and not (folder / RECORD).exists() and not _began(folder):
        raise InvalidInputError(f"{folder} holds something else. Choose an empty folder, or one with a backup.")


def _began(folder: Path) -> bool:
    """Whether the folder holds nothing but the beginning of a backup."""
    return all(one.name in (FILES, f"{RECORD}.part") or ".database." in f".{one.name}" for one in folder.iterdir())


def _files(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root).as_posix()
        skipped = any(relative == one or relative.startswith(f"{one}/") for one in _SKIPPED)
        if not skipped and not relative.startswith(_DATABASE) and path.is_file() and not path.is_symlink():
            yield path


def _copy_if_changed(source: Path, target: Path) -> bool:
    """Copy a file whose size or time differs; a file is there whole or as it was. Returns whether it was copied."""
    now = source.stat()
    if target.exists():
        then = target.stat()
        if (then.st_size, then.st_mtime_ns) == (now.st_size, now.st_mtime_ns):
            return False
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    shutil.copy2(source, part)
    part.replace(target)
    return True


def _forget(folder: Path, kept: set[Path], snapshot: str) -> None:
    """Remove what only an earlier backup needed."""
    for path in folder.glob("*.database.*"):
        if path.name != snapshot:
            path.unlink()
    for path in _files(folder / FILES):
        if path.relative_to(folder / FILES) not in kept:
            path.unlink()


def _sha256(path: Path) -> str:
    if not path.is_file():
        raise InvalidInputError(f"{path} is missing. Use another backup.")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_record(folder: Path, record: BackupRecord) -> None:
    part = folder / f"{RECORD}.part"
    with part.open("w") as file:
        file.write(json.dumps(asdict(record), indent=2))
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / RECORD)
