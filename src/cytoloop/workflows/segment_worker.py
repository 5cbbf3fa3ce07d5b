"""What a worker process does to segment one tile of one plane of an image."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop.annotations.raster import labels_to_polygons
from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Box, Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.reading import read_plane
from cytoloop.images.source import ImageInfo
from cytoloop.jobs.worker import Reporter
from cytoloop.learning.method import (
    Calibration,
    Instances,
    Method,
    Pixels,
    parse_parameters,
)
from cytoloop.learning.preprocessing import PipelineMethod, Projection
from cytoloop.learning.preprocessing.steps import projected
from cytoloop.learning.registry import MethodRegistry

from .library import ImageFiles, open_files
from .tiles import WHOLE_PIXELS

OVERVIEW_PX = 2048
DETAIL_PX = 768
"""Side of the windows in which the size of objects is measured where the image is too large to look at whole."""
DETAILS = 4


def run(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Segment one tile; the outlines go to the Parquet file ``call["output"]``.

    ``call``: ``original``, ``prepared``, ``series``; ``models`` folder or null; ``method``, ``parameters``;
    ``core`` and ``read`` boxes (px); ``z``, ``t``; ``region`` as WKT or null; ``whole`` whether the tile is the
    image's only one.
    """
    method = MethodRegistry(Path(call["models"]) if call["models"] else None).by_name(call["method"])
    prepared = call["prepared"]
    files = ImageFiles(Path(call["original"]), Path(prepared) if prepared else None, call["series"])
    pyramid = open_files(files)
    try:
        reporter.progress(0.05, "Reading pixels")
        plane, read = Plane(call["z"], call["t"]), Box(*call["read"])
        pixels = read_pixels(pyramid, read, plane, projection_in(method))
        parameters = parse_parameters(method, call["parameters"])
        reporter.progress(0.3, "Finding objects")
        calibration = _calibration(call, method, parameters, pyramid, pixels)
        found = method.segment(pixels, parameters, calibration)
    finally:
        pyramid.source.close()
    reporter.progress(0.9, "Tracing outlines")
    region = shapely.from_wkt(call["region"]) if call["region"] else None
    polygons, scores = outlines(found, read, Box(*call["core"]), region)
    table = pa.table({"wkb": shapely.to_wkb(polygons), "score": pa.array(scores, pa.float64())})
    pq.write_table(table, call["output"])
    return {"objects": len(scores)}


_KEPT = 16
_calibrations: dict[str, Calibration] = {}
"""What this process found for the images it worked on last: the tiles of a slide share one calibration."""


def _calibration(
    call: dict[str, Any], method: Method, parameters: Any, pyramid: Pyramid, pixels: Pixels
) -> Calibration:
    plane = Plane(call["z"], call["t"])
    if call["whole"]:
        return calibrate(method, parameters, pyramid, plane, pixels)
    names = ("original", "series", "method", "parameters", "z", "t")
    key = json.dumps([call[name] for name in names], sort_keys=True)
    if key not in _calibrations:
        while len(_calibrations) >= _KEPT:
            del _calibrations[next(iter(_calibrations))]
        _calibrations[key] = calibrate(method, parameters, pyramid, plane, None)
    return _calibrations[key]


def projection_in(method: Method) -> Projection | None:
    """How the planes of a stack become the one that the method sees, if it is a pipeline that says so."""
    return method.projection if isinstance(method, PipelineMethod) else None


def read_pixels(pyramid: Pyramid, box: Box, plane: Plane, projection: Projection | None = None) -> Pixels:
    """Exact pixels of a box as methods see them: of one plane, or of a projection along z."""
    info = pyramid.info
    if projection is None:
        return _as_pixels(read_plane(pyramid.source, box, z=plane.z, t=plane.t), info)
    planes = [read_plane(pyramid.source, box, z=z, t=plane.t) for z in _slices(info, projection)]
    return _as_pixels(_joined(planes, info, projection), info)


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


