"""Features of objects on one plane of an image, as classifiers see them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop.core.geometry import Plane
from cytoloop.images.reading import channel_reader
from cytoloop.images.source import ImageInfo, ImageSource
from cytoloop.learning.classifiers.features import object_features
from cytoloop.learning.classifiers.specification import FeatureSpec


def plane_features(
    source: ImageSource, info: ImageInfo, outlines: Sequence[BaseGeometry], spec: FeatureSpec, plane: Plane
) -> NDArray[np.float32]:
    """``(n, f)`` of outlines in full-resolution px."""
    width, height = info.pixel_width_um, info.pixel_height_um
    pixel_um = (width, height) if width and height else None
    read = channel_reader(source, rgb=info.rgb, z=plane.z, t=plane.t)
    return object_features(outlines, read, extent=(info.width, info.height), spec=spec, pixel_um=pixel_um)
