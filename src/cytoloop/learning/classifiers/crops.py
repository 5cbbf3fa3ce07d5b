"""What networks see of an object: a square crop around it, brought to one size, and its mask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import rasterio.features
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop.core.geometry import Box
from cytoloop.learning.normalisation import Range, normalised
from cytoloop.measurements.objects import Reader

from .specification import Colours, FeatureSpec, ImageKind, require_colours, spec_for

LEAST_PX = 8.0
MOST_PX = 4096.0
"""Of the image in a crop; of larger objects the middle is looked at."""
STRIDE = 16


@dataclass(frozen=True, slots=True)
class CropSpec:
    """How crops are cut. ``context``: side of a crop over the longer side of its object.

    ``own_range``: the percentiles of the image become 0 and 1; else its values stay, and the network scales them by
    what it saw in training.
    """

    colours: Colours
    channels: int
    side: int
    context: float
    own_range: bool
    version: int = 1

    @property
    def planes(self) -> tuple[str, ...]:
        """The pictures of a crop, by name."""
        if self.colours == "rgb":
            return ("red", "green", "blue")
        return ("gray",) if self.colours == "gray" else tuple(f"channel_{one}" for one in range(self.channels))

    @property
    def names(self) -> tuple[str, ...]:
        """The channels of the network's input: the planes, then the mask."""
        return (*self.planes, "mask")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of a crop with its mask."""
        return len(self.names), self.side, self.side

    @property
    def key(self) -> str:
        """A short name."""
        values = "own" if self.own_range else "as-is"
        return f"crops-v{self.version}-{self.colours}{self.channels}-{self.side}px-{self.context:g}-{values}"

    def require_fit(self, image: ImageKind) -> None:
        """Raise ``InvalidInputError`` where an image does not have the channels."""
        require_colours(self.colours, self.channels, image)


Spec = FeatureSpec | CropSpec
"""What a classifier sees of an object: numbers, or a crop."""


def spec_from(values: Mapping[str, Any]) -> Spec:
    """What ``dataclasses.asdict`` made of a spec."""
    return CropSpec(**values) if "side" in values else FeatureSpec(**values)


def crops_for(images: Sequence[ImageKind], *, side: int, context: float, own_range: bool) -> CropSpec:
    """The richest crops that all of these images have."""
    found = spec_for(images)
    return CropSpec(found.colours, found.channels, side, context, own_range)


def cut_crops(
    outlines: Sequence[BaseGeometry], read: Reader, extent: tuple[int, int], spec: CropSpec, values: Range | None
) -> NDArray[np.float32]:
    """Crops with their masks, ``(n, planes + 1, side, side) float32``.

    Parameters
    ----------
    outlines
        In full-resolution px; what lies beyond the image is filled with its border.
    read
        Gives the pixels ``(c, h, w)`` of a box of whole px inside the image.
    extent
        Width and height of the image, px.
    values
        The image's range; needed where the spec says so. Pixels that are not finite become 0.
    """
    found = np.zeros((len(outlines), *spec.shape), np.float32)
    for number, outline in enumerate(outlines):
        if outline.is_empty:
            continue
        window = _window(outline, spec.context)
        seen = window.intersection(Box(0, 0, *extent))
        if not seen.is_empty:
            found[number, :-1] = _planes(read(seen), window, seen, spec, values)
        found[number, -1] = _mask(outline, window, spec.side)
    return found


def _window(outline: BaseGeometry, context: float) -> Box:
    x0, y0, x1, y1 = outline.bounds
    side = round(min(MOST_PX, max(LEAST_PX, context * max(x1 - x0, y1 - y0))))
    left, top = round((x0 + x1 - side) / 2), round((y0 + y1 - side) / 2)
    return Box(left, top, left + side, top + side)


def _planes(
    pixels: NDArray[np.generic], window: Box, seen: Box, spec: CropSpec, values: Range | None
) -> NDArray[np.float32]:
    array = pixels.astype(np.float32)
    if spec.colours == "gray":
        array = array.mean(axis=0, keepdims=True)
    if spec.own_range and values is not None:
        array = np.clip(normalised(array, values), 0, 1)
    array = np.clip(np.nan_to_num(array, nan=0.0, posinf=0.0, neginf=0.0), -1e30, 1e30)
    around = [int(one) for one in (seen.y0 - window.y0, window.y1 - seen.y1, seen.x0 - window.x0, window.x1 - seen.x1)]
    found = np.empty((len(array), spec.side, spec.side), np.float32)
    for number, plane in enumerate(array):
        whole = cv2.copyMakeBorder(np.ascontiguousarray(plane), *around, borderType=cv2.BORDER_REPLICATE)
        method = cv2.INTER_AREA if whole.shape[0] > spec.side else cv2.INTER_LINEAR
        found[number] = cv2.resize(whole, (spec.side, spec.side), interpolation=method)
    return found


def _mask(outline: BaseGeometry, window: Box, side: int) -> NDArray[np.bool_]:
    factor = window.width / side
    place = Affine(factor, 0, window.x0, 0, factor, window.y0)
    drawn = rasterio.features.rasterize([(outline, 1)], (side, side), transform=place, dtype=np.uint8)
    found = np.asarray(drawn, bool)
    if not found.any():  # thinner than a pixel
        found[side // 2, side // 2] = True
    return found
