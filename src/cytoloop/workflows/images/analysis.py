"""Pixels as methods see them: of one plane or a projection, at the resolution of the analysis.

``downsample`` is how many full-resolution pixels one pixel of the analysis stands for; boxes are in pixels of the
analysis.
"""

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Box, Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.reading import read_plane
from cytoloop.images.source import ImageInfo
from cytoloop.learning.method import Calibration, Method, Pixels
from cytoloop.learning.preprocessing import PipelineMethod, Projection
from cytoloop.learning.preprocessing.steps import projected
from cytoloop.learning.slides.grid import WHOLE_PIXELS

OVERVIEW_PX = 2048
DETAIL_PX = 768
"""Side of the windows in which the size of objects is measured where the image is too large to look at whole."""
DETAILS = 4


def analysis_box(width: int, height: int, downsample: float) -> Box:
    """The whole image in pixels of the analysis: whole ones, none beyond the image."""
    return Box(0, 0, max(1, int(width / downsample)), max(1, int(height / downsample)))


def downsample_for(info: ImageInfo, pixel_um: float | None, name: str) -> float:
    """``downsample_between`` for an image."""
    return downsample_between(info.pixel_width_um, pixel_um, name)


def downsample_between(own_um: float | None, pixel_um: float | None, name: str) -> float:
    """Full-resolution pixels per pixel of an analysis at ``pixel_um`` (µm per pixel; ``None``: as it is), at least 1.

    Raises
    ------
    InvalidInputError
        The size of the pixels of the image, which is called ``name``, is not known.
    """
    if pixel_um is None:
        return 1.0
    if own_um is None:
        raise InvalidInputError(
            f"The size of a pixel of {name} is not known, so it cannot be analysed at {pixel_um:g} µm per pixel. "
            "Leave the resolution empty, or set the image's pixel size."
        )
    return max(1.0, pixel_um / own_um)


def projection_in(method: Method) -> Projection | None:
    """How the planes of a stack become the one that the method sees, if it is a pipeline that says so."""
    return method.projection if isinstance(method, PipelineMethod) else None


def read_pixels(
    pyramid: Pyramid, box: Box, plane: Plane, projection: Projection | None = None, downsample: float = 1.0
) -> Pixels:
    """Pixels of a box as methods see them: exact at full resolution, else averaged."""
    info = pyramid.info
    if projection is None:
        array = _plane(pyramid, box, plane, downsample)
    else:
        planes = [_plane(pyramid, box, Plane(z, plane.t), downsample) for z in _slices(info, projection)]
        array = _joined(planes, info, projection)
    return replace(_as_pixels(array, info, downsample), origin=(int(box.x0), int(box.y0)))


def _plane(pyramid: Pyramid, box: Box, plane: Plane, downsample: float) -> NDArray[Any]:
    if downsample == 1.0:
        return read_plane(pyramid.source, box, z=plane.z, t=plane.t)
    return _reduced(pyramid, box.scaled(downsample), downsample, plane)


def _slices(info: ImageInfo, projection: Projection) -> range:
    last = info.size_z - 1 if projection.z_to is None else projection.z_to
    if last >= info.size_z or projection.z_from >= info.size_z:
        raise InvalidInputError(
            f"The pipeline projects planes {projection.z_from} to {last}, but the image has {info.size_z} along z, "
            "counted from 0. Choose another pipeline or image."
        )
    return range(projection.z_from, last + 1)


def _joined(planes: list[NDArray[Any]], info: ImageInfo, projection: Projection) -> NDArray[Any]:
    """The planes made one; colours stay bytes, their sum being shown by their mean."""
    if info.rgb and projection.how == "sum":
        return np.rint(np.mean(planes, axis=0)).astype(np.uint8)
    return projected(planes, projection.how)


def _as_pixels(array: NDArray[Any], info: ImageInfo, downsample: float) -> Pixels:
    if not info.rgb:
        array = array[..., None] if array.ndim == 2 else np.moveaxis(array, 0, -1)
    names = tuple(channel.name for channel in info.channels)
    pixel_um = None if info.pixel_width_um is None else info.pixel_width_um * downsample
    return Pixels(array, info.rgb, pixel_um, names)


def calibrate(
    method: Method, parameters: Any, pyramid: Pyramid, plane: Plane, whole: Pixels | None, downsample: float = 1.0
) -> Calibration:
    """Global values from the whole image where it is at hand, else from a reduced view of it."""
    if whole is not None:
        return method.calibrate(whole, parameters)
    box = analysis_box(pyramid.info.width, pyramid.info.height, downsample)
    projection = projection_in(method)
    if box.width * box.height <= WHOLE_PIXELS:
        return method.calibrate(read_pixels(pyramid, box, plane, projection, downsample), parameters)
    seen = overview(pyramid, plane, OVERVIEW_PX, projection, downsample)
    step = max(box.width, box.height) / OVERVIEW_PX
    details = _details(pyramid, plane, seen, step, projection, downsample)
    return method.calibrate(replace(seen, details=details), parameters)


def overview(
    pyramid: Pyramid, plane: Plane, side_px: int, projection: Projection | None = None, downsample: float = 1.0
) -> Pixels:
    """The whole image, its longer side reduced to ``side_px`` (or as it is analysed, if that is less)."""
    info = pyramid.info
    reduced = max(downsample, max(info.width, info.height) / side_px)
    box = Box(0, 0, info.width, info.height)
    if projection is None:
        return _as_pixels(_reduced(pyramid, box, reduced, plane), info, reduced)
    planes = [_reduced(pyramid, box, reduced, Plane(z, plane.t)) for z in _slices(info, projection)]
    return _as_pixels(_joined(planes, info, projection), info, reduced)


def _reduced(pyramid: Pyramid, box: Box, downsample: float, plane: Plane) -> NDArray[Any]:
    """``(h, w, 3)`` for RGB, else ``(c, h, w)``; the box is in full-resolution pixels."""
    if pyramid.info.rgb:
        return pyramid.region(box, downsample, z=plane.z, t=plane.t)
    channels = range(pyramid.info.size_c)
    return np.stack([pyramid.region(box, downsample, c=c, z=plane.z, t=plane.t) for c in channels])


def _details(
    pyramid: Pyramid, plane: Plane, seen: Pixels, step: float, projection: Projection | None, downsample: float
) -> tuple[Pixels, ...]:
    """Windows at the analysis' resolution where the overview shows most: what single objects look like.

    ``step`` is how many pixels of the analysis one pixel of the overview stands for.
    """
    gray = seen.array.reshape(*seen.array.shape[:2], -1).mean(axis=2).astype(np.float32)
    side = max(2, round(DETAIL_PX / step))
    activity = cv2.blur(np.abs(gray - cv2.blur(gray, (3, 3))), (side, side))
    whole = analysis_box(pyramid.info.width, pyramid.info.height, downsample)
    found: list[Pixels] = []
    for _ in range(DETAILS):
        y, x = np.unravel_index(int(activity.argmax()), activity.shape)
        if activity[y, x] <= 0:
            break
        left = int(np.clip(x * step - DETAIL_PX / 2, 0, max(0, whole.width - DETAIL_PX)))
        top = int(np.clip(y * step - DETAIL_PX / 2, 0, max(0, whole.height - DETAIL_PX)))
        box = Box(left, top, min(left + DETAIL_PX, whole.width), min(top + DETAIL_PX, whole.height))
        found.append(read_pixels(pyramid, box, plane, projection, downsample))
        activity[max(0, y - side) : y + side + 1, max(0, x - side) : x + side + 1] = 0
    return tuple(found)
