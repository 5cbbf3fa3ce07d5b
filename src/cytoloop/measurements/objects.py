"""Objects measured: size, shape, and the intensity of each channel."""

import math
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import rasterio.features
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Box

from .intensities import STATISTICS, RunningStatistics, statistics_of
from .pixels import Group, PixelList, groups_of, pixels_of
from .shapes import ellipses, feret_diameters, perimeters, scaled
from .table import ColumnSpec, ObjectMeasurements

MAX_READ_PIXELS = 2**24
"""Pixels times channels that are read and held at once."""
MAX_QUARTILE_VALUES = 2**22
"""Objects too large to be read at once: their median and quartiles are those of this many spread pixels."""
_LABELS = {
    "mean": "Mean",
    "std": "Standard deviation",
    "min": "Minimum",
    "max": "Maximum",
    "median": "Median",
    "q25": "Lower quartile",
    "q75": "Upper quartile",
    "sum": "Sum",
}
Reader = Callable[[Box], NDArray[np.generic]]


def measure_objects(
    geometries: Sequence[BaseGeometry],
    read: Reader,
    *,
    extent: tuple[int, int],
    channels: Sequence[str],
    pixel_width_um: float | None,
    pixel_height_um: float | None,
) -> ObjectMeasurements:
    """Size, shape and intensities of objects, each by itself even where they overlap.

    Area, perimeter, convex hull, Feret diameters and bounding box are those of the outline as drawn (see
    ``shapes.perimeters`` on outlines traced along pixel edges). Axes, eccentricity and orientation are those of
    the ellipse with the second moments of the pixels inside, as ``skimage.measure.regionprops`` has them;
    intensities are those of the same pixels: centres inside a polygon, steps of 1 px along a line, the pixel
    under a point. A polygon too small to hold a pixel's centre has the intensity of the pixel at its
    centroid. Numbers in µm and shape factors allow for pixels that are not square.

    Parameters
    ----------
    geometries
        Points, lines, polygons, multipolygons in full-resolution px.
    read
        Gives the pixels ``(c, h, w)`` of a box of whole px inside the image.
    extent
        Width and height of the image, px.
    channels
        Names, one a channel.
    pixel_width_um, pixel_height_um
        Size of a pixel where known.

    Returns
    -------
    NaN where a number is not defined: the area of a line, the intensity of an object off the image.
    """
    array = np.empty(len(geometries), dtype=object)
    array[:] = list(geometries)
    sums, intensities = _pixel_numbers(array, read, extent, len(channels))
    known = pixel_width_um is not None and pixel_height_um is not None
    size = (cast("float", pixel_width_um), cast("float", pixel_height_um)) if known else None
    columns, values = _shape_columns(array, sums, size)
    for channel, name in enumerate(channels):
        for number, statistic in enumerate(STATISTICS):
            key = f"{statistic}_{channel}"
            columns.append(ColumnSpec(key, f"{_LABELS[statistic]} {name}".strip(), ""))
            values[key] = intensities[:, channel, number]
    return ObjectMeasurements(tuple(columns), values)


def measure_labels(
    labels: NDArray[np.integer],
    intensity: NDArray[np.generic],
    *,
    channels: Sequence[str],
    pixel_width_um: float | None = None,
    pixel_height_um: float | None = None,
) -> tuple[NDArray[np.int64], ObjectMeasurements]:
    """Measure the objects of a label image.

    Parameters
    ----------
    labels
        ``(h, w)`` integers, 0 = background.
    intensity
        ``(c, h, w)``, one name in ``channels`` each.

    Returns
    -------
    The labels ``(n,)`` in ascending order, and their numbers as by ``measure_objects``.
    """
    if labels.shape != intensity.shape[1:]:
        raise InvalidInputError(
            f"The labels are {labels.shape[1]} x {labels.shape[0]} px and the image "
            f"{intensity.shape[2]} x {intensity.shape[1]} px; they must have the same size."
        )
    names, geometries = label_outlines(labels)

    def read(box: Box) -> NDArray[np.generic]:
        return intensity[:, int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]

    measured = measure_objects(
        geometries,
        read,
        extent=(labels.shape[1], labels.shape[0]),
        channels=channels,
        pixel_width_um=pixel_width_um,
        pixel_height_um=pixel_height_um,
    )
    return names, measured


