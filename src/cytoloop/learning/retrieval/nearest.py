"""The nearest of very many vectors: all are looked at as bytes, the likest again as numbers."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ROWS = 1000
"""Looked at together: they stay in the processor's cache while they are widened."""
_LARGEST = 127
_LOOKED_AT_TWICE = 100
"""Besides three times as many as are asked for."""


@dataclass(frozen=True, slots=True)
class PackedVectors:
    """Vectors of length 1 as half-precision ``numbers (n, d)``, and again as bytes, a third of the whole.

    ``scales (n,)`` times ``codes (n, d)`` are nearly the numbers, and again of length 1: in a crowd of objects that are
    much alike, an error of the length would hide which is nearer. A scale of NaN says that a row is no vector.
    """

    numbers: NDArray[np.float16]
    codes: NDArray[np.int8]
    scales: NDArray[np.float32]


def pack(vectors: NDArray[np.float32]) -> PackedVectors:
    """Vectors ``(n, d)`` of length 1; rows that are not finite are no vectors."""
    finite = np.asarray(np.isfinite(vectors).all(axis=1))
    largest = np.abs(np.where(finite[:, None], vectors, 0)).max(axis=1, initial=0)
    usable = np.where(finite & (largest > 0), largest, np.inf)
    codes = np.rint(np.where(finite[:, None], vectors, 0) / usable[:, None] * _LARGEST).astype(np.int8)
    lengths = np.linalg.norm(codes.astype(np.float32), axis=1)
    scales = np.divide(1, lengths, out=np.full(len(codes), np.nan, np.float32), where=lengths > 0)
    return PackedVectors(vectors.astype(np.float16), codes, scales)


def nearest(
    query: NDArray[np.float32], blocks: Iterable[PackedVectors], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Rows, counted through all blocks, of the ``count`` vectors most like ``query (d,)``, and their cosines.

    The likest come first. Where very many are equally alike to a hundredth, some others of them may be among those.
    """
    every = list(blocks)
    roughly = np.concatenate([_rough_cosines(query, one) for one in every] or [np.zeros(0, np.float32)])
    roughly = np.where(np.isfinite(roughly), roughly, -np.inf)
    most = min(3 * count + _LOOKED_AT_TWICE, len(roughly))
    rows = np.sort(np.argpartition(-roughly, most - 1)[:most]) if most else np.zeros(0, np.int64)
    rows = rows[np.isfinite(roughly[rows])].astype(np.int64)
    cosines = _cosines(query, every, rows)
    order = np.lexsort((rows, -cosines))[:count]
    return rows[order], cosines[order]


def _rough_cosines(query: NDArray[np.float32], packed: PackedVectors) -> NDArray[np.float32]:
    starts = range(0, len(packed.codes), _ROWS)
    products = [packed.codes[start : start + _ROWS].astype(np.float32) @ query for start in starts]
    return np.concatenate(products or [np.zeros(0, np.float32)]) * packed.scales


def _cosines(query: NDArray[np.float32], blocks: list[PackedVectors], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Of these rows, in ascending order."""
    ends = np.cumsum([len(one.scales) for one in blocks]).tolist()
    found = [np.zeros(0, np.float32)]
    for block, end in zip(blocks, ends, strict=True):
        own = rows[(rows >= end - len(block.scales)) & (rows < end)] - (end - len(block.scales))
        numbers = block.numbers[own].astype(np.float32)
        found.append(numbers @ query / np.linalg.norm(numbers, axis=1))  # rounding changed their lengths
    return np.concatenate(found)
