"""Objects as rows of the annotation table, and back."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, RowMapping, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from cytoloop.core.geometry import Box

from .cells import cell_keys
from .geometry import Kind
from .model import Annotation, NewAnnotation, Status
from .tables import ANNOTATION_COLUMNS, id_block

Row = tuple[Any, ...]
BOX_COLUMNS = ("x0", "y0", "x1", "y1")


def upsert(connection: Connection) -> Any:
    """``INSERT ... ON CONFLICT`` of the connection's engine."""
    return sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert


def allocate_ids(connection: Connection, count: int) -> int:
    """Take ``count`` consecutive object ids and return the first."""
    statement = upsert(connection)(id_block).values(name="annotation", next=1 + count)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"next": id_block.c.next + count})
    connection.execute(statement)
    after = connection.execute(select(id_block.c.next).where(id_block.c.name == "annotation")).scalar_one()
    return int(after) - count


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
            )
        )
    return rows


def as_annotation(row: RowMapping) -> Annotation:
    """A row as a value."""
    return Annotation(
        id=row["id"],
        layer_id=row["layer_id"],
        kind=Kind(row["kind"]),
        geometry=shapely.from_wkb(row["geom"]),
        term_id=row["term_id"],
        creator_id=row["creator_id"],
        status=Status(row["status"]),
        z=row["z"],
        t=row["t"],
        area=row["area"],
        box=Box(*(row[name] for name in BOX_COLUMNS)),
        score=row["score"],
        parent_id=row["parent_id"],
        version=row["version"],
    )


def as_row(values: RowMapping | dict[str, Any]) -> Row:
    """Values by name as a row in the order of ``ANNOTATION_COLUMNS``."""
    return tuple(values[name] for name in ANNOTATION_COLUMNS)


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


def box_of_rows(rows: Iterable[Row]) -> Box | None:
    """The box that holds the boxes of all rows (px)."""
    start = ANNOTATION_COLUMNS.index("x0")
    boxes = np.array([row[start : start + 4] for row in rows], dtype=np.float64)
    if len(boxes) == 0:
        return None
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))
