"""Area averaging: how pixels become fewer."""

from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

_OPENCV_DTYPES = ("uint8", "uint16", "int16", "float32", "float64")


def averaged(array: NDArray[np.generic], factor: int) -> NDArray[np.generic]:
    """Means of squares of ``factor`` pixels; squares that the edge cuts repeat the edge.

    Takes and gives ``(h, w)`` or ``(h, w, 3)`` of one dtype; the result is rounded up in size.
    """
    if factor == 1:
        return array
    h, w = -(-array.shape[0] // factor), -(-array.shape[1] // factor)
    working = _for_opencv(array)
    bottom, right = h * factor - array.shape[0], w * factor - array.shape[1]
    if bottom or right:
        edges = ((0, bottom), (0, right), *[(0, 0)] * (array.ndim - 2))
        working = np.pad(working, edges, mode="edge")
    resize = cast("Any", cv2).resize  # its types know fewer dtypes than it does
    small = resize(np.ascontiguousarray(working), (w, h), interpolation=cv2.INTER_AREA)
    return _in_dtype(np.asarray(small), array.dtype)


def resampled(
    array: NDArray[np.generic], rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.generic]:
    """Means between fractional edges.

    Parameters
    ----------
    array
        ``(h, w)`` or ``(h, w, 3)``.
    rows, columns
        Edges of the result's pixels in pixels of ``array``: one more than the result has. Where the
        result's pixels are smaller than the array's, each takes the value under its centre.
    """
    real = array.astype(np.float64)
    for axis, edges in ((0, rows), (1, columns)):
        real = _averaged_along(real, edges, axis)
    return _in_dtype(real, array.dtype)


def _averaged_along(array: NDArray[np.float64], edges: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    last = array.shape[axis] - 1
    step = float(edges[1] - edges[0])
    if step < 1.0 - 1e-9:
        centres = np.floor((edges[:-1] + edges[1:]) / 2).astype(np.intp)
        return np.take(array, np.clip(centres, 0, last), axis=axis)
    whole = np.clip(np.floor(edges).astype(np.intp), 0, last)
    part = edges - whole
    sums = np.add.reduceat(array, whole[:-1], axis=axis)
    # reduceat sums the last group to the end of the array; cut it at the last edge
    tail = np.take(array, range(int(whole[-1]), last + 1), axis=axis).sum(axis=axis, keepdims=True)
    sums[_slice(array.ndim, axis, -1)] -= tail
    empty = np.flatnonzero(whole[1:] == whole[:-1])  # reduceat gives such groups one value, not none
    sums[tuple(empty if number == axis else slice(None) for number in range(array.ndim))] = 0
    shape = [1] * array.ndim
    shape[axis] = -1
    borders = np.take(array, whole, axis=axis) * part.reshape(shape)
    sums += np.take(borders, range(1, len(edges)), axis=axis)
    sums -= np.take(borders, range(len(edges) - 1), axis=axis)
    return sums / np.diff(edges).reshape(shape)


def _slice(ndim: int, axis: int, index: int) -> tuple[slice, ...]:
    wanted = slice(index, None) if index == -1 else slice(index, index + 1)
    return tuple(wanted if number == axis else slice(None) for number in range(ndim))


def _for_opencv(array: NDArray[np.generic]) -> NDArray[np.generic]:
    return array if array.dtype.name in _OPENCV_DTYPES else array.astype(np.float64)


def _in_dtype(array: NDArray[np.generic], dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    if array.dtype == dtype:
        return array
    if dtype.kind in "iu":
        limits = np.iinfo(dtype.name)
        array = np.clip(np.rint(array), limits.min, limits.max)
    return array.astype(dtype)
