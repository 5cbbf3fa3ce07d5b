"""Which objects of a layer are meant: by number, class, score, size, author, state, or what is written on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, literal, or_, select

from cytoloop.core.geometry import Box
from cytoloop.storage.rows import batches

from .details import PropertyValue, from_text
from .model import Status
from .points import Records, read_records
from .store import window_condition
from .tables import annotation


@dataclass(frozen=True, slots=True)
class ObjectFilter:
    """Objects for which everything holds that is not ``None``.

    ``term_id`` 0 means those without a class, ``area`` is in px^2, ``text`` is looked for in the number and the
    description. ``suggested`` objects have a class that a program gave and nobody has agreed to. A ``window`` (px)
    takes what lies in it whole; ``property_value`` is compared as text.
    """

    ids: tuple[int, ...] | None = None
    term_id: int | None = None
    z: int | None = None
    t: int | None = None
    min_score: float | None = None
    max_score: float | None = None
    min_term_score: float | None = None
    max_term_score: float | None = None
    suggested: bool | None = None
    min_area: float | None = None
    max_area: float | None = None
    creator_ids: tuple[int, ...] | None = None
    status: Status | None = None
    tag: str | None = None
    property_name: str | None = None
    property_value: str | None = None
    text: str | None = None
    window: Box | None = None

    @property
    def reads_details(self) -> bool:
        """Whether what people wrote has to be read to decide."""
        return any(one is not None for one in (self.tag, self.property_name, self.text))

    def matches(self, key: int, details_text: str | None) -> bool:
        """Whether what is written on an object fits."""
        details = from_text(details_text)
        if self.tag is not None and self.tag not in details.tags:
            return False
        if self.property_name is not None and not self._has_property(details.properties.get(self.property_name)):
            return False
        if self.text is None:
            return True
        return self.text in str(key) or self.text.casefold() in details.description.casefold()

    def _has_property(self, value: PropertyValue | None) -> bool:
        if value is None or self.property_value is None:
            return value is not None
        match value:
            case bool():
                return self.property_value.casefold() == str(value).casefold()
            case str():
                return self.property_value == value
            case _:
                return _number(self.property_value) == value


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


EVERYTHING = ObjectFilter()


def _conditions(connection: Connection, layer_id: int, chosen: ObjectFilter) -> list[ColumnElement[bool]]:
    columns = annotation.c
    found: list[ColumnElement[bool]] = []
    if chosen.window is None:
        found.append(columns.layer_id == layer_id)
    else:
        box = chosen.window
        found.append(window_condition(connection, layer_id, box))
        found += [columns.x0 >= box.x0, columns.y0 >= box.y0, columns.x1 <= box.x1, columns.y1 <= box.y1]
    if chosen.term_id is not None:
        found.append(columns.term_id.is_(None) if chosen.term_id == 0 else columns.term_id == chosen.term_id)
    equal = ((columns.z, chosen.z), (columns.t, chosen.t), (columns.status, chosen.status))
    found += [column == int(value) for column, value in equal if value is not None]
    score, term_score, area = columns.score, columns.term_score, columns.area
    at_least = ((score, chosen.min_score), (term_score, chosen.min_term_score), (area, chosen.min_area))
    found += [column >= value for column, value in at_least if value is not None]
    at_most = ((score, chosen.max_score), (term_score, chosen.max_term_score), (area, chosen.max_area))
    found += [column <= value for column, value in at_most if value is not None]
    if chosen.suggested is not None:
        found.append(term_score.is_not(None) if chosen.suggested else term_score.is_(None))
    if chosen.creator_ids is not None:
        found.append(columns.creator_id.in_(chosen.creator_ids))
    if chosen.tag is not None or chosen.property_name is not None:
        found.append(columns.details.is_not(None))
    if chosen.text is not None:
        found.append(or_(columns.details.is_not(None), literal(value=chosen.text.isdigit())))
    return found


def matching_rows(
    connection: Connection, layer_id: int, chosen: ObjectFilter, columns: Sequence[ColumnElement[Any]]
) -> list[dict[str, Any]]:
    """Columns of the objects of a layer that a filter chooses, by id. ``columns`` must hold the id."""
    asked = [*columns, annotation.c.details.label("_details")] if chosen.reads_details else list(columns)
    query = select(*asked).where(*_conditions(connection, layer_id, chosen)).order_by(annotation.c.id)
    if chosen.ids is None:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    else:
        keys = sorted(set(chosen.ids))
        parts = [connection.execute(query.where(annotation.c.id.in_(one))).mappings() for one in batches(keys)]
        rows = [dict(row) for part in parts for row in part]
    if not chosen.reads_details:
        return rows
    return [row for row in rows if chosen.matches(row["id"], row["_details"])]


def matching_records(connection: Connection, layer_id: int, chosen: ObjectFilter) -> tuple[Records, Records]:
    """Places and facts ``(n,)`` of the objects of a layer that a filter chooses, by id: what ``matching_rows`` finds.

    No row is read unless the filter asks for what people wrote.
    """
    points, facts = read_records(connection, layer_id, window=chosen.window)
    kept = _fits(chosen, points, facts)
    if chosen.reads_details:
        kept &= _described(connection, layer_id, chosen, points["id"])
    return (points, facts) if kept.all() else (points[kept], facts[kept])


def _fits(chosen: ObjectFilter, points: Records, facts: Records) -> NDArray[np.bool_]:
    kept = np.ones(len(points), bool)
    equal = (("term", chosen.term_id), ("z", chosen.z), ("t", chosen.t), ("status", chosen.status))
    for name, value in equal:
        if value is not None:
            kept &= points[name] == int(value)
    # a comparison with a score that is not there (NaN) is false, as in SQL
    limits = (
        (facts["score"], chosen.min_score, chosen.max_score),
        (facts["term_score"], chosen.min_term_score, chosen.max_term_score),
        (points["area"], chosen.min_area, chosen.max_area),
    )
    for values, least, most in limits:
        if least is not None:
            kept &= values >= least
        if most is not None:
            kept &= values <= most
    if chosen.suggested is not None:
        kept &= np.isnan(facts["term_score"]) != chosen.suggested
    if chosen.creator_ids is not None:
        kept &= np.isin(facts["creator"], chosen.creator_ids)
    if chosen.ids is not None:
        kept &= np.isin(points["id"], chosen.ids)
    if chosen.window is not None:
        box = chosen.window
        kept &= (facts["x0"] >= box.x0) & (facts["y0"] >= box.y0) & (facts["x1"] <= box.x1) & (facts["y1"] <= box.y1)
    return kept


def _described(
    connection: Connection, layer_id: int, chosen: ObjectFilter, ids: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which objects fit by what is written on them, or by their number."""
    columns = annotation.c
    written = select(columns.id, columns.details).where(columns.layer_id == layer_id, columns.details.is_not(None))
    found = [key for key, text in connection.execute(written) if chosen.matches(key, text)]
    fits = np.isin(ids, np.array(found, np.int64))
    if chosen.tag is None and chosen.property_name is None and chosen.text is not None and chosen.text.isdigit():
        fits |= np.char.find(ids.astype(str), chosen.text) >= 0
    return fits
