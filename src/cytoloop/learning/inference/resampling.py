"""Pictures at another size, sampled on a grid that belongs to the whole of which they are a part.

Two windows of one slide so get the same samples where they overlap, wherever each of them begins. Between samples it is
interpolated in a line where a picture is enlarged; where it is reduced, samples are means over the area they cover.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of an axis: samples ``first`` to ``first + count - 1``, numbered from the whole's beginning."""

    first: int
    count: int

    def scaled(self, scale: float, step: int) -> "Stretch":
        """What covers it on the axis of ``scale`` samples per sample, widened to multiples of ``step``."""
        first = math.floor(self.first * scale / step + _TINY) * step
        last = math.ceil((self.first + self.count) * scale / step - _TINY) * step
        return Stretch(first, max(step, last - first))


_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Window:
    """Rows and columns of a picture that is part of a larger one."""

    rows: Stretch
    columns: Stretch

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in samples."""
        return self.rows.count, self.columns.count

    def scaled(self, scale: float, step: int) -> "Window":
        """What covers it where ``scale`` samples stand for one of its own, widened to multiples of ``step``."""
        return Window(self.rows.scaled(scale, step), self.columns.scaled(scale, step))

    def of(self, maps: NDArray[np.float32], at: "Window") -> NDArray[np.float32]:
        """Its part of maps ``(c, h, w)`` that lie at a window around it."""
        y, x = self.rows.first - at.rows.first, self.columns.first - at.columns.first
        return maps[:, y : y + self.rows.count, x : x + self.columns.count]


def resampled(picture: NDArray[np.float32], at: Window, wanted: Window, scale: float) -> NDArray[np.float32]:
    """The samples ``wanted`` of a picture ``(h, w, k)`` or ``(h, w)`` that lies ``at`` a window.

    ``scale`` is how many wanted samples stand for one of the picture. Beyond its edges the picture is mirrored.
    """
    if scale >= 1:
        return _between(picture, at, wanted, scale)
    down = _means(picture, at.rows, wanted.rows, scale)
    across = _means(down.swapaxes(0, 1), at.columns, wanted.columns, scale)
    return np.ascontiguousarray(across.swapaxes(0, 1), dtype=np.float32)


def nearest(labels: NDArray[np.int32], at: Window, wanted: Window, scale: float) -> NDArray[np.int32]:
    """Of labels ``(h, w)`` that lie ``at`` a window, those in which the centres of the samples ``wanted`` lie."""
    rows, columns = (
        np.clip(np.floor((np.arange(to.count) + to.first + 0.5) / scale).astype(np.intp) - of.first, 0, of.count - 1)
        for of, to in ((at.rows, wanted.rows), (at.columns, wanted.columns))
    )
    return labels[np.ix_(rows, columns)]


def _between(picture: NDArray[np.float32], at: Window, wanted: Window, scale: float) -> NDArray[np.float32]:
    """Interpolated in a line between the centres of samples."""
    step = 1 / scale
    left = (wanted.columns.first + 0.5) * step - 0.5 - at.columns.first
    top = (wanted.rows.first + 0.5) * step - 0.5 - at.rows.first
    found = cv2.warpAffine(
        picture, np.array([[step, 0, left], [0, step, top]]), wanted.shape[::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT_101,
    )  # fmt: skip
    return np.asarray(found, dtype=np.float32)


def _means(picture: NDArray[np.float32], of: Stretch, to: Stretch, scale: float) -> NDArray[np.float32]:
    """Means of rows over what each sample covers."""
    found = _weights(of, to, scale) @ picture.reshape(of.count, -1)
    return found.reshape(to.count, *picture.shape[1:])


def _weights(of: Stretch, to: Stretch, scale: float) -> csr_array:
    """How much of each sample of one stretch goes into each of a coarser one, ``(to.count, of.count)``."""
    begins = (np.arange(to.count) + to.first) / scale
    reach = math.ceil(1 / scale) + 1
    source = np.floor(begins + _TINY).astype(np.intp)[:, None] + np.arange(reach)
    share = np.minimum(begins[:, None] + 1 / scale, source + 1) - np.maximum(begins[:, None], source)
    share = np.maximum(share, 0.0) * scale
    column = _mirrored(source - of.first, of.count)
    row = np.repeat(np.arange(to.count), reach)
    shape = (to.count, of.count)
    return csr_array((share.ravel().astype(np.float32), (row, column.ravel())), shape=shape, dtype=np.float32)


def _mirrored(index: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Indices beyond 0 to ``count - 1`` brought back, the outermost sample being the mirror."""
    turn = max(1, 2 * (count - 1))
    index = np.abs(index) % turn
    return np.minimum(index, turn - index) % count
