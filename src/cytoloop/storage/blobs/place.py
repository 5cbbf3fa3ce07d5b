"""Where blobs lie. It goes to workers and into logs, so it holds no credentials: they come from the environment."""

import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cytoloop.core.errors import InvalidInputError

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SEGMENT = re.compile(r"[A-Za-z0-9!_.*'()=-]{1,200}")
FOLDER = "folder"
"""The word for the home's own folder where a place is named."""
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of the home and, where blobs lie in an object store, which one and where its cache is."""

    folder: Path
    """Of local blobs, and of what is being made."""
    url: str | None = None
    """``s3://BUCKET/PREFIX``; blobs lie in the folder unless given."""
    endpoint: str | None = None
    """The object store's address; that of AWS unless given."""
    region: str | None = None
    cache: Path = Path("cache")
    cache_bytes: int = 50 * GIB

    def as_json(self) -> dict[str, Any]:
        """For a worker."""
        return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(self).items()}

    @staticmethod
    def from_json(given: dict[str, Any]) -> "Place":
        """The place as a worker sees it: its machine may have a cache of its own."""
        cache = os.environ.get("CYTOLOOP_BLOB_CACHE") or given["cache"]
        rest: dict[str, Any] = {**given, "folder": Path(given["folder"]), "cache": Path(cache)}
        return Place(**rest)

    def __str__(self) -> str:
        if self.url is None:
            return str(self.folder)
        return f"{self.url} at {self.endpoint}" if self.endpoint else self.url


def checked_url(text: str) -> str | None:
    """``s3://BUCKET/PREFIX`` without a slash at its end; ``None`` for the word "folder".

    Raises
    ------
    InvalidInputError
        It is neither, or holds what belongs into the environment.
    """
    if text == FOLDER:
        return None
    parts = urlsplit(text)
    if parts.scheme != "s3" or "@" in parts.netloc or parts.query or parts.fragment:
        raise InvalidInputError(
            "Images lie in 'folder' or in s3://BUCKET/PREFIX. Credentials do not belong there: they come from "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    segments = [one for one in parts.path.split("/") if one]
    if not _BUCKET.fullmatch(parts.netloc):
        raise InvalidInputError(f"{parts.netloc[:80]!r} is no name of a bucket.")
    for one in segments:
        if not _SEGMENT.fullmatch(one) or set(one) == {"."}:
            raise InvalidInputError(f"{one[:80]!r} cannot be part of a prefix: use letters, digits and - _ .")
    return "/".join(["s3:/", parts.netloc, *segments])


def checked_endpoint(text: str) -> str:
    """``http(s)://HOST:PORT``, without anything that is not part of an address."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query:
        raise InvalidInputError("The object store's address is http(s)://HOST:PORT, without user and password.")
    return text.rstrip("/")
