"""How objects lie: in which regions, how close, how dense. Pure functions of centres and outlines.

Centres are ``(n, 2) float64``, x and y; a centre that is not finite belongs nowhere. The unit is the caller's: pixels,
or micrometres where the pixel size is known.
"""

from .density import MAX_SIDE, density
from .neighbours import DistanceSummary, histogram, nearest_distances, summarise
from .regions import RegionTable, members, region_table

__all__ = [
    "MAX_SIDE",
    "DistanceSummary",
    "RegionTable",
    "density",
    "histogram",
    "members",
    "nearest_distances",
    "region_table",
    "summarise",
]
