"""Whether PNG, JPEG, BMP and WebP files are complete, without decoding them."""

import struct
import zlib
from pathlib import Path

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_BLOCK_BYTES = 2**20


def picture_kind(head: bytes) -> str | None:
    """``png``, ``jpeg``, ``bmp`` or ``webp`` by the first bytes, or ``None``."""
    if head.startswith(_PNG_MAGIC):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"BM") and len(head) >= 18 and struct.unpack("<I", head[14:18])[0] in {12, 40, 52, 56, 108, 124}:
        return "bmp"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    return None


def what_is_missing(path: Path, kind: str) -> str | None:
    """A phrase about what is wrong with the file's end, or ``None`` where it is complete."""
    match kind:
        case "png":
            return _png_fault(path)
        case "jpeg":
            return None if _jpeg_has_end(path) else "its end marker is missing"
        case "bmp":
            return _declared_size_fault(path, 2, 0)
        case "webp":
            return _declared_size_fault(path, 4, 8)
        case _:
            return None


def _png_fault(path: Path) -> str | None:
    """Walk over all chunks and their checksums to IEND."""
    with path.open("rb") as file:
        file.seek(len(_PNG_MAGIC))
        while True:
            header = file.read(8)
            if len(header) < 8:
                return "its end chunk is missing"
            length, kind = struct.unpack(">I4s", header)
            checksum = zlib.crc32(kind)
            left = length
            while left > 0:
                block = file.read(min(left, _BLOCK_BYTES))
                if not block:
                    return "it ends in the middle of a chunk"
                checksum = zlib.crc32(block, checksum)
                left -= len(block)
            stored = file.read(4)
            if len(stored) < 4:
                return "it ends in the middle of a chunk"
            if int.from_bytes(stored, "big") != checksum:
                return "a checksum does not match"
            if kind == b"IEND":
                return None


def _jpeg_has_end(path: Path) -> bool:
    """Whether an end marker follows the first scan; an embedded thumbnail's does not count."""
    with path.open("rb") as file:
        file.seek(2)
        while True:
            marker = file.read(2)
            if len(marker) < 2 or marker[0] != 0xFF:
                return False
            if marker[1] == 0xFF:  # fill byte
                file.seek(-1, 1)
                continue
            length = file.read(2)
            if len(length) < 2:
                return False
            file.seek(int.from_bytes(length, "big") - 2, 1)
            if marker[1] == 0xDA:
                break
        before = b""
        while block := file.read(_BLOCK_BYTES):
            if b"\xff\xd9" in before + block:
                return True
            before = block[-1:]
    return False


def _declared_size_fault(path: Path, position: int, extra: int) -> str | None:
    with path.open("rb") as file:
        file.seek(position)
        declared = int.from_bytes(file.read(4), "little") + extra
    actual = path.stat().st_size
    return f"it has {actual:,} of {declared:,} bytes" if actual < declared else None
