"""Tables of bounding boxes: ``x, y, width, height`` in px, with or without a class."""

import csv
import io
from pathlib import Path

import shapely

from cytoloop.annotations.geometry import Kind
from cytoloop.core.errors import InvalidInputError

from .limits import text_bytes
from .model import ExchangeObject, ExchangeTerm, ReadObjects
from .naming import number_or_none

_COLUMNS = (("x", "y", "width", "height"), ("x", "y", "w", "h"))


def columns_in(header: str) -> tuple[str, ...] | None:
    """The four columns of a table of boxes; ``None`` for another table."""
    names = {name.strip().strip('"').lower() for name in header.replace(";", ",").replace("\t", ",").split(",")}
    return next((columns for columns in _COLUMNS if names.issuperset(columns)), None)


def read(path: Path) -> ReadObjects:
    """Read the boxes as rectangles."""
    text = text_bytes(path).decode("utf-8-sig", "replace")
    header = text.split("\n", 1)[0]
    columns = columns_in(header)
    if columns is None:
        raise InvalidInputError(f"{path.name} has no columns x, y, width and height.")
    delimiter = next((sign for sign in (";", "\t") if sign in header), ",")
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    objects: list[ExchangeObject] = []
    for row in reader:
        known = {(name or "").strip().lower(): value for name, value in row.items()}
        numbers = [number_or_none(known.get(name)) for name in columns]
        x, y, width, height = (float("nan") if one is None else one for one in numbers)
        if not (width > 0 and height > 0 and x == x and y == y):  # noqa: PLR0124 - NaN is not itself
            raise InvalidInputError(
                f"Row {reader.line_num} of {path.name} is no box: x and y are numbers, width and height above 0."
            )
        name = (known.get("class") or known.get("label") or "").strip().lstrip("'")
        objects.append(
            ExchangeObject(
                shapely.box(x, y, x + width, y + height, ccw=False),
                Kind.RECTANGLE,
                term=ExchangeTerm(name[:100]) if name and name != "unclassified" else None,
            )
        )
    return ReadObjects(objects)
