"""The object table of a layer: what is stored of each object, joined with what was measured."""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sqlalchemy import Connection

from cytoloop.annotations.filters import EVERYTHING, ObjectFilter, matching_records
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import Layer, Status
from cytoloop.annotations.points import Records, count_points, records_by_number
from cytoloop.core.errors import InvalidInputError, NotFoundError, TooLargeError
from cytoloop.measurements.table import ColumnSpec

BASIC = (
    ColumnSpec("id", "Id", ""),
    ColumnSpec("term_id", "Class", ""),
    ColumnSpec("kind", "Shape", ""),
    ColumnSpec("status", "State", ""),
    ColumnSpec("score", "Score", ""),
    ColumnSpec("term_score", "Class probability", ""),
    ColumnSpec("z", "Z", ""),
    ColumnSpec("t", "T", ""),
    ColumnSpec("x", "Centre x", "px"),
    ColumnSpec("y", "Centre y", "px"),
    ColumnSpec("area", "Area drawn", "px²"),
)
TEXT_COLUMNS = {"kind", "status"}
MAX_ROWS = 3_000_000
"""Objects of which a table is made: some 150 bytes each."""
_OF_PLACES = ("id", "x", "y", "area", "z", "t", "status")
_OF_FACTS = ("kind", "version", "score", "term_score")


@dataclass(frozen=True, slots=True)
class LayerTable:
    """A layer's objects as columns: ``values[key]`` is ``(n,)``, floats with NaN for what is not known."""

    columns: tuple[ColumnSpec, ...]
    values: dict[str, NDArray[Any]]
    boxes: NDArray[np.float64]
    measured_at: datetime | None
    stale_count: int
    notes: tuple[str, ...] = ()
    """What was told when columns were derived from the measured ones."""
    _orders: dict[tuple[str, bool], NDArray[np.int64]] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.values["id"])

    def order(self, key: str, *, descending: bool) -> NDArray[np.int64]:
        """Row numbers sorted by a column; unknown values come last either way. Rows lie by id."""
        if key not in self.values:
            known = ", ".join(column.key for column in self.columns)
            raise InvalidInputError(f"There is no column {key!r} to sort by. There are: {known}.")
        if key == "id":
            rows = np.arange(len(self))
            return rows[::-1] if descending else rows
        if (key, descending) not in self._orders:
            column = self.values[key].astype(np.float64)
            signed = -column if descending else column
            self._orders[key, descending] = np.argsort(signed, kind="stable")
        return self._orders[key, descending]

    def rows(self, chosen: NDArray[np.int64]) -> list[list[Any]]:
        """Rows as JSON-ready lists in the order of ``columns``."""
        cells = [_readable(column.key, self.values[column.key][chosen]) for column in self.columns]
        return [list(row) for row in zip(*cells, strict=True)]


def _readable(key: str, values: NDArray[Any]) -> list[Any]:
    match key:
        case "kind":
            return [Kind(int(value)).name.lower() for value in values]
        case "status":
            return [Status(int(value)).name.lower() for value in values]
        case "term_id":
            return [int(value) or None for value in values]
        case "id" | "z" | "t":
            return [int(value) for value in values]
        case _:
            return finite(values)


def finite(values: NDArray[Any]) -> list[float | None]:
    """Numbers for JSON: ``None`` for NaN and infinities."""
    return [value if math.isfinite(value) else None for value in values.astype(np.float64).tolist()]


class RecentTables:
    """The tables used last, up to a number of rows in all; none that is changed afterwards.

    Who asks for a table that another is building waits for it.
    """

    def __init__(self, max_rows: int) -> None:
        self._max_rows = max_rows
        self._lock = threading.Lock()
        self._tables: OrderedDict[Hashable, Future[LayerTable]] = OrderedDict()

    def get(self, key: Hashable, build: Callable[[], LayerTable]) -> LayerTable:
        """The table of this key, built if it is not there any more."""
        mine = Future[LayerTable]()
        with self._lock:
            kept = self._tables.setdefault(key, mine)
            self._tables.move_to_end(key)
        if kept is not mine:
            return kept.result()
        try:
            mine.set_result(build())
        except BaseException as error:
            with self._lock:
                self._tables.pop(key, None)
            mine.set_exception(error)
            raise
        self._forget()
        return mine.result()

    def _forget(self) -> None:
        """Let the oldest go, but never the newest, and none that is being built."""
        with self._lock:
            sizes = {key: len(one.result()) for key, one in self._tables.items() if one.done()}
            total = sum(sizes.values())
            for key in list(sizes)[:-1]:
                if total <= self._max_rows:
                    break
                total -= sizes[key]
                del self._tables[key]


_RECENT = RecentTables(MAX_ROWS)


def layer_table(connection: Connection, layer: Layer, folder: Path, chosen: ObjectFilter = EVERYTHING) -> LayerTable:
    """The table of a layer. ``folder`` holds the measured tables.

    The last ones are kept, for who scrolls asks for the same again and again; every change of the layer makes another.
    """
    if not _fits_in_memory(connection, layer):
        raise TooLargeError(
            f"{layer.name!r} has more than {MAX_ROWS:,} objects. So many are listed by number only: "
            "neither sorted otherwise, nor filtered, nor summarised. Regions and windows of it can be asked for."
        )
    key = (layer.uuid, layer.generation, layer.measurements and layer.measurements["file"], chosen)
    return _RECENT.get(key, lambda: _built(connection, layer, folder, chosen))


