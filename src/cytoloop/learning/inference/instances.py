"""From a normalised picture to its objects: rescaling, maps, views, decoding, and the way back to the picture's px."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import expand_labels

from cytoloop.learning.decoding import DecoderSettings, decoded
from cytoloop.learning.method import Instances
from cytoloop.learning.packages.model import Decoder, ModelSpec

from .resampling import Stretch, Window, nearest, resampled
from .session import Network
from .sizes import estimated_diameter
from .tiling import TileSettings, maps_of
from .views import IDENTITY, Turn, averaged_maps

_MOST_ENLARGED = 6.0
_USUAL_PX = 26.0
"""Diameter for which the decoder's numbers are meant, where a model tells none."""
FOREGROUND = "foreground"
"""What the first map is called where it is the probability of objects."""
_LEAST_SCORE_OF_LOOKS = 0.5
"""Doubtful objects tell that a look is at the wrong size."""


Origin = tuple[int, int]
"""Column and row (px) at which a picture that is part of a larger one begins in it."""


@dataclass(frozen=True, slots=True, eq=False)
class SizedMaps:
    """Maps ``(c, h, w)`` of a picture at the size in which they are decoded.

    ``diameter_px`` is the expected diameter of objects in them. ``picture`` and ``seen`` tell where the picture and the
    maps lie in the whole of which the picture is a part; ``scale`` px of the maps stand for one of the picture.
    """

    maps: NDArray[np.float32]
    diameter_px: float
    picture: Window
    seen: Window
    scale: float

    def sampled(self, labels: NDArray[np.int32]) -> NDArray[np.int32]:
        """Of labels of the maps' size, those at the centres of the picture's px."""
        return nearest(labels, self.seen, self.picture, 1 / self.scale)

    def means(self, one: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of a map ``(h, w)`` of the maps' size, the mean over each of the picture's px."""
        return one if self.seen == self.picture else resampled(one, self.seen, self.picture, 1 / self.scale)


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
        return decoded(self.spec.decoder, maps, self.spec.diameter_px or _USUAL_PX, generous)

    def diameter(self, pictures: list[NDArray[np.float32]]) -> float | None:
        """Estimated median diameter, px of the pictures; ``None`` where nothing was found or size is not used."""
        if self.spec.diameter_px is None:
            return None
        return estimated_diameter(self.look, pictures, self.spec.diameter_px)

    def foreground(
        self, picture: NDArray[np.float32], diameter_px: float | None, origin: Origin = (0, 0)
    ) -> NDArray[np.float32]:
        """Foreground probability ``(h, w)`` of a picture ``(h, w, 3)``, seen at the model's object size."""
        found = self.maps_at(picture, diameter_px, origin)
        maps = found.maps
        return found.means(maps[0] if len(maps) == 1 or self.spec.decoder is not Decoder.COMPONENTS else 1 - maps[0])

    def segment(self, picture: NDArray[np.float32], diameter_px: float | None) -> Instances:
        """The objects of a picture ``(h, w, 3)``, rescaled so that ``diameter_px`` becomes the model's."""
        return self.objects(self.maps_at(picture, diameter_px))

    def maps_at(self, picture: NDArray[np.float32], diameter_px: float | None, origin: Origin = (0, 0)) -> SizedMaps:
        """Maps of a picture ``(h, w, 3)`` that was rescaled so that ``diameter_px`` becomes the model's.

        They have the finer of the two sizes, so that small objects stay apart and large ones get smooth outlines.
        Parts of a larger picture, whose ``origin`` in it is given, get the same maps where they overlap: samples and
        the network's strides are counted from the beginning of the whole.
        """
        height, width = picture.shape[:2]
        model = self.spec.diameter_px
        scale = 1.0 if model is None or diameter_px is None else min(model / diameter_px, _MOST_ENLARGED)
        part = Window(Stretch(origin[1], height), Stretch(origin[0], width))
        seen = part.scaled(scale, self.spec.stride)
        maps = self.maps(resampled(picture, part, seen, scale))
        usual = self.spec.diameter_px or _USUAL_PX
        if scale <= 1:
            large = np.stack([resampled(one, seen, part, 1 / scale) for one in maps])
            return SizedMaps(large, usual / scale, part, part, 1.0)
        shown = part.scaled(scale, 1)
        return SizedMaps(shown.of(maps, seen), usual, part, shown, scale)

    def objects(self, found: SizedMaps) -> Instances:
        """The objects in maps, in the picture's px."""
        objects = decoded(self.spec.decoder, found.maps, found.diameter_px, self.settings)
        if found.seen == found.picture:
            return objects
        inside = found.means(found.maps[0]) > self.settings.foreground if self.spec.outputs[0] == FOREGROUND else None
        return _reduced(objects, found.sampled(objects.labels), inside)


def _reduced(found: Instances, labels: NDArray[np.int32], inside: NDArray[np.bool_] | None) -> Instances:
    """Objects by their ``labels`` in the picture's px ``(h, w)``; those of which none is left are lost.

    Where it is known which px lie ``inside`` objects on the mean, outlines follow that at the objects' rims.
    """
    if inside is not None:
        labels = np.where(inside | _inner(labels), expand_labels(labels, 1), 0).astype(np.int32)
    present = np.bincount(labels.ravel(), minlength=len(found.scores) + 1)[1:] > 0
    numbers = np.concatenate([[0], np.cumsum(present) * present]).astype(np.int32)
    return Instances(numbers[labels], found.scores[present])


def _inner(labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Px of objects whose four neighbours belong to the same object."""
    framed = np.pad(labels, 1, mode="edge")
    around = (framed[:-2, 1:-1], framed[2:, 1:-1], framed[1:-1, :-2], framed[1:-1, 2:])
    return (labels > 0) & np.logical_and.reduce([one == labels for one in around])