def label_outlines(labels: NDArray[np.integer]) -> tuple[NDArray[np.int64], list[BaseGeometry]]:
    """Labels in ascending order and their outlines along pixel edges."""
    names, index = np.unique(labels, return_inverse=True)
    numbers = index.reshape(labels.shape).astype(np.int32)
    pieces: dict[int, list[shapely.Polygon]] = {}
    for geometry, value in rasterio.features.shapes(numbers, mask=labels != 0, connectivity=4):
        rings = geometry["coordinates"]
        pieces.setdefault(int(value), []).append(shapely.Polygon(rings[0], rings[1:]))
    order = sorted(pieces)
    outlines: list[BaseGeometry] = [
        pieces[one][0] if len(pieces[one]) == 1 else shapely.MultiPolygon(pieces[one]) for one in order
    ]
    return names[order].astype(np.int64), outlines


def _shape_columns(
    geometries: NDArray[np.object_], sums: NDArray[np.float64], size_um: tuple[float, float] | None
) -> tuple[list[ColumnSpec], dict[str, NDArray[np.float64]]]:
    columns: list[ColumnSpec] = []
    values: dict[str, NDArray[np.float64]] = {}

    def add(key: str, label: str, unit: str, numbers: NDArray[np.float64]) -> None:
        columns.append(ColumnSpec(key, label, unit))
        values[key] = numbers

    in_px = _sizes(geometries, sums, (1.0, 1.0))
    in_um = in_px if size_um is None else _in_um(geometries, sums, in_px, size_um)
    for key, label, power in _SIZE_LABELS:
        suffix = "2" if power == 2 else ""
        sign = "²" if power == 2 else ""
        add(f"{key}_px{suffix}", label, f"px{sign}", in_px[key])
        if size_um is not None:
            add(f"{key}_um{suffix}", label, f"µm{sign}", in_um[key])
    for key, label, unit in _FACTOR_LABELS:
        add(key, label, unit, in_um[key])
    bounds = shapely.bounds(geometries).reshape(-1, 4)
    for place, (key, label) in enumerate(_BOX_LABELS):
        add(key, label, "px", bounds[:, place])
    return columns, values


_SIZE_LABELS = (
    ("area", "Area", 2),
    ("perimeter", "Perimeter", 1),
    ("length", "Length", 1),
    ("convex_area", "Convex area", 2),
    ("equivalent_diameter", "Equivalent diameter", 1),
    ("major_axis", "Major axis", 1),
    ("minor_axis", "Minor axis", 1),
    ("feret_max", "Largest Feret diameter", 1),
    ("feret_min", "Smallest Feret diameter", 1),
)
_FACTOR_LABELS = (
    ("circularity", "Circularity", ""),
    ("solidity", "Solidity", ""),
    ("eccentricity", "Eccentricity", ""),
    ("extent", "Extent", ""),
    ("orientation_deg", "Orientation", "°"),
)
_BOX_LABELS = (
    ("box_x0_px", "Box left"),
    ("box_y0_px", "Box top"),
    ("box_x1_px", "Box right"),
    ("box_y1_px", "Box bottom"),
)


def _in_um(
    geometries: NDArray[np.object_],
    sums: NDArray[np.float64],
    in_px: dict[str, NDArray[np.float64]],
    size_um: tuple[float, float],
) -> dict[str, NDArray[np.float64]]:
    if not math.isclose(*size_um, rel_tol=1e-6):
        return _sizes(geometries, sums, size_um)
    powers = {key: power for key, _, power in _SIZE_LABELS}
    return {key: in_px[key] * size_um[0] ** powers.get(key, 0) for key in in_px}


