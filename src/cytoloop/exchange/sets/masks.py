"""Masks: labels, semantic classes, foreground, one plane an object, outlines on the picture."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from cytoloop.core.errors import InvalidInputError
from cytoloop.exchange.naming import color_parts

from .model import Plane, SetImage, SetOptions, class_numbers, class_of, folder_in, labels_of, picture_of, planes_of

MAX_STACK_BYTES = 2**31
OUTLINE = (255, 214, 10)


def write_labels(images: Sequence[SetImage], folder: Path, options: SetOptions) -> list[Path]:
    """One label image a plane: 0 is background, objects count from 1."""
    return [
        _tiff(folder_in(folder, "labelled_masks") / f"{plane.name}.tif", _narrow(labels_of(plane)))
        for image in images
        for plane in planes_of(image, options)
    ]


def write_binary(images: Sequence[SetImage], folder: Path, options: SetOptions) -> list[Path]:
    """Foreground 255, background 0."""
    return [
        _png(folder_in(folder, "binary_masks") / f"{plane.name}.png", (labels_of(plane) > 0).astype(np.uint8) * 255)
        for image in images
        for plane in planes_of(image, options)
    ]


def write_stacks(images: Sequence[SetImage], folder: Path, options: SetOptions) -> list[Path]:
    """A plane an object, so that objects may overlap: a TIFF with as many pages as objects."""
    paths: list[Path] = []
    for image in images:
        for plane in planes_of(image, options):
            if not plane.geometries:
                continue
            height, width = plane.shape
            if height * width * len(plane.geometries) > MAX_STACK_BYTES:
                raise InvalidInputError(
                    f"A stack of {len(plane.geometries):,} planes of {width:,} x {height:,} px is too large "
                    f"({image.facts.name}). Choose a larger downsample, or labels instead."
                )
            pages = (_alone(plane, number) for number in range(len(plane.geometries)))
            path = folder_in(folder, "layered_stacks") / f"{plane.name}.tif"
            shape = (len(plane.geometries), height, width)
            tifffile.imwrite(
                path,
                pages,
                shape=shape,
                dtype=np.uint8,
                photometric="minisblack",
                compression="adobe_deflate",
                metadata=None,
            )
            paths.append(path)
    return paths


def _alone(plane: Plane, number: int) -> NDArray[np.uint8]:
    one = Plane(plane.z, plane.t, plane.shape, (), [plane.geometries[number]], plane.name)
    return (labels_of(one) > 0).astype(np.uint8) * 255


def write_semantic(images: Sequence[SetImage], folder: Path, options: SetOptions) -> list[Path]:
    """Class numbers from 1 (0 is background), and ``classes.csv`` that names them."""
    numbers = {name: number + 1 for name, number in class_numbers(options, images).items()}
    table = folder / "classes.csv"
    table.write_text("value,class\n" + "".join(f'{number},"{name}"\n' for name, number in numbers.items()))
    paths = [table]
    for image in images:
        for plane in planes_of(image, options):
            values = [numbers[class_of(one)] for one in plane.objects]
            drawn = labels_of(plane, values)
            small = drawn.astype(np.uint8 if len(numbers) < 256 else np.uint16)
            paths.append(_png(folder_in(folder, "semantic_masks") / f"{plane.name}.png", small))
    return paths


def write_overlays(images: Sequence[SetImage], folder: Path, options: SetOptions) -> list[Path]:
    """The picture with outlines in the colours of the classes."""
    return [
        _png(folder_in(folder, "overlays") / f"{plane.name}.png", outlined(picture_of(image, plane, options), plane))
        for image in images
        for plane in planes_of(image, options)
    ]


def outlined(picture: NDArray[np.uint8], plane: Plane) -> NDArray[np.uint8]:
    """Outlines drawn two px wide on a copy of the picture."""
    drawn = picture.copy()
    for one, geometry in zip(plane.objects, plane.geometries, strict=True):
        color = OUTLINE if one.term is None else tuple(color_parts(one.term.color) or OUTLINE)
        parts = getattr(geometry, "geoms", [geometry])
        rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
        # whole numbers name the middle of a pixel there
        lines = [np.round(np.asarray(ring.coords)[:, :2] - 0.5).astype(np.int32) for ring in rings]
        cv2.polylines(drawn, lines, isClosed=True, color=color, thickness=2)
    return drawn


def _narrow(labels: NDArray[np.uint32]) -> NDArray[np.generic]:
    return labels.astype(np.uint16) if int(labels.max(initial=0)) < 2**16 else labels


def _tiff(path: Path, data: NDArray[np.generic]) -> Path:
    tifffile.imwrite(path, data, compression="adobe_deflate", photometric="minisblack", metadata=None)
    return path


def _png(path: Path, data: NDArray[np.generic]) -> Path:
    Image.fromarray(data).save(path)
    return path
