"""What classifiers see of a whole image: one picture of at most 1024 px, of the middle plane."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from cytoloop.core.geometry import Box, Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.learning.classifiers.configuration import AnyConfiguration, NetworkConfiguration
from cytoloop.learning.classifiers.crops import CropSpec, Spec, crops_for, cut_crops
from cytoloop.learning.classifiers.features import object_features
from cytoloop.learning.classifiers.specification import FeatureSpec, ImageKind, spec_for
from cytoloop.learning.normalisation import intensity_range
from cytoloop.workflows.images.analysis import overview

SIDE_PX = 1024


def image_spec(configuration: AnyConfiguration, images: Sequence[ImageKind]) -> Spec:
    """What is seen of these images. Lengths are in px of the picture, since whole images have no size of their own."""
    sizeless = [ImageKind(one.name, one.rgb, one.channels, calibrated=False) for one in images]
    if isinstance(configuration, NetworkConfiguration):
        return crops_for(sizeless, side=configuration.side, context=1.0, own_range=configuration.own_range)
    return spec_for(sizeless)


def seen(pyramid: Pyramid, spec: Spec) -> NDArray[np.float32]:
    """Features ``(f,)`` of an image, or a crop ``(planes + 1, side, side)`` that holds all of it."""
    plane = Plane(pyramid.info.size_z // 2, 0)
    pixels = np.moveaxis(overview(pyramid, plane, SIDE_PX).array, -1, 0)
    height, width = pixels.shape[1:]
    whole = shapely.box(0, 0, width, height)

    def read(box: Box) -> NDArray[np.generic]:
        return pixels[:, int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]

    if isinstance(spec, FeatureSpec):
        return object_features([whole], read, extent=(width, height), spec=spec)[0]
    values = intensity_range(pixels) if spec.own_range else None
    return cut_crops([whole], read, (width, height), spec, values)[0]


def stacked(found: Sequence[NDArray[np.float32]], spec: Spec) -> NDArray[np.float32]:
    """What was seen of several images, none included."""
    shape = spec.shape if isinstance(spec, CropSpec) else (len(spec.names),)
    return np.stack(found) if found else np.zeros((0, *shape), np.float32)
