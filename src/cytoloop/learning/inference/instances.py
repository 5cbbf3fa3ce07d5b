"""From a normalised picture to its objects: rescaling, maps, views, decoding, and the way back to the picture's px."""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import expand_labels

from cytoloop.learning.decoding import DecoderSettings, decoded
from cytoloop.learning.method import Instances
from cytoloop.learning.packages.model import Decoder, ModelSpec

from .session import Network
from .sizes import estimated_diameter
from .tiling import TileSettings, maps_of
from .views import IDENTITY, Turn, averaged_maps

_MOST_ENLARGED = 6.0
FOREGROUND = "foreground"
"""What the first map is called where it is the probability of objects."""
_LEAST_SCORE_OF_LOOKS = 0.5
"""Doubtful objects tell that a look is at the wrong size."""


@dataclass(frozen=True, slots=True, eq=False)
class SizedMaps:
    """Maps ``(c, h, w)`` of a picture at the size in which they are decoded.

    ``diameter_px`` is the expected diameter of objects in them, and ``shape`` the picture's own height and width.
    """

    maps: NDArray[np.float32]
    diameter_px: float
    shape: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Predictor:
    """A network with all that is needed to find objects by it."""

    network: Network
    spec: ModelSpec
    settings: DecoderSettings = field(default_factory=DecoderSettings)
    turns: tuple[Turn, ...] = (IDENTITY,)
    largest_tile: int = 1024

    def maps(self, picture: NDArray[np.float32]) -> NDArray[np.float32]:
        """Maps ``(c, h, w)`` of a picture ``(h, w, 3)`` that is seen as it is."""
        if self.spec.channels == 1:
            picture = picture.mean(axis=2, keepdims=True)
        tiles = TileSettings(self.largest_tile, self.spec.halo, self.spec.stride, self.spec.smallest)
        return averaged_maps(lambda one: maps_of(self.network, one, tiles), picture, self.turns, self.spec.decoder)

    def look(self, picture: NDArray[np.float32]) -> Instances:
        """Objects of a picture seen as it is, quickly: one view."""
        tiles = TileSettings(self.largest_tile, self.spec.halo, self.spec.stride, self.spec.smallest)
        maps = averaged_maps(lambda one: maps_of(self.network, one, tiles), picture, (IDENTITY,), self.spec.decoder)
        generous = replace(self.settings, least_score=min(self.settings.least_score, _LEAST_SCORE_OF_LOOKS))
        return decoded(self.spec.decoder, maps, self.spec.diameter_px or 26.0, generous)

    def diameter(self, pictures: list[NDArray[np.float32]]) -> float | None:
        """Estimated median diameter, px of the pictures; ``None`` where nothing was found or size is not used."""
        if self.spec.diameter_px is None:
            return None
        return estimated_diameter(self.look, pictures, self.spec.diameter_px)

    def foreground(self, picture: NDArray[np.float32], diameter_px: float | None) -> NDArray[np.float32]:
        """Foreground probability ``(h, w)`` of a picture ``(h, w, 3)``, seen at the model's object size."""
        height, width = picture.shape[:2]
        model = self.spec.diameter_px
        scale = 1.0 if model is None or diameter_px is None else min(model / diameter_px, _MOST_ENLARGED)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        seen = picture if size == (width, height) else cv2.resize(picture, size, interpolation=method)
        maps = self.maps(np.asarray(seen, dtype=np.float32))
        inside = maps[0] if len(maps) == 1 or self.spec.decoder is not Decoder.COMPONENTS else 1 - maps[0]
        if inside.shape == (height, width):
            return inside
        back = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(inside, (width, height), interpolation=back), dtype=np.float32)

    def segment(self, picture: NDArray[np.float32], diameter_px: float | None) -> Instances:
        """The objects of a picture ``(h, w, 3)``, rescaled so that ``diameter_px`` becomes the model's."""
        return self.objects(self.maps_at(picture, diameter_px))

    def maps_at(self, picture: NDArray[np.float32], diameter_px: float | None) -> SizedMaps:
        """Maps of a picture ``(h, w, 3)`` that was rescaled so that ``diameter_px`` becomes the model's.

        They have the finer of the two sizes, so that small objects stay apart and large ones get smooth outlines.
        """
        height, width = picture.shape[:2]
        model = self.spec.diameter_px
        scale = 1.0 if model is None or diameter_px is None else min(model / diameter_px, _MOST_ENLARGED)
        seen_h, seen_w = max(1, round(height * scale)), max(1, round(width * scale))
        usual = model or 26.0
        if (seen_h, seen_w) == (height, width):
            return SizedMaps(self.maps(picture), usual, (height, width))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        seen = np.asarray(cv2.resize(picture, (seen_w, seen_h), interpolation=method), dtype=np.float32)
        maps = self.maps(seen)
        if scale < 1:
            large = [cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in maps]
            return SizedMaps(np.stack(large).astype(np.float32), usual / scale, (height, width))
        return SizedMaps(maps, usual, (height, width))

    def objects(self, found: SizedMaps) -> Instances:
        """The objects in maps, in the picture's px."""
        objects = decoded(self.spec.decoder, found.maps, found.diameter_px, self.settings)
        if found.maps.shape[1:] == found.shape:
            return objects
        inside = found.maps[0] if self.spec.outputs[0] == FOREGROUND else None
        return _reduced(objects, found.shape, inside, self.settings.foreground)


def _reduced(
    found: Instances, shape: tuple[int, int], foreground: NDArray[np.float32] | None, least: float
) -> Instances:
    """Labels in the picture's px ``(h, w)``, sampled at their centres; objects that no centre hits are lost.

    Where there is a ``foreground`` map, outlines follow it: a px at an object's rim belongs to the object if the map's
    mean over the px is above ``least``.
    """
    size = (shape[1], shape[0])
    labels = cv2.resize(found.labels.astype(np.float32), size, interpolation=cv2.INTER_NEAREST_EXACT).astype(np.int32)
    if foreground is not None:
        inside = cv2.resize(foreground, size, interpolation=cv2.INTER_AREA) > least
        labels = np.where(inside | _inner(labels), expand_labels(labels, 1), 0).astype(np.int32)
    present = np.bincount(labels.ravel(), minlength=len(found.scores) + 1)[1:] > 0
    numbers = np.concatenate([[0], np.cumsum(present) * present]).astype(np.int32)
    return Instances(numbers[labels], found.scores[present])


def _inner(labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Px of objects whose four neighbours belong to the same object."""
    framed = np.pad(labels, 1, mode="edge")
    around = (framed[:-2, 1:-1], framed[2:, 1:-1], framed[1:-1, :-2], framed[1:-1, 2:])
    return (labels > 0) & np.logical_and.reduce([one == labels for one in around])
