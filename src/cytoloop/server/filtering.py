"""Which objects a request means: from the query or the body to the domain's filter."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Query
from sqlalchemy import Connection

from cytoloop.annotations.filters import ObjectFilter
from cytoloop.annotations.model import Status
from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Box
from cytoloop.projects import users
from cytoloop.wire import annotations as wire_annotations
from cytoloop.wire import objects as wire

Text = Annotated[str | None, Query(max_length=200)]
Number = Annotated[float | None, Query(allow_inf_nan=False)]


def _in_query(
    *,
    term_id: wire_annotations.Id | None = None,
    z: wire_annotations.Id | None = None,
    t: wire_annotations.Id | None = None,
    min_score: Number = None,
    max_score: Number = None,
    min_term_score: Number = None,
    max_term_score: Number = None,
    suggested: bool | None = None,
    min_area: Number = None,
    max_area: Number = None,
    author: Text = None,
    status: wire_annotations.Status | None = None,
    tag: Annotated[str | None, Query(max_length=100)] = None,
    property: Annotated[str | None, Query(max_length=100)] = None,  # noqa: A002 - the name in the URL
    property_value: Annotated[str | None, Query(max_length=1000)] = None,
    text: Text = None,
) -> wire.ObjectFilter:
    return wire.ObjectFilter(
        term_id=term_id,
        z=z,
        t=t,
        min_score=min_score,
        max_score=max_score,
        min_term_score=min_term_score,
        max_term_score=max_term_score,
        suggested=suggested,
        min_area=min_area,
        max_area=max_area,
        author=author,
        status=status,
        tag=tag,
        property=property,
        property_value=property_value,
        text=text,
    )


FilterDep = Annotated[wire.ObjectFilter, Depends(_in_query)]


def as_filter(connection: Connection, chosen: wire.ObjectFilter, ids: Sequence[int] | None = None) -> ObjectFilter:
    """The domain's filter; authors are found by the name that objects show."""
    known = chosen.model_dump(exclude={"author", "status", "bbox", "property"})
    return ObjectFilter(
        **known,
        property_name=chosen.property,
        ids=None if ids is None else tuple(ids),
        creator_ids=None if chosen.author is None else _authors(connection, chosen.author),
        status=None if chosen.status is None else Status[chosen.status.upper()],
        window=None if chosen.bbox is None else checked_box(*chosen.bbox),
    )


def _authors(connection: Connection, name: str) -> tuple[int, ...]:
    return tuple(key for key, known in users.display_names(connection).items() if known == name)


def checked_box(x0: float, y0: float, x1: float, y1: float) -> Box:
    """A box in px of an image, or ``InvalidInputError``."""
    limit = 1e7
    if not all(-limit < value < limit for value in (x0, y0, x1, y1)) or x0 >= x1 or y0 >= y1:
        raise InvalidInputError("bbox must have x0 < x1 and y0 < y1, in px of the image.")
    return Box(x0, y0, x1, y1)
