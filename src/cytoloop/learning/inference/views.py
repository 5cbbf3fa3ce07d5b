"""Test-time augmentation: the eight ways to turn and mirror a picture, and the way back (Moshkov et al. 2020)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.packages.model import Decoder


@dataclass(frozen=True, slots=True)
class Turn:
    """First mirrored left to right if ``mirrored``, then turned ``quarters`` times by 90 degrees."""

    quarters: int
    mirrored: bool

    def of(self, picture: NDArray[np.float32]) -> NDArray[np.float32]:
        """The picture ``(h, w, k)`` seen so."""
        seen = picture[:, ::-1] if self.mirrored else picture
        return np.ascontiguousarray(np.rot90(seen, self.quarters, (0, 1)))

    def undone(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """Maps ``(c, h, w)`` of such a view, brought back."""
        back = np.rot90(maps, -self.quarters, (1, 2))
        return np.ascontiguousarray(back[:, :, ::-1] if self.mirrored else back)

    def undone_labels(self, labels: NDArray[np.int32]) -> NDArray[np.int32]:
        """Labels ``(h, w)`` of such a view, brought back."""
        back = np.rot90(labels, -self.quarters, (0, 1))
        return np.ascontiguousarray(back[:, ::-1] if self.mirrored else back)


IDENTITY = Turn(0, mirrored=False)
FLIPS = (IDENTITY, Turn(0, mirrored=True), Turn(2, mirrored=True), Turn(2, mirrored=False))
"""As seen, mirrored left to right, mirrored top to bottom, both."""
ALL = tuple(Turn(quarters, mirrored=mirrored) for mirrored in (False, True) for quarters in range(4))

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def averaged_maps(
    predict: Predict, picture: NDArray[np.float32], turns: Sequence[Turn], decoder: Decoder
) -> NDArray[np.float32]:
    """Mean over the views of the maps ``(c, h, w)``; vectors and rays are turned back with the picture."""
    total: NDArray[np.float32] | None = None
    for turn in turns:
        maps = _directed(turn.undone(predict(turn.of(picture))), turn, decoder)
        total = maps if total is None else total + maps
    if total is None:
        raise ValueError("there must be at least one view")
    return total / np.float32(len(turns))


def _directed(maps: NDArray[np.float32], turn: Turn, decoder: Decoder) -> NDArray[np.float32]:
    """Channels that mean directions, told in the directions of the picture as it is."""
    if decoder is Decoder.FLOWS:
        dy, dx = maps[1], maps[2]
        for _ in range(turn.quarters % 4):  # the view turned from x to -y: (dy, dx) becomes (dx, -dy) on the way back
            dy, dx = dx, -dy
        maps = np.concatenate([maps[:1], np.stack([dy, -dx if turn.mirrored else dx]), maps[3:]])
    if decoder is Decoder.STAR:
        rays = len(maps) - 1
        direction = np.arange(rays)
        if turn.mirrored:
            direction = rays // 2 - direction
        maps = np.concatenate([maps[:1], maps[1:][(direction - turn.quarters * rays // 4) % rays]])
    return maps
