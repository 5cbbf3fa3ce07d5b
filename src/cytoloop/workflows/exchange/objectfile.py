"""Objects of many images in one Parquet file: how a job hands them to a worker process, or takes them from it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from cytoloop.annotations.details import as_text, from_text
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import Status
from cytoloop.exchange.model import ExchangeObject, ExchangeTerm

SCHEMA = pa.schema(
    [
        ("group", pa.int64()),
        ("wkb", pa.binary()),
        ("kind", pa.int16()),
        ("term", pa.string()),
        ("color", pa.string()),
        ("status", pa.int16()),
        ("score", pa.float64()),
        ("z", pa.int32()),
        ("t", pa.int32()),
        ("id", pa.int64()),
        ("parent", pa.int64()),
        ("details", pa.string()),
        ("locked", pa.bool_()),
        ("term_score", pa.float64()),
    ]
)
"""``group`` says to what an object belongs: an image, or a layer; objects of a group lie together."""

Row = tuple[Any, ...]
"""Values in the order of ``SCHEMA``."""


class ObjectWriter:
    """Writes rows in batches, so that never all of them are held."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, SCHEMA)

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows; none is fine."""
        columns = list(zip(*rows, strict=True)) if rows else [[] for _ in SCHEMA]
        arrays = [pa.array(list(values), one.type) for values, one in zip(columns, SCHEMA, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA))

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


def rows_of(group: int, objects: Iterable[ExchangeObject]) -> list[Row]:
    """Objects as rows of one group."""
    return [
        (
            group,
            shapely.to_wkb(one.geometry),
            int(one.kind),
            None if one.term is None else one.term.name,
            None if one.term is None else one.term.color,
            int(one.status),
            one.score,
            one.z,
            one.t,
            one.id,
            one.parent_id,
            as_text(one.details),
            one.locked,
            one.term_score,
        )
        for one in objects
    ]


def read_groups(path: Path) -> dict[int, list[ExchangeObject]]:
    """The objects of each group, in their order."""
    found: dict[int, list[ExchangeObject]] = {}
    for batch in pq.ParquetFile(path).iter_batches():
        geometries = shapely.from_wkb(batch.column("wkb").to_pylist())
        for row, geometry in zip(batch.drop_columns(["wkb"]).to_pylist(), geometries, strict=True):
            term = None if row["term"] is None else ExchangeTerm(row["term"], row["color"])
            one = ExchangeObject(
                geometry=geometry,
                kind=Kind(row["kind"]),
                term=term,
                status=Status(row["status"]),
                score=row["score"],
                z=row["z"],
                t=row["t"],
                id=row["id"],
                parent_id=row["parent"],
                details=from_text(row["details"]),
                locked=row["locked"],
                term_score=row["term_score"],
            )
            found.setdefault(row["group"], []).append(one)
    return found
