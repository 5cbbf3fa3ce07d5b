"""Which objects lie in which regions, and how many of each class that makes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Whole = NDArray[np.int64]
Real = NDArray[np.float64]


def members(centres: Real, regions: Sequence[BaseGeometry]) -> list[Whole]:
    """For each region the rows of the centres in it, ascending; a centre on the border counts as inside.

    Centres are sorted once, so that a region looks only at those between its left and its right edge.
    """
    known = np.flatnonzero(np.isfinite(centres).all(axis=1))
    order = known[np.argsort(centres[known, 0], kind="stable")]
    x, y = centres[order, 0], centres[order, 1]
    found: list[Whole] = []
    for region in regions:
        if region.is_empty:
            found.append(np.empty(0, np.int64))
            continue
        x0, y0, x1, y1 = region.bounds
        first, last = np.searchsorted(x, x0, "left"), np.searchsorted(x, x1, "right")
        near = first + np.flatnonzero((y[first:last] >= y0) & (y[first:last] <= y1))
        shapely.prepare(region)
        inside = shapely.intersects_xy(region, x[near], y[near])
        found.append(np.sort(order[near[inside]]).astype(np.int64))
    return found


@dataclass(frozen=True, slots=True)
class RegionTable:
    """Counts and areas of objects by region (rows) and class (columns).

    Attributes
    ----------
    classes
        ``(c,)``, the class of each column, ascending.
    region_areas
        ``(r,)``, holes left out.
    counts, areas
        ``(r, c)``: objects whose centre lies in the region, and the sum of their areas.
    inside, outside
        ``(c,)``: objects in any region, each once however many regions overlap there, and in none.
    """

    classes: Whole
    region_areas: Real
    counts: Whole
    areas: Real
    inside: Whole
    outside: Whole

    @property
    def area_ratios(self) -> Real:
        """``(r, c)``: the objects' area over the region's; NaN for a region without area."""
        return _over(self.areas, self.region_areas)

    @property
    def densities(self) -> Real:
        """``(r, c)``: objects in a unit of area; NaN for a region without area."""
        return _over(self.counts.astype(np.float64), self.region_areas)


def _over(values: Real, areas: Real) -> Real:
    known = np.where(areas > 0, areas, np.nan)
    return values / known[:, None]


def region_table(centres: Real, classes: Whole, object_areas: Real, regions: Sequence[BaseGeometry]) -> RegionTable:
    """Count objects by region and class; an object belongs where its centre lies."""
    names, code = np.unique(classes, return_inverse=True)
    counts = np.zeros((len(regions), len(names)), np.int64)
    areas = np.zeros((len(regions), len(names)), np.float64)
    anywhere = np.zeros(len(centres), bool)
    for row, rows in enumerate(members(centres, regions)):
        counts[row] = np.bincount(code[rows], minlength=len(names))
        areas[row] = np.bincount(code[rows], object_areas[rows], minlength=len(names))
        anywhere[rows] = True
    inside = np.bincount(code[anywhere], minlength=len(names))
    return RegionTable(
        classes=names.astype(np.int64),
        region_areas=np.array([one.area for one in regions], np.float64),
        counts=counts,
        areas=areas,
        inside=inside.astype(np.int64),
        outside=(np.bincount(code, minlength=len(names)) - inside).astype(np.int64),
    )
