"""Whole blobs on their way to and from a bucket: many parts at once, each file compared with its SHA-256."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from uuid import uuid4

from cytoloop.core.errors import CytoloopError

from .bucket import PART_BYTES, Bucket
from .contract import DamagedBlobError, Progress
from .manifest import Manifest, ManifestFile, files_in

AT_ONCE = 8
WAITING = 4 * AT_ONCE
"""How many parts are handed out at most: an OME-Zarr may have a million files."""


class _Count:
    """Bytes done, told as they come."""

    def __init__(self, total: int, on_progress: Progress) -> None:
        self._total, self._on_progress = total, on_progress
        self._done = 0
        self._lock = threading.Lock()

    def __call__(self, count: int) -> None:
        with self._lock:
            self._done += count
            done = self._done
        self._on_progress(min(done, self._total), self._total)


def upload(bucket: Bucket, folder: str, staged: Path, on_progress: Progress) -> Manifest:
    """Send the files of a staged folder below ``folder`` of the bucket; what was sent."""
    files = files_in(staged)
    name = uuid4().hex
    count = _Count(sum(one.stat().st_size for one in files), on_progress)
    digests: dict[int, str] = {}

    def send(number: int, path: Path) -> None:
        digests[number] = bucket.send(f"{folder}/{name}/{number}", path, count)

    _run((lambda number=number, path=path: send(number, path)) for number, path in enumerate(files))
    return Manifest(
        name,
        tuple(
            ManifestFile(path.relative_to(staged).as_posix(), path.stat().st_size, digests[number])
            for number, path in enumerate(files)
        ),
    )


def download(bucket: Bucket, folder: str, manifest: Manifest, target: Path, on_progress: Progress) -> None:
    """Fetch the files into ``target`` and compare each with its SHA-256.

    Raises
    ------
    DamagedBlobError
        A file is missing in the bucket, or is not what was stored.
    """
    count = _Count(manifest.size_bytes, on_progress)
    _run(_parts(bucket, f"{folder}/{manifest.upload}", manifest, target, count))
    large = [one for one in manifest.files if one.size > PART_BYTES]
    _run((lambda one=one: _compare(target / one.path, one)) for one in large)


def read_file(bucket: Bucket, folder: str, manifest: Manifest, path: str) -> bytes | None:
    """One file, compared with its SHA-256; ``None`` if the blob has none of this name."""
    for number, file in enumerate(manifest.files):
        if file.path == path:
            return _whole(bucket, f"{folder}/{manifest.upload}/{number}", file)
    return None


def _parts(
    bucket: Bucket, folder: str, manifest: Manifest, target: Path, count: _Count
) -> Iterator[Callable[[], None]]:
    for number, file in enumerate(manifest.files):
        path, name = target / file.path, f"{folder}/{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if file.size <= PART_BYTES:
            yield lambda path=path, name=name, file=file: _fetch_whole(bucket, name, file, path, count)
            continue
        with path.open("wb") as made:
            made.truncate(file.size)
        for start in range(0, file.size, PART_BYTES):
            end = min(start + PART_BYTES, file.size)
            yield lambda path=path, name=name, file=file, start=start, end=end: _fetch_part(
                bucket, name, file, path, (start, end), count
            )


def _fetch_whole(bucket: Bucket, name: str, file: ManifestFile, path: Path, count: _Count) -> None:
    data = _whole(bucket, name, file)
    path.write_bytes(data)
    count(len(data))


def _whole(bucket: Bucket, name: str, file: ManifestFile) -> bytes:
    data = _read(bucket, name, file, 0, file.size) if file.size else b""
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise _damaged(file)
    return data


def _fetch_part(
    bucket: Bucket, name: str, file: ManifestFile, path: Path, span: tuple[int, int], count: _Count
) -> None:
    data = _read(bucket, name, file, *span)
    descriptor = os.open(path, os.O_WRONLY)
    try:
        view, offset = memoryview(data), span[0]
        while view:
            written = os.pwrite(descriptor, view, offset)
            view, offset = view[written:], offset + written
    finally:
        os.close(descriptor)
    count(len(data))


def _read(bucket: Bucket, name: str, file: ManifestFile, start: int, end: int) -> bytes:
    try:
        data = bucket.read_part(name, start, end)
    except FileNotFoundError:
        raise _damaged(file) from None
    if len(data) != end - start:
        raise _damaged(file)
    return data


def _compare(path: Path, file: ManifestFile) -> None:
    with path.open("rb") as made:
        if hashlib.file_digest(made, "sha256").hexdigest() != file.sha256:
            raise _damaged(file)


def _damaged(file: ManifestFile) -> CytoloopError:
    name = file.path.rpartition("/")[2]
    return DamagedBlobError(
        f"{name} in the object store is not what was stored: it is missing, cut off, or its SHA-256 differs. "
        "Restore it from a backup, or import the image again."
    )


def _run(work: Iterator[Callable[[], None]]) -> None:
    """Do it all, several at once; the first error ends it."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="transfer") as pool:
        waiting: set[Future[None]] = set()
        try:
            for one in work:
                waiting.add(pool.submit(one))
                if len(waiting) >= WAITING:
                    waiting = _settled(waiting)
            while waiting:
                waiting = _settled(waiting)
        except BaseException:
            for one in waiting:
                one.cancel()
            raise


def _settled(waiting: "set[Future[None]]") -> "set[Future[None]]":
    """Those that still run, once one has ended."""
    done, going = wait(waiting, return_when=FIRST_COMPLETED)
    for one in done:
        one.result()
    return going
