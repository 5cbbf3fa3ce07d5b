"""Windows of raw pixels, as patches see them."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray


def windows_at(
    planes: NDArray[np.float32], rows: NDArray[np.int64], columns: NDArray[np.int64], side: int
) -> NDArray[np.float32]:
    """Windows ``(n, p * side * side)`` of pictures ``(p, h, w)``; row and column are those of their upper left pixel.

    Beyond the edge the last pixel goes on.
    """
    padded = np.pad(planes, ((0, 0), (side, side), (side, side)), mode="edge")
    view = sliding_window_view(padded, (side, side), axis=(1, 2))
    chosen = view[:, rows + side, columns + side]
    return np.ascontiguousarray(np.moveaxis(chosen, 0, 1).reshape(len(rows), -1))