def _fits_in_memory(connection: Connection, layer: Layer) -> bool:
    return count_points(connection, layer.id) <= MAX_ROWS


@dataclass(frozen=True, slots=True)
class TableWindow:
    """Some rows of a sorted table, and how many the whole has."""

    table: LayerTable
    rows: NDArray[np.int64]
    total: int


@dataclass(frozen=True, slots=True)
class Sorting:
    """By which column, and which way."""

    key: str = "id"
    descending: bool = False


def table_window(
    connection: Connection,
    layer: Layer,
    folder: Path,
    chosen: ObjectFilter,
    sorting: Sorting,
    part: slice,
) -> TableWindow:
    """Rows ``part`` of the sorted table. Of a layer that is too large for one, all objects by number, as stored."""
    if sorting.key == "id" and chosen == EVERYTHING and not _fits_in_memory(connection, layer):
        points, facts = records_by_number(connection, layer.id, part, descending=sorting.descending)
        values, boxes = _as_columns(points, facts)
        table = LayerTable(BASIC, values, boxes, None, 0)
        return TableWindow(table, np.arange(len(points)), count_points(connection, layer.id))
    table = layer_table(connection, layer, folder, chosen)
    return TableWindow(table, table.order(sorting.key, descending=sorting.descending)[part], len(table))


def _built(connection: Connection, layer: Layer, folder: Path, chosen: ObjectFilter) -> LayerTable:
    values, boxes = _stored_values(connection, layer, chosen)
    facts = layer.measurements
    measured = _measured_table(folder / facts["file"]) if facts else None
    if facts is None or measured is None:
        return LayerTable(BASIC, values, boxes, None, 0)
    columns = tuple(ColumnSpec(**one) for one in facts["columns"])
    stale = _join(values, measured, columns)
    notes = tuple(dict.fromkeys(note for about in facts.get("notes", {}).values() for note in about))
    return LayerTable((*BASIC, *columns), values, boxes, datetime.fromisoformat(facts["at"]), stale, notes)


def _stored_values(
    connection: Connection, layer: Layer, chosen: ObjectFilter
) -> tuple[dict[str, NDArray[Any]], NDArray[np.float64]]:
    return _as_columns(*matching_records(connection, layer.id, chosen))


def _as_columns(points: Records, facts: Records) -> tuple[dict[str, NDArray[Any]], NDArray[np.float64]]:
    values: dict[str, NDArray[Any]] = {name: np.ascontiguousarray(points[name]) for name in _OF_PLACES}
    values |= {name: np.ascontiguousarray(facts[name]) for name in _OF_FACTS}
    values["term_id"] = np.ascontiguousarray(points["term"])
    boxes = np.stack([facts[name] for name in ("x0", "y0", "x1", "y1")], axis=1)
    return values, boxes


@lru_cache(maxsize=16)
def _read_measured(path: Path) -> pa.Table:
    return pq.read_table(path)


def _measured_table(path: Path) -> pa.Table | None:
    """A measured table never changes: a new measurement gets a new name."""
    return _read_measured(path) if path.is_file() else None


def _join(values: dict[str, NDArray[Any]], measured: pa.Table, columns: Sequence[ColumnSpec]) -> int:
    """Add measured columns to ``values``; returns how many objects changed or came since."""
    ids = measured["id"].to_numpy()
    order = np.argsort(ids)
    sorted_ids = ids[order]
    place = np.minimum(np.searchsorted(sorted_ids, values["id"]), max(len(ids) - 1, 0))
    found = sorted_ids[place] == values["id"] if len(ids) else np.zeros(len(values["id"]), bool)
    rows = order[place] if len(ids) else place
    versions = measured["version"].to_numpy()
    fresh = found & (versions[rows] == values["version"]) if len(ids) else found
    for column in columns:
        measured_values = measured[column.key].to_numpy()
        filled = np.full(len(values["id"]), math.nan)
        filled[found] = measured_values[rows[found]]
        values[column.key] = filled
    return int((~fresh).sum())


def column_spec(table: LayerTable, key: str) -> ColumnSpec:
    """The column of this key, or ``NotFoundError``."""
    for column in table.columns:
        if column.key == key:
            return column
    raise NotFoundError(f"There is no column {key!r}; the layer may have to be measured first.")


@dataclass(frozen=True, slots=True)
class ClassStatistics:
    """Mean, standard deviation (n - 1) and median of each numeric column for one class."""

    term_id: int | None
    count: int
    mean: dict[str, float | None]
    std: dict[str, float | None]
    median: dict[str, float | None]


def summary(table: LayerTable) -> tuple[tuple[ColumnSpec, ...], list[ClassStatistics]]:
    """Statistics of every numeric column for each class."""
    left_out = {"id", "term_id", "z", "t", "x", "y", *TEXT_COLUMNS}
    columns = tuple(column for column in table.columns if column.key not in left_out)
    found: list[ClassStatistics] = []
    for term in np.unique(table.values["term_id"]).tolist():
        rows = table.values["term_id"] == term
        data = {column.key: table.values[column.key][rows] for column in columns}
        found.append(
            ClassStatistics(
                term or None,
                int(rows.sum()),
                {key: _statistic(np.mean, column) for key, column in data.items()},
                {key: _statistic(_sample_std, column) for key, column in data.items()},
                {key: _statistic(np.median, column) for key, column in data.items()},
            )
        )
    return columns, found


def _sample_std(values: NDArray[np.float64]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan


def _statistic(function: Any, values: NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return None
    result = float(function(known))
    return result if math.isfinite(result) else None
