"""Objects as rows of the annotation table, and back."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from operator import itemgetter
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, RowMapping
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from cytoloop.core.geometry import Box
from cytoloop.storage.database import apart

from .cells import cell_keys
from .details import as_text, from_text
from .geometry import Kind
from .model import Annotation, NewAnnotation, Status
from .tables import ANNOTATION_COLUMNS, id_block

Row = tuple[Any, ...]


def upsert(connection: Connection) -> Any:
    """``INSERT ... ON CONFLICT`` of the connection's engine."""
    return sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert


def allocate_ids(connection: Connection, count: int) -> int:
    """Take ``count`` consecutive object ids and return the first. Ids of work that fails are not given out again."""
    statement = upsert(connection)(id_block).values(name="annotation", next=1 + count)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"next": id_block.c.next + count})
    statement = statement.returning(id_block.c.next)
    return int(apart(connection, lambda own: own.execute(statement).scalar_one())) - count


def _geometry_array(new: Sequence[NewAnnotation]) -> NDArray[np.object_]:
    array = np.empty(len(new), dtype=object)
    array[:] = [one.geometry for one in new]
    return array


def place(
    geometries: NDArray[np.object_],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Bounding boxes ``(n, 4)`` px and cell keys ``(n,)``."""
    boxes = shapely.bounds(geometries)
    return boxes, cell_keys(boxes)


def new_rows(
    new: Sequence[NewAnnotation],
    *,
    layer_id: int,
    creator_id: int,
    change_id: int,
    first_id: int,
) -> list[Row]:
    """Rows in the order of ``ANNOTATION_COLUMNS``, ids in the order of ``new``, sorted by place."""
    if not new:
        return []
    geometries = _geometry_array(new)
    boxes, cells = place(geometries)
    centers = shapely.get_coordinates(shapely.centroid(geometries))
    areas = shapely.area(geometries)
    blobs = shapely.to_wkb(geometries)
    rows: list[Row] = []
    for index in np.argsort(cells, kind="stable").tolist():
        one = new[index]
        x0, y0, x1, y1 = boxes[index].tolist()
        cx, cy = centers[index].tolist()
        rows.append(
            (
                layer_id,
                int(cells[index]),
                first_id + index,
                None if one.term_id is None else int(one.term_id),
                creator_id,
                int(one.status),
                int(one.kind),
                one.z,
                one.t,
                x0,
                y0,
                x1,
                y1,
                cx,
                cy,
                float(areas[index]),
                blobs[index],
                one.score,
                one.parent_id,
                1,
                change_id,
                as_text(one.details),
                one.locked,
                None if one.term_id is None else one.term_score,
            )
        )
    return rows


_KINDS, _STATUSES = tuple(Kind), tuple(Status)
_GEOM = ANNOTATION_COLUMNS.index("geom")


def as_annotations(rows: Sequence[Sequence[Any]]) -> list[Annotation]:
    """Rows in the order of ``ANNOTATION_COLUMNS`` as values; geometry is decoded for all at once."""
    geometries = shapely.from_wkb([row[_GEOM] for row in rows])
    return [_as_annotation(row, geometry) for row, geometry in zip(rows, geometries, strict=True)]


def _as_annotation(row: Sequence[Any], geometry: BaseGeometry) -> Annotation:
    layer_id, _, key, term_id, creator_id, status, kind, z, t, x0, y0, x1, y1, _, _, area, _, *rest = row
    score, parent_id, version, _, details, locked, term_score = rest
    return Annotation(
        key,
        layer_id,
        _KINDS[kind],
        geometry,
        term_id,
        creator_id,
        _STATUSES[status],
        z,
        t,
        area,
        Box(x0, y0, x1, y1),
        score,
        parent_id,
        version,
        from_text(details),
        locked,
        term_score,
    )


_in_order: Callable[[Any], Row] = itemgetter(*ANNOTATION_COLUMNS)


def as_row(values: Mapping[str, Any] | RowMapping) -> Row:
    """Values by name as a row in the order of ``ANNOTATION_COLUMNS``."""
    return _in_order(values)


def with_geometry(values: dict[str, Any], geometry: Any, kind: Kind) -> dict[str, Any]:
    """The row with another geometry and all that follows from it."""
    x0, y0, x1, y1 = geometry.bounds
    center = geometry.centroid
    cell = int(cell_keys(np.array([[x0, y0, x1, y1]], dtype=np.float64))[0])
    return values | {
        "geom": shapely.to_wkb(geometry),
        "kind": int(kind),
        "x0": x0,
        "y0": y0,
        "x1": x1,
        "y1": y1,
        "cx": center.x,
        "cy": center.y,
        "area": geometry.area,
        "cell": cell,
    }


def joined_box(boxes: Iterable[Box | None]) -> Box | None:
    """The box that holds all boxes."""
    known = [box for box in boxes if box is not None]
    return reduce(Box.union, known) if known else None


def box_of_rows(rows: Iterable[Row]) -> Box | None:
    """The box that holds the boxes of all rows (px)."""
    start = ANNOTATION_COLUMNS.index("x0")
    boxes = np.array([row[start : start + 4] for row in rows], dtype=np.float64)
    if len(boxes) == 0:
        return None
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))
