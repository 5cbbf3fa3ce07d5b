"""Protocol buffer varints for whole arrays."""

import struct

import numpy as np
from numpy.typing import NDArray

Unsigned = NDArray[np.uint64]


def varint_lengths(values: Unsigned) -> NDArray[np.int64]:
    """Bytes that each value takes, same shape as ``values``."""
    lengths = np.ones(values.shape, np.int64)
    for bits in range(7, 64, 7):
        longer = values >= np.uint64(1 << bits)
        if not longer.any():
            break
        lengths += longer
    return lengths


def encode_varints(values: Unsigned, lengths: NDArray[np.int64]) -> bytes:
    """All values ``(n,)`` as varints, one after the other."""
    if len(values) == 0:
        return b""
    ends = np.cumsum(lengths)
    starts = ends - lengths
    encoded = np.empty(int(ends[-1]), np.uint8)
    for byte in range(int(lengths.max())):
        chosen = np.flatnonzero(lengths > byte)
        part = (values[chosen] >> np.uint64(7 * byte)) & np.uint64(0x7F)
        more = lengths[chosen] > byte + 1
        encoded[starts[chosen] + byte] = part.astype(np.uint8) | (more.astype(np.uint8) << 7)
    return encoded.tobytes()


def zigzag(values: NDArray[np.int64]) -> Unsigned:
    """Signed integers as unsigned ones, small magnitudes first."""
    return ((values << 1) ^ (values >> 63)).astype(np.uint64)


def varint(value: int) -> bytes:
    """One value."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append((value & 0x7F) | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def property_value(value: float | str) -> bytes:
    """A ``Value`` message as field 4 of a layer: text, whole number or double."""
    match value:
        case str():
            return field(4, field(1, value.encode()))
        case int() if value >= 0:
            return field(4, varint(5 << 3) + varint(value))
        case int():
            return field(4, varint(6 << 3) + varint(-2 * value - 1))
        case _:
            return field(4, varint(3 << 3 | 1) + struct.pack("<d", value))
