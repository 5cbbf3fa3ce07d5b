"""A piece of an image with a label for each object in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cytoloop.measurements.pixels import PixelList


@dataclass(frozen=True, slots=True)
class Region:
    """Objects that do not overlap, and the picture around them.

    Attributes
    ----------
    labels
        ``(h, w) int32``: 0 outside, 1..n inside the objects, each with at least one pixel.
    others
        ``(h, w) bool``: pixels of any object, those of other regions of the same place included.
    pixels
        ``(c, h, w) float64``, 0..1.
    raw
        ``(c, h, w)`` as they are in the image.
    channels
        A name for each channel.
    ring_px
        Width of the ring around an object.
    """

    labels: NDArray[np.int32]
    others: NDArray[np.bool_]
    pixels: NDArray[np.float64]
    raw: NDArray[np.generic]
    channels: tuple[str, ...]
    ring_px: int = 5

    @property
    def count(self) -> int:
        """How many objects there are."""
        return int(self.labels.max(initial=0))


@dataclass(frozen=True, slots=True)
class Column:
    """Values ``(n,)`` of a region's objects under a key, with what people read."""

    key: str
    label: str
    values: NDArray[np.floating[Any]]


def layers_of(pixels: PixelList, shape: tuple[int, int]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int32]]]:
    """Label images ``(h, w)`` of objects that may overlap, and the owner of each label.

    An object that shares a pixel with one before it goes into the next image.
    """
    flat = pixels.rows * shape[1] + pixels.columns
    rest = np.unique(pixels.owner)
    while len(rest):
        left = np.isin(pixels.owner, rest)
        owner, places = pixels.owner[left], flat[left]
        order = np.lexsort((owner, places))
        again = places[order][1:] == places[order][:-1]
        late = np.unique(owner[order][1:][again])
        chosen = np.setdiff1d(rest, late) if len(late) < len(rest) else rest[:1]
        labels = np.zeros(shape, np.int32)
        mine = np.isin(owner, chosen)
        labels.ravel()[places[mine]] = np.searchsorted(chosen, owner[mine]) + 1
        yield chosen, labels
        rest = np.setdiff1d(rest, chosen)