def _as_pixels(array: NDArray[Any], info: ImageInfo) -> Pixels:
    if not info.rgb:
        array = array[..., None] if array.ndim == 2 else np.moveaxis(array, 0, -1)
    names = tuple(channel.name for channel in info.channels)
    return Pixels(array, info.rgb, info.pixel_width_um, names)


def calibrate(method: Method, parameters: Any, pyramid: Pyramid, plane: Plane, whole: Pixels | None) -> Calibration:
    """Global values from the whole image where it is at hand, else from a reduced view of it."""
    if whole is not None:
        return method.calibrate(whole, parameters)
    info = pyramid.info
    box = Box(0, 0, info.width, info.height)
    projection = projection_in(method)
    if info.width * info.height <= WHOLE_PIXELS:
        return method.calibrate(read_pixels(pyramid, box, plane, projection), parameters)
    downsample = max(1.0, max(info.width, info.height) / OVERVIEW_PX)
    if projection is None:
        overview = _reduced(pyramid, box, downsample, plane)
    else:
        planes = [_reduced(pyramid, box, downsample, Plane(z, plane.t)) for z in _slices(info, projection)]
        overview = _joined(planes, info, projection)
    seen = _as_pixels(overview, info)
    details = _details(pyramid, plane, seen, downsample, projection)
    return method.calibrate(replace(seen, details=details), parameters)


def _reduced(pyramid: Pyramid, box: Box, downsample: float, plane: Plane) -> NDArray[Any]:
    """``(h, w, 3)`` for RGB, else ``(c, h, w)``."""
    if pyramid.info.rgb:
        return pyramid.region(box, downsample, z=plane.z, t=plane.t)
    channels = range(pyramid.info.size_c)
    return np.stack([pyramid.region(box, downsample, c=c, z=plane.z, t=plane.t) for c in channels])


def _details(
    pyramid: Pyramid, plane: Plane, overview: Pixels, downsample: float, projection: Projection | None
) -> tuple[Pixels, ...]:
    """Windows at full resolution where the overview shows most: what single objects look like."""
    gray = overview.array.reshape(*overview.array.shape[:2], -1).mean(axis=2).astype(np.float32)
    side = max(2, round(DETAIL_PX / downsample))
    activity = cv2.blur(np.abs(gray - cv2.blur(gray, (3, 3))), (side, side))
    info = pyramid.info
    found: list[Pixels] = []
    for _ in range(DETAILS):
        y, x = np.unravel_index(int(activity.argmax()), activity.shape)
        if activity[y, x] <= 0:
            break
        left = int(np.clip(x * downsample - DETAIL_PX / 2, 0, max(0, info.width - DETAIL_PX)))
        top = int(np.clip(y * downsample - DETAIL_PX / 2, 0, max(0, info.height - DETAIL_PX)))
        box = Box(left, top, min(left + DETAIL_PX, info.width), min(top + DETAIL_PX, info.height))
        found.append(read_pixels(pyramid, box, plane, projection))
        activity[max(0, y - side) : y + side + 1, max(0, x - side) : x + side + 1] = 0
    return tuple(found)


def outlines(
    found: Instances, read: Box, core: Box, region: BaseGeometry | None
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Outlines in image px of the objects whose centroid is in the core (and the region), with scores."""
    names, polygons = labels_to_polygons(found.labels, x0=read.x0, y0=read.y0)
    array = np.empty(len(polygons), dtype=object)
    array[:] = polygons
    if len(array) == 0:
        return array, np.empty(0)
    centers = shapely.get_coordinates(shapely.centroid(array))
    kept = (
        (centers[:, 0] >= core.x0) & (centers[:, 0] < core.x1) & (centers[:, 1] >= core.y0) & (centers[:, 1] < core.y1)
    )
    if region is not None:
        shapely.prepare(region)
        kept &= shapely.contains_xy(region, centers[:, 0], centers[:, 1])
    return array[kept], found.scores[names - 1][kept]
