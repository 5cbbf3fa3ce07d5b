"""Names and contents of files that people download."""

import io
import re
import unicodedata
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection

from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import Status
from cytoloop.measurements.table import ColumnSpec
from cytoloop.projects import ontologies
from cytoloop.projects.store import project_by_id
from cytoloop.workflows.measurements.tables import LayerTable


def file_name(stem: str, ending: str) -> str:
    """A name that every system takes: letters, digits, dot, dash and underscore."""
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", plain).strip("._") or "cytoloop"
    return f"{safe[:120]}.{ending}" if ending else safe[:120]


def attachment(name: str) -> dict[str, str]:
    """Headers that make a browser save the answer under a name."""
    return {"Content-Disposition": f"attachment; filename=\"{name}\"; filename*=UTF-8''{quote(name)}"}


def class_names(connection: Connection, project_id: int) -> dict[int, str]:
    """The project's classes by id."""
    ontology_id = project_by_id(connection, project_id).ontology_id
    return {one.id: one.name for one in ontologies.terms_of(connection, ontology_id)}


def table_file(connection: Connection, table: LayerTable, project_id: int, ending: str) -> bytes:
    """The object table as CSV or Parquet; classes by name, units in the column names."""
    names = class_names(connection, project_id)
    arrow = pa.table({column_title(one): _cells(one, table, names) for one in table.columns})
    buffer = io.BytesIO()
    if ending == "csv":
        pc.write_csv(arrow, buffer)
    else:
        pq.write_table(arrow, buffer)
    return buffer.getvalue()


def column_title(column: ColumnSpec) -> str:
    """The key and, where there is one, the unit."""
    name = "class" if column.key == "term_id" else column.key
    return f"{name} [{column.unit}]" if column.unit and not name.endswith(column.unit) else name


def _cells(column: ColumnSpec, table: LayerTable, names: dict[int, str]) -> pa.Array:
    values: Any = table.values[column.key]
    match column.key:
        case "term_id":
            return pa.array([names.get(int(value)) for value in values], pa.string())
        case "kind":
            return pa.array([Kind(int(value)).name.lower() for value in values], pa.string())
        case "status":
            return pa.array([Status(int(value)).name.lower() for value in values], pa.string())
        case _:
            return pa.array(values, from_pandas=True)
