"""Datasets for training out of a project: its images with the objects of a layer as labels."""

from pathlib import Path

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray
from sqlalchemy import Connection

from cytoloop.annotations import layers as layer_store
from cytoloop.annotations.model import Layer
from cytoloop.annotations.raster import polygons_to_labels
from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Box, Plane
from cytoloop.learning.classical.channels import AUTO, channel_plane, chosen_channel
from cytoloop.projects.images import ProjectImage, image_count, project_images
from cytoloop.projects.store import Project
from cytoloop.workflows.exchange.downloads import file_name
from cytoloop.workflows.exchange.exchanging import objects_of_layer
from cytoloop.workflows.images.analysis import read_pixels
from cytoloop.workflows.images.library import ImageLibrary

LARGEST_PX = 50_000_000
"""Images above this are too large to be learnt from whole."""


def write_layer_dataset(
    connection: Connection, library: ImageLibrary, project: Project, layer_name: str, folder: Path, channel: str = AUTO
) -> int:
    """Write ``images`` and ``labels`` of every image that has a layer of this name with objects; how many.

    Each plane with objects becomes a pair. Colour images are written as they are, of others one channel.

    Raises
    ------
    InvalidInputError
        No image has such a layer with outlines, or an image is too large.
    """
    images, labels = folder / "images", folder / "labels"
    images.mkdir(parents=True, exist_ok=True)
    labels.mkdir(exist_ok=True)
    count = 0
    for image in project_images(connection, project.id, limit=image_count(connection, project.id) + 1):
        for layer in layer_store.layers_of_image(connection, image.id):
            if layer.name == layer_name and image.stored is not None:
                count += _write(connection, library, image, layer, folder, channel)
    if count == 0:
        raise InvalidInputError(
            f"No image of {project.name} has a layer {layer_name!r} with outlines. Annotate some objects in it first."
        )
    return count


def _write(
    connection: Connection, library: ImageLibrary, image: ProjectImage, layer: Layer, folder: Path, channel: str
) -> int:
    assert image.stored is not None  # looked at by the caller
    info = image.stored.info
    width, height = int(info["width"]), int(info["height"])
    if width * height > LARGEST_PX:
        raise InvalidInputError(
            f"{image.name} has {width:,} x {height:,} px; images up to {LARGEST_PX / 1e6:.0f} million px can be learnt "
            "from. Add a cut-out of it to the project and annotate that."
        )
    objects = [
        one
        for one in objects_of_layer(connection, layer, image)
        if one.geometry.geom_type in {"Polygon", "MultiPolygon"}
    ]
    planes = sorted({(one.z, one.t) for one in objects})
    with library.pyramid(image.stored) as pyramid:
        for z, t in planes:
            pixels = read_pixels(pyramid, Box(0, 0, width, height), Plane(z, t))
            shown: NDArray[np.generic] = (
                pixels.array if pixels.rgb else channel_plane(pixels, chosen_channel(pixels, channel))[0]
            )
            stem = file_name(f"{image.id}-{Path(image.name).stem}-z{z}-t{t}", "")
            drawn = polygons_to_labels([one.geometry for one in objects if (one.z, one.t) == (z, t)], (height, width))
            write_pair(folder, stem, shown, drawn.astype(np.int32))
    return len(planes)


def write_pair(folder: Path, name: str, picture: NDArray[np.generic], labels: NDArray[np.int32]) -> None:
    """Write ``images/NAME.tif`` and ``labels/NAME.tif``: colours ``(h, w, 3)`` of 8 bits or one plane ``(h, w)``."""
    tifffile.imwrite(folder / "labels" / f"{name}.tif", labels, compression="deflate")
    path = folder / "images" / f"{name}.tif"
    array = picture
    if array.ndim == 3:
        cv2.imwrite(str(path), cv2.cvtColor(np.asarray(array, np.uint8), cv2.COLOR_RGB2BGR))
    else:
        tifffile.imwrite(path, array.astype(np.float32))
