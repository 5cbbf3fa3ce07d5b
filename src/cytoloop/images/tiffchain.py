"""Whether the directories of a TIFF are all in the file; tifffile only logs where they are not."""

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from cytoloop.core.errors import UnreadableImageError

_TYPE_BYTES = np.array([0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8])
_NEEDED_TAGS = (270, 273, 279, 324, 325, 330, 347, 50838, 50839)
"""Description, offsets and sizes of strips and tiles, SubIFDs, JPEG tables, ImageJ metadata."""
_CLASSIC, _BIG = 42, 43


def check_directories(path: Path) -> None:
    """Walk the chain of directories; raise ``UnreadableImageError`` where it leads out of the file."""
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        order, version = _header(file)
        offset = _next(file, order, version, 4 if version == _CLASSIC else 8)
        seen: set[int] = set()
        while offset and offset not in seen:  # a chain that bites its tail ends there
            seen.add(offset)
            offset = _checked_directory(file, order, version, offset, size_bytes)


def _header(file: BinaryIO) -> tuple[str, int]:
    head = file.read(4)
    order = "<" if head[:2] == b"II" else ">"
    return order, struct.unpack(f"{order}H", head[2:])[0]


def _next(file: BinaryIO, order: str, version: int, position: int) -> int:
    length, code = (4, "I") if version == _CLASSIC else (8, "Q")
    file.seek(position)
    data = file.read(length)
    if len(data) < length:
        raise _cut_off()
    return int(struct.unpack(f"{order}{code}", data)[0])


def _checked_directory(file: BinaryIO, order: str, version: int, offset: int, size_bytes: int) -> int:
    """Check one directory and the needed values it points to; give where the next one is."""
    wide = version == _BIG
    number = np.dtype(f"{order}u8" if wide else f"{order}u4")
    entry = np.dtype(
        [
            ("tag", f"{order}u2"),
            ("type", f"{order}u2"),
            ("count", number),
            ("value", number),
        ]
    )
    file.seek(offset)
    head = file.read(8 if wide else 2)
    if len(head) < (8 if wide else 2):
        raise _cut_off()
    count = int(struct.unpack(f"{order}{'Q' if wide else 'H'}", head)[0])
    end = offset + len(head) + count * entry.itemsize
    if end > size_bytes:
        raise _cut_off()
    entries = np.frombuffer(file.read(count * entry.itemsize), entry)
    kinds = np.minimum(entries["type"], len(_TYPE_BYTES) - 1)
    # counts are cut at the file's size, so that their product with 8 fits 64 bits
    lengths = _TYPE_BYTES[kinds] * np.minimum(entries["count"], size_bytes + 1).astype(np.int64)
    elsewhere = (lengths > number.itemsize) & np.isin(entries["tag"], _NEEDED_TAGS)
    starts = np.minimum(entries["value"], size_bytes + 1).astype(np.int64)
    if (elsewhere & (starts + lengths > size_bytes)).any():
        raise _cut_off()
    return _next(file, order, version, end)


def _cut_off() -> UnreadableImageError:
    return UnreadableImageError("The TIFF is cut off: it refers to data beyond its end. Copy or upload it again.")
