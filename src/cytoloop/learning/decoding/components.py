"""Foreground or class probabilities: connected pieces."""

import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.method import Instances

from .objects import finished, pieces
from .settings import DecoderSettings


def component_objects(maps: NDArray[np.float32], diameter_px: float, settings: DecoderSettings) -> Instances:
    """Connected pieces of one probability map, or of the most probable class where there are more.

    ``maps`` is ``(1, h, w)`` foreground probability, or ``(c, h, w)`` with background first.
    """
    if len(maps) == 1:
        return finished(pieces(maps[0] > settings.foreground), maps[0], diameter_px, settings)
    classes = maps.argmax(axis=0)
    labels = np.zeros(classes.shape, np.int32)
    for number in range(1, len(maps)):
        found = pieces(classes == number)
        labels = np.where(found > 0, found + labels.max(initial=0), labels).astype(np.int32)
    return finished(labels, 1 - maps[0], diameter_px, settings)
