"""What an ONNX file refers to outside itself, read without running or loading it.

Field numbers are those of ``onnx.proto`` (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

import mmap
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from cytoloop.core.errors import InvalidInputError

_FIELDS: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
    "entry": {1: "key", 2: "value"},
}
_MOST_MESSAGES = 5_000_000


def external_files(path: Path) -> set[str]:
    """Names of the files in which a network keeps weights outside its own.

    Raises
    ------
    InvalidInputError
        The file is cut short or no ONNX.
    """
    if path.stat().st_size == 0:
        raise InvalidInputError(f"{path.name} is empty; it is no network. Get the model again.")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        try:
            return _locations(content)
        except (IndexError, ValueError, UnicodeDecodeError) as error:
            raise InvalidInputError(
                f"{path.name} is no complete ONNX file; it may be cut short. Get the model again."
            ) from error


def require_inside(path: Path) -> None:
    """Raise ``InvalidInputError`` where the network reads files that do not lie beside it."""
    for name in external_files(path):
        relative = PurePosixPath(name)
        leads_out = relative.is_absolute() or ".." in relative.parts or "\\" in name or ":" in name
        file = path.parent / name
        if leads_out or file.is_symlink() or not file.is_file():
            raise InvalidInputError(
                f"{path.name} keeps weights in {name!r}, which is not in the package. "
                "Save the model with its weights inside, or put that file beside it."
            )


def _locations(content: mmap.mmap) -> set[str]:
    found: set[str] = set()
    waiting = [("model", 0, len(content))]
    seen = 0
    while waiting:
        kind, start, stop = waiting.pop()
        seen += 1
        if seen > _MOST_MESSAGES:
            raise ValueError("too many parts")
        entry: dict[str, str] = {}
        for field, first, last in _parts(content, start, stop):
            match _FIELDS[kind].get(field):
                case None:
                    continue
                case "key" | "value" as name:
                    entry[name] = content[first:last].decode()
                case below:
                    waiting.append((below, first, last))
        if entry.get("key") == "location":
            found.add(entry.get("value", ""))
    return found


def _parts(content: mmap.mmap, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Fields that hold bytes: number, first byte, byte after the last."""
    at = start
    while at < stop:
        tag, at = _varint(content, at)
        match tag & 7:
            case 0:
                _, at = _varint(content, at)
            case 1:
                at += 8
            case 5:
                at += 4
            case 2:
                length, at = _varint(content, at)
                if at + length > stop:
                    raise ValueError("cut short")
                yield tag >> 3, at, at + length
                at += length
            case other:
                raise ValueError(f"wire type {other}")
        if at > stop:
            raise ValueError("cut short")


def _varint(content: mmap.mmap, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("number too long")
