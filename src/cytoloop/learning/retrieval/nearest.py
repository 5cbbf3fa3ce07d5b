"""The nearest vectors, exactly."""

import numpy as np
from numpy.typing import NDArray

_BLOCK = 50_000


def nearest(
    query: NDArray[np.float32], vectors: NDArray[np.float32], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Rows of the ``count`` vectors ``(n, d)`` most like ``query (d,)``, the likest first, and their cosines.

    All are of length 1; rows that are not finite are left out.
    """
    cosines = np.concatenate(
        [vectors[start : start + _BLOCK] @ query for start in range(0, len(vectors), _BLOCK)]
        or [np.zeros(0, np.float32)]
    )
    cosines = np.where(np.isfinite(cosines), cosines, -np.inf)
    most = min(count, len(cosines))
    rows = np.argpartition(-cosines, most - 1)[:most] if most else np.zeros(0, np.int64)
    rows = rows[np.lexsort((rows, -cosines[rows]))]
    rows = rows[np.isfinite(cosines[rows])].astype(np.int64)
    return rows, cosines[rows].astype(np.float32)
