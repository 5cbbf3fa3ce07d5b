"""Overview tiles: how many objects of each class lie in each of 256 x 256 squares, without any outline.

The class is carried, not its colour, so that a viewer can recolour and hide classes by itself.
"""

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from cytoloop.core.geometry import Plane

from .cells import GRID_PX, key_center
from .model import Status
from .points import Records, read_points
from .tables import stat, status_count
from .tileaddress import TileAddress
from .windows import in_cells, levels_in_use

MEDIA_TYPE = "application/vnd.cytoloop.classes"
SIDE = 256
"""Squares a side: two screen pixels each."""
STEPS_PER_DOUBLING = 8
"""Counts are carried as ``round(8 * log2(1 + n))``, one byte for up to three thousand million, to within 5 %."""
MAX_READ = 1_500_000
"""Objects that are placed one by one; beyond that, the counts per cell of 512 px serve."""


@dataclass(frozen=True, slots=True)
class ClassPlane:
    """Objects of one class in each square, ``(SIDE, SIDE)`` float64; ``term`` 0 means no class."""

    term: int
    predicted: bool
    counts: NDArray[np.float64]


def class_raster(connection: Connection, layer_id: int, tile: TileAddress, plane: Plane, crowd: int) -> bytes:
    """The tile of about ``crowd`` objects, empty bytes where there is nothing. Rejected objects are left out."""
    if crowd > MAX_READ:
        return encoded(_planes_of_cells(connection, layer_id, tile))
    return encoded(planes_of_points(read_points(connection, layer_id, window=tile.box, z=plane.z, t=plane.t), tile))


def encoded(planes: list[ClassPlane]) -> bytes:
    """A length (4 bytes, little endian), a JSON header of that length, and a byte for each square of each plane."""
    if not planes:
        return b""
    facts = [{"term": one.term, "predicted": one.predicted, "count": round(one.counts.sum())} for one in planes]
    header = json.dumps({"side": SIDE, "planes": facts}, separators=(",", ":")).encode()
    levels = [np.rint(STEPS_PER_DOUBLING * np.log2(1 + one.counts)).astype(np.uint8).tobytes() for one in planes]
    return b"".join([len(header).to_bytes(4, "little"), header, *levels])


def planes_of_points(records: Records, tile: TileAddress) -> list[ClassPlane]:
    """One plane for each class, and for predictions apart."""
    records = records[records["status"] != Status.REJECTED]
    box, scale = tile.box, SIDE / tile.size_px
    column = np.floor((records["x"] - box.x0) * scale).astype(np.int64)
    row = np.floor((records["y"] - box.y0) * scale).astype(np.int64)
    inside = (column >= 0) & (column < SIDE) & (row >= 0) & (row < SIDE)
    square = (row * SIDE + column)[inside]
    terms, code = np.unique(records["term"][inside], return_inverse=True)
    predicted = (records["status"][inside] == Status.PREDICTED).astype(np.int64)
    counts = np.bincount((code * 2 + predicted) * SIDE**2 + square, minlength=len(terms) * 2 * SIDE**2)
    grids = counts.reshape(len(terms) * 2, SIDE, SIDE).astype(np.float64)
    return [ClassPlane(int(terms[index // 2]), bool(index % 2), grid) for index, grid in enumerate(grids) if grid.any()]


def _planes_of_cells(connection: Connection, layer_id: int, tile: TileAddress) -> list[ClassPlane]:
    """From the counts per cell, spread evenly over the squares of the cell."""
    here = in_cells(stat, layer_id, tile.box, levels_in_use(connection, layer_id))
    counted = select(stat.c.cell, stat.c.term_id, stat.c.n)
    rows = connection.execute(counted.where(stat.c.n > 0).where(here)).all()
    if not rows:
        return []
    cells, terms, numbers = (np.array(one, np.int64) for one in zip(*rows, strict=True))
    side = min(SIDE, tile.size_px // GRID_PX)
    box = tile.box
    place = np.floor((key_center(cells) - [box.x0, box.y0]) * (side / tile.size_px)).astype(np.int64)
    inside = ((place >= 0) & (place < side)).all(axis=1)
    predicted = _are_mostly_predicted(connection, layer_id)
    planes: list[ClassPlane] = []
    for term in np.unique(terms[inside]).tolist():
        mine = inside & (terms == term)
        square = place[mine, 1] * side + place[mine, 0]
        counts = np.bincount(square, numbers[mine], minlength=side**2)
        share = np.full((SIDE // side,) * 2, (side / SIDE) ** 2)
        planes.append(ClassPlane(term, predicted, np.kron(counts.reshape(side, side), share).astype(np.float64)))
    return planes


def _are_mostly_predicted(connection: Connection, layer_id: int) -> bool:
    """The counts per cell do not tell the state; a layer is nearly always of one."""
    found = connection.execute(
        select(status_count.c.status, status_count.c.n).where(status_count.c.layer_id == layer_id)
    ).all()
    counts = {row.status: row.n for row in found}
    return 2 * counts.get(int(Status.PREDICTED), 0) > sum(counts.values())
