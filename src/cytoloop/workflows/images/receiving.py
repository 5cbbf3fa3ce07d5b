"""Receiving uploads in pieces (the storage side of tus): what was acknowledged survives kill -9.

Bytes beyond the acknowledged offset are cut off before writing goes on; the offset is raised only after
the data reached the disk.
"""

import fcntl
import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from cytoloop.core.errors import ConflictError, NotFoundError, TooLargeError
from cytoloop.projects import uploads
from cytoloop.projects.uploads import Upload
from cytoloop.storage.database import Database

COMMIT_EVERY_BYTES = 8 << 20


class Receiver:
    """One request's worth of bytes for one upload. Only one may write at a time (see ``Inbox``)."""

    def __init__(self, database: Database, file: BinaryIO, upload: Upload, digest: str | None) -> None:
        self._database = database
        self._upload = upload
        self._hash = hashlib.new(digest) if digest else None
        self._file = file
        self._file.truncate(upload.offset_bytes)
        self._file.seek(upload.offset_bytes)
        self._position = upload.offset_bytes
        self._committed = upload.offset_bytes

    @property
    def offset_bytes(self) -> int:
        """How much has safely arrived."""
        return self._committed

    def write(self, chunk: bytes) -> None:
        """Take a chunk. With a checksum nothing is acknowledged before it was compared."""
        if self._position + len(chunk) > self._upload.size_bytes:
            raise TooLargeError(f"More bytes came for {self._upload.filename} than were announced; start it again.")
        self._file.write(chunk)
        self._position += len(chunk)
        if self._hash is not None:
            self._hash.update(chunk)
        elif self._position - self._committed >= COMMIT_EVERY_BYTES:
            self.commit()

    def digest(self) -> bytes | None:
        """The checksum of what came with this request, if one was asked for."""
        return None if self._hash is None else self._hash.digest()

    def commit(self) -> None:
        """Make all bytes so far durable, then raise the offset."""
        self._file.flush()
        os.fsync(self._file.fileno())
        position = self._position
        self._database.write(
            lambda connection: uploads.update_upload(connection, self._upload.id, offset_bytes=position)
        )
        self._committed = position

    def close(self) -> None:
        """Forget what was not committed."""
        self._file.truncate(self._committed)
        self._file.close()


def _locked(path: Path) -> BinaryIO:
    """The open file, ours alone among all requests of all processes until it is closed."""
    try:
        file = path.open("r+b")
    except FileNotFoundError:
        raise NotFoundError("The file of this upload is gone; start it again.") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise ConflictError("Another request is sending this upload right now.") from None
    return file


class Inbox:
    """The folder of files that are arriving."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)

    def path(self, upload: Upload) -> Path:
        """Where the upload's bytes are; each in a folder of its own, under its own name."""
        return self._folder / upload.id / Path(upload.filename).name

    def create(self, upload: Upload) -> None:
        """Make the empty file."""
        path = self.path(upload)
        path.parent.mkdir(parents=True)
        path.touch()

    def open(self, upload_id: str, offset_bytes: int, digest: str | None) -> Receiver:
        """Begin to receive. Raises ``ConflictError`` at another offset or beside another request."""
        with self._database.read() as connection:
            upload = uploads.upload_by_id(connection, upload_id)
        if upload.state != "receiving":
            raise ConflictError("This upload is complete; nothing more is expected.")
        file = _locked(self.path(upload))
        try:
            with self._database.read() as connection:
                upload = uploads.upload_by_id(connection, upload_id)  # as the one before us left it
            if offset_bytes != upload.offset_bytes:
                raise ConflictError(
                    f"The server has {upload.offset_bytes} bytes; go on from there.",
                    offset=upload.offset_bytes,
                )
            return Receiver(self._database, file, upload, digest)
        except BaseException:
            file.close()
            raise

    def remove(self, upload: Upload) -> None:
        """Delete the file of a cancelled or failed upload."""
        path = self.path(upload)
        path.unlink(missing_ok=True)
        if path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()
