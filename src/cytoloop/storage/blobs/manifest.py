"""What a blob in an object store consists of: written last, so that a blob without one is none."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from .contract import DamagedBlobError

VERSION = 1
MAX_BYTES = 512 << 20
"""A manifest tells of a file in some hundred bytes; OME-Zarr images have up to millions."""


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """A file: its place in the blob, its size and its SHA-256. Its object is its number in the manifest."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of one upload."""

    upload: str
    """The folder of the objects: each upload has its own, so that two at once do not mix."""
    files: tuple[ManifestFile, ...]

    @property
    def size_bytes(self) -> int:
        return sum(one.size for one in self.files)

    def encoded(self) -> bytes:
        """JSON with a checksum of its own."""
        body = {"version": VERSION, "upload": self.upload, "files": [asdict(one) for one in self.files]}
        return json.dumps({**body, "sha256": _digest(body)}).encode()

    @staticmethod
    def decoded(text: bytes, key: str) -> "Manifest":
        """The manifest, checked: what is read names the files that are written.

        Raises
        ------
        DamagedBlobError
            It is not as it was written, or leads elsewhere.
        """
        try:
            body = json.loads(text)
            claimed = body.pop("sha256")
            files = tuple(ManifestFile(str(one["path"]), int(one["size"]), str(one["sha256"])) for one in body["files"])
            upload = str(body["upload"])
            is_sound = claimed == _digest(body) and body["version"] == VERSION
        except (ValueError, KeyError, TypeError, AttributeError):
            is_sound, upload, files = False, "", ()
        if not (is_sound and upload.isalnum() and all(_stays_inside(one) for one in files)):
            raise DamagedBlobError(
                f"The list of the files of {key[:16]} in the object store is not as it was written. "
                "Restore it from a backup, or import the image again."
            )
        return Manifest(upload, files)


def _digest(body: object) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _stays_inside(file: ManifestFile) -> bool:
    path = PurePosixPath(file.path)
    parts = path.parts
    return (
        file.size >= 0
        and bool(parts)
        and not path.is_absolute()
        and not {"..", "."} & set(parts)
        and ("\0" not in file.path and "\\" not in file.path)
    )


def files_in(folder: Path) -> Sequence[Path]:
    """The files of a staged folder, in order."""
    return sorted(one for one in folder.rglob("*") if one.is_file())
