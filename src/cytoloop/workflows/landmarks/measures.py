"""Distances and angles between landmarks as a table over the images of a project, or over points of a file."""

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection

from cytoloop.core.errors import InvalidInputError
from cytoloop.exchange.csvfile import defused
from cytoloop.measurements.landmarks import Measure, Point, columns, measured
from cytoloop.projects.images import ProjectImage
from cytoloop.projects.landmarks import LandmarkMeasure
from cytoloop.projects.ontologies import Term

from .points import LandmarkPoint, PlaneKey, counting_points, landmark_points, placed_points

MOST_MEASURES = 200
PLACED = "placed"
SUGGESTED = "suggested"
INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Shape:
    """The landmarks of one plane of an image; ``pixel_um`` is width and height of a pixel, where known."""

    image: str
    z: int
    t: int
    points: Mapping[str, Point]
    suggested: frozenset[str] = frozenset()
    """Names of those that a program placed and nobody has agreed to."""
    pixel_um: tuple[float, float] | None = None
    image_id: int = 0


@dataclass(frozen=True, slots=True)
class MeasuredShape:
    """A row: the values in the order of the table's columns, and whether people placed what they are made of."""

    shape: Shape
    values: tuple[float | None, ...]
    state: str


@dataclass(frozen=True, slots=True)
class MeasureTable:
    """Rows by image and plane; ``columns`` name measures and units."""

    columns: tuple[str, ...]
    rows: tuple[MeasuredShape, ...]

    def as_arrow(self) -> pa.Table:
        """Columns image, z, t, state, then the measures; what is not known is null."""
        shapes = [one.shape for one in self.rows]
        texts: dict[str, pa.Array] = {
            "image": pa.array([one.image for one in shapes], pa.string()),
            "z": pa.array([one.z for one in shapes], pa.int64()),
            "t": pa.array([one.t for one in shapes], pa.int64()),
            "state": pa.array([one.state for one in self.rows], pa.string()),
        }
        values = {
            name: pa.array([row.values[at] for row in self.rows], pa.float64()) for at, name in enumerate(self.columns)
        }
        return pa.table({**texts, **values})


def measure_table(measures: Sequence[Measure], shapes: Sequence[Shape]) -> MeasureTable:
    """Every measure of every shape."""
    rows = [MeasuredShape(one, _values(measures, one), _state(measures, one)) for one in shapes]
    return MeasureTable(tuple(columns(measures)), tuple(rows))


def _values(measures: Sequence[Measure], shape: Shape) -> tuple[float | None, ...]:
    return tuple(value for one in measures for value in measured(one, shape.points, shape.pixel_um))


def _state(measures: Sequence[Measure], shape: Shape) -> str:
    wanted = {name for one in measures for name in one.landmarks}
    if not wanted <= shape.points.keys():
        return INCOMPLETE
    return SUGGESTED if wanted & shape.suggested else PLACED


def shapes_of(
    connection: Connection, images: Sequence[ProjectImage], terms: Sequence[Term], *, suggestions: bool = True
) -> list[Shape]:
    """The landmarks of each plane that has some, in the order of the images; without ``suggestions``, people's only."""
    names = {one.id: one.name for one in terms}
    points = landmark_points(connection, images, list(names))
    planes = counting_points(points) if suggestions else placed_points(points)
    order = {one.id: (place, one) for place, one in enumerate(images)}
    found = sorted(planes.items(), key=lambda one: (order[one[0].image_id][0], one[0]))
    return [_shape(order[key.image_id][1], key, own, names) for key, own in found]


def _shape(image: ProjectImage, key: PlaneKey, own: Mapping[int, LandmarkPoint], names: Mapping[int, str]) -> Shape:
    info = image.stored.info if image.stored is not None else {}
    width, height = info.get("pixel_width_um"), info.get("pixel_height_um")
    return Shape(
        image=image.name,
        z=key.z,
        t=key.t,
        points={names[term]: (one.x, one.y) for term, one in own.items()},
        suggested=frozenset(names[term] for term, one in own.items() if one.is_suggested),
        pixel_um=(width, height) if width and height else None,
        image_id=key.image_id,
    )


def named_measures(measures: Sequence[LandmarkMeasure], names: Mapping[int, str]) -> list[Measure]:
    """The stored measures with landmarks by name."""
    return [Measure(one.name, tuple(names[term] for term in one.term_ids)) for one in measures]


def default_name(names: Sequence[str]) -> str:
    """What a measure is called until somebody names it."""
    return " – ".join(names)


def parsed_measure(text: str, count: int, known: Sequence[str]) -> Measure:
    """A measure from ``A:B`` or ``A:B:C``; its landmarks must be known.

    Raises
    ------
    InvalidInputError
        It has another number of names, one of them twice, or one that is not known.
    """
    names = tuple(one.strip() for one in text.split(":"))
    if len(names) != count or not all(names):
        wanted = "A:B" if count == 2 else "A:B:C, the angle at B"
        raise InvalidInputError(f"{text!r} must name {count} landmarks as {wanted}.")
    if len(set(names)) < count:
        raise InvalidInputError(f"{text!r} names a landmark twice.")
    missing = [one for one in names if one not in known]
    if missing:
        raise InvalidInputError(f"There is no landmark {missing[0]!r}. There are: {', '.join(known) or 'none'}.")
    return Measure(default_name(names), names)


def table_bytes(table: MeasureTable, ending: str) -> bytes:
    """The table as ``csv`` or ``parquet``; no name is taken for a formula by a spreadsheet."""
    arrow = table.as_arrow()
    buffer = io.BytesIO()
    if ending == "csv":
        images = pa.array([defused(one.shape.image) for one in table.rows], pa.string())
        plain = arrow.set_column(0, "image", images).rename_columns([defused(one) for one in arrow.column_names])
        pc.write_csv(plain, buffer)
    else:
        pq.write_table(arrow, buffer)
    return buffer.getvalue()


def finite(value: float | None) -> float | None:
    """The value, or ``None`` where it is no number."""
    return value if value is not None and math.isfinite(value) else None
