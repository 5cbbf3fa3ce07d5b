"""Crops: each object cut out of the picture with its mask, sorted into folders by class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely
from PIL import Image

from cytoloop.annotations.raster import polygons_to_labels
from cytoloop.core.geometry import Box
from cytoloop.exchange.model import ExchangeObject

from .model import SetImage, SetOptions, class_of, folder_in, is_area

MARGIN = 0.25
"""Of the object's longer side, where crops take the objects' sizes."""


def write_crops(images: Sequence[SetImage], folder: Path, options: SetOptions) -> list[Path]:
    """``CLASS/IMAGE_NUMBER.png`` and ``CLASS/IMAGE_NUMBER_mask.png`` of every area."""
    paths: list[Path] = []
    for image in images:
        areas = [one for one in image.objects if is_area(one)]
        for number, one in enumerate(areas, start=1):
            box = _window(one, options)
            picture = image.look(box, options.downsample, one.z, one.t)
            shape = (picture.shape[0], picture.shape[1])
            corner = (box.x0, box.y0)
            placed = shapely.transform(
                one.geometry, lambda points, corner=corner: (points - corner) / options.downsample
            )
            mask = (polygons_to_labels([placed], shape) > 0).astype(np.uint8) * 255
            stem = f"{image.stem}_{one.id or number:06d}"
            target = folder_in(folder, "crops", safe(class_of(one)))
            Image.fromarray(picture).save(target / f"{stem}.png")
            Image.fromarray(mask).save(target / f"{stem}_mask.png")
            paths += [target / f"{stem}.png", target / f"{stem}_mask.png"]
    return paths


def _window(one: ExchangeObject, options: SetOptions) -> Box:
    """A square around the object's middle; what lies outside the image is filled."""
    x0, y0, x1, y1 = one.geometry.bounds
    side = options.crop_px * options.downsample or max(x1 - x0, y1 - y0, 8) * (1 + 2 * MARGIN)
    left, top = np.floor((x0 + x1 - side) / 2), np.floor((y0 + y1 - side) / 2)
    return Box(float(left), float(top), float(left + side), float(top + side))


def safe(name: str) -> str:
    """A class's name as a folder's."""
    plain = "".join(sign if sign.isalnum() or sign in " -_" else "_" for sign in name).strip(" .")
    return plain[:80] or "class"
