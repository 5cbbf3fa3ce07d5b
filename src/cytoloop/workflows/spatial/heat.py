"""Maps of the density of objects, tile by tile."""

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from cytoloop.annotations.cells import GRID_PX, key_center
from cytoloop.annotations.classraster import MAX_READ
from cytoloop.annotations.model import Layer, Status
from cytoloop.annotations.points import read_points
from cytoloop.annotations.tables import stat
from cytoloop.annotations.tileaddress import TileAddress
from cytoloop.annotations.windows import in_cells, levels_in_use
from cytoloop.core.geometry import Box, Plane
from cytoloop.measurements.spatial import density
from cytoloop.projects.images import ProjectImage

from .questions import scale_of

Real = NDArray[np.float64]
SQUARES = 128
MAX_RADIUS_PX = 4000.0
REACH = 3.0
"""Objects this many radii outside a tile still show in it."""
NARROWEST = 0.5
"""A radius of less than this many squares is not told from it: the squares themselves are the smoothing then."""


def density_tile(
    connection: Connection,
    layer: Layer,
    image: ProjectImage,
    tile: TileAddress,
    plane: Plane,
    *,
    radius_px: float,
    term_id: int | None,
) -> bytes:
    """``SQUARES`` x ``SQUARES`` float32 in objects per mm^2, or per million px where the pixel size is not known."""
    square_px = tile.size_px / SQUARES
    # in a tile that is much smaller than the radius the field hardly changes: it is reckoned in coarser squares
    squares = SQUARES if radius_px <= 8 * square_px else max(8, int(SQUARES * 8 * square_px / radius_px))
    centres, weights = _weighed(connection, layer, tile.widened(REACH * radius_px), plane, term_id)
    corner = (tile.box.x0, tile.box.y0)
    narrow = radius_px < NARROWEST * square_px
    field = density(
        centres, corner, tile.size_px, squares=squares, radius=0.0 if narrow else radius_px, weights=weights
    )
    field *= _per_area(image)
    if squares < SQUARES:
        nearest = (np.arange(SQUARES) * squares) // SQUARES
        field = field[np.ix_(nearest, nearest)]
    return field.astype("<f4").tobytes()


def _weighed(
    connection: Connection, layer: Layer, window: Box, plane: Plane, term_id: int | None
) -> tuple[Real, Real | None]:
    """Centres in a window; where there are very many, the middles of cells and how many objects each holds."""
    here = in_cells(stat, layer.id, window, levels_in_use(connection, layer.id))
    counted = select(stat.c.cell, stat.c.n).where(here)
    if term_id is not None:
        counted = counted.where(stat.c.term_id == term_id)
    cells = connection.execute(counted).all()
    if sum(row.n for row in cells) > MAX_READ:
        return key_center(np.array([row.cell for row in cells], np.int64)), np.array([row.n for row in cells], float)
    records = read_points(connection, layer.id, window=window, z=plane.z, t=plane.t)
    kept = records["status"] != Status.REJECTED
    if term_id is not None:
        kept &= records["term"] == term_id
    return np.stack([records["x"][kept], records["y"][kept]], axis=1), None


def _per_area(image: ProjectImage) -> float:
    """From objects per px^2 to the unit that people read."""
    scale = scale_of(image)
    return scale.density_area / (scale.width * scale.height)


def densest(connection: Connection, layer: Layer, image: ProjectImage, term_id: int | None) -> tuple[float, str]:
    """The density of the fullest square of 512 px, and its unit; 0 where there is nothing."""
    per_cell = select(func.sum(stat.c.n).label("n")).where(stat.c.layer_id == layer.id).group_by(stat.c.cell)
    if term_id is not None:
        per_cell = per_cell.where(stat.c.term_id == term_id)
    most = connection.execute(select(func.max(per_cell.subquery().c.n))).scalar_one()
    return float(most or 0) / GRID_PX**2 * _per_area(image), scale_of(image).density_unit