def _sizes(
    geometries: NDArray[np.object_], sums: NDArray[np.float64], factors: tuple[float, float]
) -> dict[str, NDArray[np.float64]]:
    """Sizes in the unit of the factors (that of a pixel's width and height), and shape factors."""
    shapes = scaled(geometries, *factors)
    dimension = shapely.get_dimensions(shapes)
    polygon, flat = dimension == 2, dimension >= 1
    area = np.where(polygon, shapely.area(shapes), math.nan)
    convex = np.where(polygon, shapely.area(shapely.convex_hull(shapes)), math.nan)
    around = perimeters(geometries, *factors)
    largest, smallest = feret_diameters(shapes)
    ellipse = ellipses(np.where(polygon[:, None], sums, math.nan), *factors)
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    box_area = (bounds[:, 2] - bounds[:, 0]) * (bounds[:, 3] - bounds[:, 1])
    return {
        "area": area,
        "perimeter": around,
        "length": np.where(dimension == 1, shapely.length(shapes), math.nan),
        "convex_area": convex,
        "equivalent_diameter": np.sqrt(4 * area / math.pi),
        "major_axis": ellipse.major,
        "minor_axis": ellipse.minor,
        "feret_max": np.where(flat, largest, math.nan),
        "feret_min": np.where(polygon, smallest, math.nan),
        "circularity": _ratio(4 * math.pi * area, around**2),
        "solidity": _ratio(area, convex),
        "eccentricity": ellipse.eccentricity,
        "extent": _ratio(area, box_area),
        "orientation_deg": ellipse.orientation_deg,
    }


def _ratio(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(top, bottom, out=np.full(top.shape, math.nan), where=bottom > 0)


def _pixel_numbers(
    geometries: NDArray[np.object_], read: Reader, extent: tuple[int, int], channel_count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums for ``ellipses`` ``(n, 6)`` and statistics ``(n, c, 8)`` of the pixels inside objects."""
    sums = np.zeros((len(geometries), 6))
    statistics = np.full((len(geometries), channel_count, len(STATISTICS)), math.nan)
    max_pixels = MAX_READ_PIXELS // max(1, channel_count)
    bounds = shapely.bounds(geometries).reshape(-1, 4)
    for group in groups_of(bounds, extent, max_pixels):
        members = group.members
        if group.pixel_count > max_pixels:
            found = _huge_numbers(geometries, group, read, max_pixels, channel_count)
            sums[members], statistics[members] = found
            continue
        pixels = pixels_of(geometries, members, group.box)
        sums[members] = _sums(pixels, members)
        pixels = pixels.joined(_stand_ins(geometries, members[sums[members, 0] == 0], group.box))
        place = np.searchsorted(members, pixels.owner)
        for channel, values in enumerate(read(group.box)):
            inside = values[pixels.rows, pixels.columns]
            statistics[members, channel] = statistics_of(inside, place, len(members))
    return sums, statistics


def _huge_numbers(
    geometries: NDArray[np.object_],
    group: Group,
    read: Reader,
    max_pixels: int,
    channel_count: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same for one object that is too large to be read at once: strip by strip."""
    box, members = group.box, group.members
    step = max(1, math.ceil(float(shapely.area(geometries[members])[0]) / MAX_QUARTILE_VALUES))
    running = [RunningStatistics(step) for _ in range(channel_count)]
    sums = np.zeros((1, 6))
    rows = max(1, int(max_pixels // box.width))
    for top in range(int(box.y0), int(box.y1), rows):
        strip = Box(box.x0, top, box.x1, min(top + rows, box.y1))
        pixels = pixels_of(geometries, members, strip)
        if len(pixels.owner) == 0:
            continue
        for values, one in zip(read(strip), running, strict=True):
            one.add(values[pixels.rows, pixels.columns])
        down = pixels.rows + int(top - box.y0)
        sums += _sums(PixelList(pixels.owner, down, pixels.columns), members)
    return sums, np.stack([one.statistics() for one in running])[None]


def _stand_ins(geometries: NDArray[np.object_], members: NDArray[np.int64], box: Box) -> PixelList:
    """The pixels at the centroids of polygons that hold no pixel's centre."""
    spots = np.array(geometries)
    spots[members] = shapely.centroid(geometries[members])
    return pixels_of(spots, members, box)


def _sums(pixels: PixelList, members: NDArray[np.int64]) -> NDArray[np.float64]:
    """Number of pixels and sums of x, y, x², y², xy, from the box's corner, for each member."""
    place = np.searchsorted(members, pixels.owner)
    x, y = pixels.columns.astype(np.float64), pixels.rows.astype(np.float64)
    parts = (np.ones(len(x)), x, y, x * x, y * y, x * y)
    added = [np.bincount(place, part, minlength=len(members)).astype(np.float64) for part in parts]
    return np.column_stack(added)
