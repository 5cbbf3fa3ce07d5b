"""Objects in a bucket, by name: the one module that knows the library ``obstore``.

Every request has a time limit and is repeated a few times. Errors of the library are told without their text: it
repeats addresses and answers of the other side.
"""

import contextlib
import hashlib
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cytoloop.core.errors import InvalidInputError, UnavailableError

from .contract import OnEvent
from .credentials import from_shared_file
from .place import Place

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Store

MIB = 1 << 20
PART_BYTES = 16 * MIB
"""Larger files are sent and fetched in parts of this size."""
MOST_PARTS = 9_000
"""S3 takes 10,000."""
SENT_AT_ONCE = 4
DELETED_AT_ONCE = 500
_PATIENCE: "ClientConfig" = {"connect_timeout": "3s", "timeout": "60s"}
_RETRIES: "RetryConfig" = {"max_retries": 4, "retry_timeout": timedelta(seconds=20)}
_IMPATIENCE: "ClientConfig" = {"connect_timeout": "2s", "timeout": "3s"}
_NO_RETRIES: "RetryConfig" = {"max_retries": 0, "retry_timeout": timedelta(seconds=3)}

Count = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Found:
    """An object: its name below the prefix, its size, and when it was written."""

    name: str
    size: int
    modified: datetime


class Bucket:
    """A bucket's objects below a prefix. Names never lead out of it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._store = _store(place, _PATIENCE, _RETRIES)
        self._hasty = _store(place, _IMPATIENCE, _NO_RETRIES)
        self.on_event: OnEvent = lambda _name, _count: None

    def write(self, name: str, data: bytes) -> None:
        """A small object, whole or not at all."""
        import obstore

        with self._telling():
            obstore.put(self._store, name, data, use_multipart=False)

    def create(self, name: str, data: bytes) -> bool:
        """A small object, unless it is there; whether it was not."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with self._telling():
            try:
                obstore.put(self._store, name, data, mode="create")
            except AlreadyExistsError:
                return False
        return True

    def send(self, name: str, path: Path, count: Count) -> str:
        """Send a file, large ones in parts; its SHA-256. The request's signature covers every part's content."""
        import obstore

        size = path.stat().st_size
        digest = hashlib.sha256()

        def parts() -> Iterator[bytes]:
            with path.open("rb") as file:
                while chunk := file.read(MIB):
                    digest.update(chunk)
                    count(len(chunk))
                    yield chunk

        with self._telling():
            if size <= PART_BYTES:
                obstore.put(self._store, name, b"".join(parts()), use_multipart=False)
            else:
                step = max(PART_BYTES, -(-size // MOST_PARTS))
                obstore.put(self._store, name, parts(), chunk_size=step, max_concurrency=SENT_AT_ONCE)
        return digest.hexdigest()

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """A small object, or ``None`` if there is none. One that is larger than expected is refused."""
        import obstore

        with self._telling():
            try:
                found = obstore.get(self._store, name)
            except FileNotFoundError:
                return None
            if found.meta["size"] > most_bytes:
                raise InvalidInputError(f"{name} in {self._place} is larger than such a file can be.")
            return bytes(found.bytes())

    def read_part(self, name: str, start: int, end: int) -> bytes:
        """Bytes of an object; fewer if it ends before. ``FileNotFoundError`` if there is none."""
        import obstore

        with self._telling():
            return bytes(obstore.get_range(self._store, name, start=start, end=end))

    def find(self, name: str) -> Found | None:
        """The object of this name."""
        import obstore

        with self._telling():
            try:
                meta = obstore.head(self._store, name)
            except FileNotFoundError:
                return None
        return Found(name, meta["size"], meta["last_modified"])

    def below(self, folder: str) -> Iterator[Found]:
        """Every object below a folder; thousands come with each request."""
        import obstore

        with self._telling():
            for page in obstore.list(self._store, folder, chunk_size=1000):
                for meta in page:
                    yield Found(meta["path"], meta["size"], meta["last_modified"])

    def delete(self, names: Sequence[str]) -> None:
        """Delete objects; harmless where there are none."""
        import obstore

        for first in range(0, len(names), DELETED_AT_ONCE):
            with self._telling(), contextlib.suppress(FileNotFoundError):
                obstore.delete(self._store, list(names[first : first + DELETED_AT_ONCE]))

    def check(self) -> None:
        """Raise ``UnavailableError`` unless the bucket answers within seconds."""
        import obstore

        with self._telling():
            obstore.list_with_delimiter(self._hasty, "health")

    @contextlib.contextmanager
    def _telling(self) -> Generator[None]:
        from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

        try:
            yield
        except (PermissionDeniedError, UnauthenticatedError):
            self.on_event("error", 1)
            raise UnavailableError(
                f"The object store refuses access to {self._place}. Check the credentials (AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, a profile or a role) and what they may do in this bucket."
            ) from None
        except (BaseError, TimeoutError, FileNotFoundError) as error:
            if isinstance(error, FileNotFoundError) and "NoSuchBucket" not in str(error):
                raise
            self.on_event("error", 1)
            if "NoSuchBucket" in str(error):
                raise UnavailableError(
                    f"There is no bucket {urlsplit(self._place.url or '').netloc} in the object store. Make it, or "
                    "name another with --blobs."
                ) from None
            raise UnavailableError(
                f"The object store at {self._place} cannot be reached ({_reason(error)}). "
                "See that it runs and that its address is right, then try again."
            ) from None


def _reason(error: Exception) -> str:
    """What is safe to tell of an error: the answer's number, or the error's kind."""
    status = re.search(r"status code: (\d{3})", str(error))
    if status is not None:
        return f"it answers {status[1]}"
    if "Connect" in str(error):
        return "no connection"
    return "no answer in time" if "imeout" in str(error) or "timed out" in str(error) else type(error).__name__


def _store(place: Place, client: "ClientConfig", retries: "RetryConfig") -> "S3Store":
    try:
        from obstore.store import S3Store
    except ImportError:
        raise InvalidInputError(
            "Images in an object store need obstore. Install it with: pip install 'cytoloop[s3]'"
        ) from None
    parts = urlsplit(place.url or "")
    given: dict[str, Any] = {**from_shared_file()}
    if place.endpoint is not None:
        given["endpoint"] = place.endpoint
        given["virtual_hosted_style_request"] = False
    given["region"] = place.region or "us-east-1"
    plain = (place.endpoint or "").startswith("http://")
    options: ClientConfig = {**client, "allow_http": plain}
    return S3Store(
        parts.netloc, prefix=parts.path.strip("/") or None, client_options=options, retry_config=retries, **given
    )  # pyright: ignore[reportArgumentType]
