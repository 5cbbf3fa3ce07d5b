"""Objects of one plane of an image, measured: what is always measured, and what was asked for besides."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop.core.geometry import Plane
from cytoloop.images.reading import channel_reader
from cytoloop.images.source import ImageInfo, ImageSource
from cytoloop.measurements.features.catalogue import Wanted
from cytoloop.measurements.objects import measure_objects
from cytoloop.measurements.table import ObjectMeasurements

RGB_NAMES = ("Red", "Green", "Blue")


def measure_plane(
    source: ImageSource,
    info: ImageInfo,
    geometries: Sequence[BaseGeometry],
    plane: Plane,
    wanted: Wanted,
    centres: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
) -> ObjectMeasurements:
    """Numbers of objects in full-resolution px; ``centres`` as for ``measure_features``."""
    read = channel_reader(source, rgb=info.rgb, z=plane.z, t=plane.t)
    extent = (info.width, info.height)
    channels = RGB_NAMES if info.rgb else tuple(one.name for one in info.channels)
    measured = measure_objects(
        geometries,
        read,
        extent=extent,
        channels=channels,
        pixel_width_um=info.pixel_width_um,
        pixel_height_um=info.pixel_height_um,
    )
    if not wanted.sets:
        return measured
    # only now: its libraries take a second to load
    from cytoloop.measurements.features.computing import measure_features

    further = measure_features(geometries, read, extent=extent, channels=channels, wanted=wanted, centres=centres)
    return measured.beside(further)
