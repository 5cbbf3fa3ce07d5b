"""What is seen at a pixel: windows around it at several resolutions."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from .specification import STAGES, WINDOW, Stage

_OFFSETS = np.arange(WINDOW, dtype=np.float32) - np.float32((WINDOW - 1) / 2)


class Scene:
    """An image whose smoothed versions are made once for each stage."""

    def __init__(self, planes: NDArray[np.float32], size_px: int) -> None:
        self.width, self.height = int(planes.shape[2]), int(planes.shape[1])
        self._planes, self._size_px = planes, size_px
        self._smooth: dict[float, Sequence[NDArray[np.float32]]] = {}

    def windows(self, points: NDArray[np.floating], stage: Stage) -> NDArray[np.float32]:
        """Windows ``(n, f)`` around points ``(n, 2)`` in working px, plane by plane, then scale by scale.

        Each window has its mean taken away at the widest scale's place, so that brightness does not matter.
        """
        parts: list[NDArray[np.float32]] = []
        for plane in range(len(self._planes)):
            found = [self._sampled(plane, points, one * self._size_px) for one in stage.spacings]
            level = found[-1].mean(axis=1, keepdims=True)
            parts += [one - level for one in found]
        return np.concatenate(parts, axis=1)

    def _sampled(self, plane: int, points: NDArray[np.floating], spacing: float) -> NDArray[np.float32]:
        picture = self._smoothed(spacing)[plane]
        x = (points[:, 0].astype(np.float32) - np.float32(0.5))[:, None, None]
        y = (points[:, 1].astype(np.float32) - np.float32(0.5))[:, None, None]
        away = _OFFSETS * np.float32(spacing)
        columns = np.broadcast_to(x + away[None, None, :], (len(points), WINDOW, WINDOW))
        rows = np.broadcast_to(y + away[None, :, None], (len(points), WINDOW, WINDOW))
        return np.concatenate(
            [
                cv2.remap(
                    picture,
                    np.ascontiguousarray(columns[start : start + 3000].reshape(-1, WINDOW * WINDOW)),
                    np.ascontiguousarray(rows[start : start + 3000].reshape(-1, WINDOW * WINDOW)),
                    cv2.INTER_LINEAR,
                    borderMode=cv2.BORDER_REPLICATE,
                )
                for start in range(0, len(points), 3000)
            ]
        ).astype(np.float32)

    def _smoothed(self, spacing: float) -> Sequence[NDArray[np.float32]]:
        if spacing not in self._smooth:
            sigma = 0.5 * spacing
            self._smooth[spacing] = [
                np.asarray(cv2.GaussianBlur(one, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)
                for one in self._planes
            ]
        return self._smooth[spacing]


def feature_count(planes: int) -> int:
    """How many numbers the windows of a pixel have."""
    return planes * len(STAGES[0].spacings) * WINDOW * WINDOW
