"""Crops of objects on a plane of an image."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop.core.geometry import Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.reading import channel_reader
from cytoloop.learning.classifiers.crops import CropSpec, cut_crops
from cytoloop.learning.normalisation import intensity_range
from cytoloop.workflows.images.analysis import overview

OVERVIEW_PX = 1024


def plane_crops(
    pyramid: Pyramid, outlines: Sequence[BaseGeometry], spec: CropSpec, plane: Plane
) -> NDArray[np.float32]:
    """``(n, planes + 1, side, side)`` of outlines in full-resolution px."""
    info = pyramid.info
    values = intensity_range(overview(pyramid, plane, OVERVIEW_PX).array) if spec.own_range else None
    read = channel_reader(pyramid.source, rgb=info.rgb, z=plane.z, t=plane.t)
    return cut_crops(outlines, read, (info.width, info.height), spec, values)
