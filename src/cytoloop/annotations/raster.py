"""Label images to polygons and back, exactly.

Outlines run along pixel edges (4-connected), so that a polygon's area equals its pixel count and
rasterising gives the same pixels back.
"""

from collections.abc import Sequence

import numpy as np
import rasterio.features
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry


def labels_to_polygons(
    labels: NDArray[np.integer], *, x0: float = 0.0, y0: float = 0.0
) -> tuple[NDArray[np.int64], list[BaseGeometry]]:
    """Outlines of labelled objects.

    Parameters
    ----------
    labels
        ``(h, w)`` integers, 0 = background. A label in several pieces becomes one MultiPolygon.
    x0, y0
        Position of the array's top left corner in the image, px.

    Returns
    -------
    The labels ``(n,)`` in ascending order and their polygons in image px.
    """
    array = np.ascontiguousarray(labels, dtype=np.int32)
    pieces: dict[int, list[shapely.Polygon]] = {}
    shapes = rasterio.features.shapes(array, mask=array > 0, connectivity=4, transform=Affine.translation(x0, y0))
    for geometry, value in shapes:
        rings = geometry["coordinates"]
        pieces.setdefault(int(value), []).append(shapely.Polygon(rings[0], rings[1:]))
    names = np.array(sorted(pieces), dtype=np.int64)
    polygons: list[BaseGeometry] = [
        pieces[name][0] if len(pieces[name]) == 1 else shapely.MultiPolygon(pieces[name]) for name in names.tolist()
    ]
    return names, polygons


def polygons_to_labels(
    geometries: Sequence[BaseGeometry],
    shape: tuple[int, int],
    *,
    x0: float = 0.0,
    y0: float = 0.0,
    values: Sequence[int] | None = None,
) -> NDArray[np.uint32]:
    """A label image ``(h, w) uint32`` of polygons in image px.

    Where objects overlap, the later one wins. ``values`` default to 1, 2, 3, ...
    """
    out = np.zeros(shape, dtype=np.uint32)
    numbers = range(1, len(geometries) + 1) if values is None else values
    burnt = [
        (geometry, value)
        for geometry, value in zip(geometries, numbers, strict=True)
        if geometry.geom_type in {"Polygon", "MultiPolygon"} and not geometry.is_empty
    ]
    if burnt:
        rasterio.features.rasterize(burnt, out=out, transform=Affine.translation(x0, y0), dtype="uint32")
    return out
