"""Flows: pixels follow their vectors to the middle of their object; those that meet belong together (Cellpose)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.method import Instances

from .objects import finished, pieces
from .settings import DecoderSettings

_STEP = 1.0


def flow_objects(
    foreground: NDArray[np.float32], vectors: NDArray[np.float32], diameter_px: float, settings: DecoderSettings
) -> Instances:
    """Objects of pixels whose paths end together (Stringer et al. 2021).

    Parameters
    ----------
    foreground
        ``(h, w)`` probability.
    vectors
        ``(2, h, w)``: dy, dx towards the middle, length about 1.
    diameter_px
        Expected diameter, px: paths are as long.
    settings
        Thresholds.
    """
    mask = foreground > settings.foreground
    labels = np.zeros(mask.shape, np.int32)
    rows, columns = np.nonzero(mask)
    if len(rows) == 0:
        return finished(labels, foreground, diameter_px, settings)
    ends_y, ends_x = _followed(vectors, rows, columns, steps=int(np.ceil(1.2 * diameter_px)))
    crowd = np.zeros(mask.shape, np.float32)
    np.add.at(crowd, (ends_y, ends_x), 1)
    sinks = cv2.dilate((crowd > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    gathered = pieces(sinks)
    labels[rows, columns] = gathered[ends_y, ends_x]
    return finished(labels, foreground, diameter_px, settings)


def _followed(
    vectors: NDArray[np.float32], rows: NDArray[np.intp], columns: NDArray[np.intp], steps: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the pixels come to rest, as whole px."""
    height, width = vectors.shape[1:]
    y, x = rows.astype(np.float32), columns.astype(np.float32)
    field_y, field_x = np.ascontiguousarray(vectors[0]), np.ascontiguousarray(vectors[1])
    for _ in range(steps):
        down = cv2.remap(field_y, x[None], y[None], cv2.INTER_LINEAR)[0]
        right = cv2.remap(field_x, x[None], y[None], cv2.INTER_LINEAR)[0]
        y = np.clip(y + np.float32(_STEP) * down, 0, height - 1)
        x = np.clip(x + np.float32(_STEP) * right, 0, width - 1)
    return np.rint(y).astype(np.intp), np.rint(x).astype(np.intp)
