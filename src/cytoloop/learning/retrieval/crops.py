"""Square crops around objects, all brought to one size."""

from collections.abc import Sequence

import cv2
import numpy as np
import rasterio.features
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop.core.geometry import Box
from cytoloop.learning.normalisation import Range, normalised
from cytoloop.measurements.objects import Reader

SIDE = 64
CONTEXT = 1.5
"""Side of a crop over the longer side of its object."""
LEAST_PX = 16.0
MOST_PX = 4096.0
"""Of the image in a crop; of larger objects the middle is looked at."""


def object_crops(
    outlines: Sequence[BaseGeometry], read: Reader, extent: tuple[int, int], values: Range
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Crops ``(n, 64, 64, 3)`` and masks ``(n, 64, 64)`` of outlines in full-resolution px.

    Parameters
    ----------
    read
        Gives the pixels ``(c, h, w)`` of a box of whole px inside the image.
    extent
        Width and height of the image, px.
    values
        What becomes 0 and 1.
    """
    crops = np.zeros((len(outlines), SIDE, SIDE, 3), np.float32)
    masks = np.zeros((len(outlines), SIDE, SIDE), bool)
    for number, outline in enumerate(outlines):
        window = _window(outline)
        seen = window.intersection(Box(0, 0, *extent))
        if not seen.is_empty:
            crops[number] = _crop(read(seen), window, seen, values)
        masks[number] = _mask(outline, window)
    return crops, masks


def _window(outline: BaseGeometry) -> Box:
    x0, y0, x1, y1 = outline.bounds
    side = round(min(MOST_PX, max(LEAST_PX, CONTEXT * max(x1 - x0, y1 - y0))))
    left, top = round((x0 + x1 - side) / 2), round((y0 + y1 - side) / 2)
    return Box(left, top, left + side, top + side)


def _crop(pixels: NDArray[np.generic], window: Box, seen: Box, values: Range) -> NDArray[np.float32]:
    colours = pixels if len(pixels) == 3 else pixels.astype(np.float32).max(axis=0, keepdims=True).repeat(3, axis=0)
    array = normalised(np.moveaxis(colours, 0, -1), values)
    around = [int(one) for one in (seen.y0 - window.y0, window.y1 - seen.y1, seen.x0 - window.x0, window.x1 - seen.x1)]
    whole = cv2.copyMakeBorder(array, *around, borderType=cv2.BORDER_REPLICATE)
    method = cv2.INTER_AREA if whole.shape[0] > SIDE else cv2.INTER_LINEAR
    return np.clip(cv2.resize(whole, (SIDE, SIDE), interpolation=method), 0, 1).astype(np.float32)


def _mask(outline: BaseGeometry, window: Box) -> NDArray[np.bool_]:
    factor = window.width / SIDE
    place = Affine(factor, 0, window.x0, 0, factor, window.y0)
    drawn = rasterio.features.rasterize([(outline, 1)], (SIDE, SIDE), transform=place, dtype=np.uint8)
    found = np.asarray(drawn, bool)
    if not found.any():  # thinner than a pixel
        found[SIDE // 2, SIDE // 2] = True
    return found
