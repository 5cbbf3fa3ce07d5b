"""Closed rings to polygons: which are outlines and which are holes."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry


def polygons_of_rings(rings: Sequence[NDArray[np.floating]]) -> BaseGeometry | None:
    """A polygon or multipolygon with every vertex kept: a ring inside another is its hole, and so on.

    Rings with fewer than three different points are left out; ``None`` where nothing is left.
    """
    shapes = [shapely.Polygon(ring) for ring in rings if len(np.unique(ring, axis=0)) >= 3]
    shapes.sort(key=lambda shape: shape.area, reverse=True)
    parts: list[tuple[shapely.Polygon, list[shapely.LinearRing]]] = []
    nesting: list[tuple[shapely.Polygon, int, int]] = []  # ring, depth, its outline's part
    for shape in shapes:
        around = [one for one in nesting if one[0].is_valid and _is_inside(shape, one[0])]
        depth = len(around)
        if depth % 2:
            part = around[-1][2]
            parts[part][1].append(shape.exterior)
        else:
            part = len(parts)
            parts.append((shape, []))
        nesting.append((shape, depth, part))
    polygons = [shapely.Polygon(outline.exterior, holes) for outline, holes in parts]
    if not polygons:
        return None
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _is_inside(shape: shapely.Polygon, other: shapely.Polygon) -> bool:
    return bool(other.covers(shape.representative_point())) and other.area > shape.area
