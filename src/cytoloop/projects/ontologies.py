"""Ontologies: the classes of a project, with colours that colour-blind people can tell apart."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from cytoloop.core.errors import ConflictError, NotFoundError
from cytoloop.storage.locks import Held, hold

from .tables import ontology, project, term

PALETTE = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#f0e442",
    "#882255",
    "#44aa99",
    "#999933",
)
"""Okabe and Ito's colours, then Tol's: given out in this order."""
HOTKEYS = "1234567890"


@dataclass(frozen=True, slots=True)
class Term:
    """A class of objects."""

    id: int
    ontology_id: int
    name: str
    color: str
    hotkey: str | None
    parent_id: int | None
    position: int


def _term(row: RowMapping) -> Term:
    return Term(**row)


def create_ontology(connection: Connection, name: str) -> int:
    """A new, empty ontology's id."""
    return int(connection.execute(insert(ontology).values(name=name).returning(ontology.c.id)).scalar_one())


def ontology_name(connection: Connection, ontology_id: int) -> str:
    return str(connection.execute(select(ontology.c.name).where(ontology.c.id == ontology_id)).scalar_one())


def terms_of(connection: Connection, ontology_id: int) -> list[Term]:
    """The ontology's classes in their order."""
    rows = connection.execute(
        select(term).where(term.c.ontology_id == ontology_id).order_by(term.c.position, term.c.id)
    ).mappings()
    return [_term(row) for row in rows]


def term_by_id(connection: Connection, term_id: int) -> Term:
    row = connection.execute(select(term).where(term.c.id == term_id)).mappings().first()
    if row is None:
        raise NotFoundError(f"There is no class {term_id}.")
    return _term(row)


def create_term(
    connection: Connection,
    ontology_id: int,
    *,
    name: str,
    color: str | None = None,
    hotkey: str | None = None,
    parent_id: int | None = None,
) -> Term:
    """Add a class; colour and hotkey are the next free ones where none is given."""
    hold(connection, Held.ONTOLOGY, ontology_id)
    present = terms_of(connection, ontology_id)
    position = max((one.position for one in present), default=-1) + 1
    _check_parent(connection, ontology_id, parent_id)
    chosen = hotkey or _free_hotkey(present)
    _refuse_taken_hotkey(present, chosen, but=None)
    try:
        row = (
            connection.execute(
                insert(term)
                .values(
                    ontology_id=ontology_id,
                    name=name,
                    color=(color or _free_color(present)).lower(),
                    hotkey=chosen,
                    parent_id=parent_id,
                    position=position,
                )
                .returning(term)
            )
            .mappings()
            .one()
        )
    except IntegrityError as error:
        raise ConflictError(f"There is a class named {name!r} already.") from error
    return _term(row)


def _free_color(present: list[Term]) -> str:
    used = {one.color for one in present}
    return next(
        (one for one in PALETTE if one not in used),
        PALETTE[len(present) % len(PALETTE)],
    )


def _free_hotkey(present: list[Term]) -> str | None:
    used = {one.hotkey for one in present}
    return next((one for one in HOTKEYS if one not in used), None)


def _refuse_taken_hotkey(present: list[Term], hotkey: str | None, *, but: int | None) -> None:
    for one in present:
        if hotkey and one.hotkey == hotkey and one.id != but:
            raise ConflictError(f"The key {hotkey!r} belongs to the class {one.name!r} already.")


def _check_parent(connection: Connection, ontology_id: int, parent_id: int | None) -> None:
    if parent_id is not None and term_by_id(connection, parent_id).ontology_id != ontology_id:
        raise NotFoundError(f"There is no class {parent_id} in this ontology.")


def update_term(connection: Connection, one: Term, fields: dict[str, Any]) -> Term:
    """Change name, colour, hotkey ("" clears it) or parent."""
    hold(connection, Held.ONTOLOGY, one.ontology_id)
    values = dict(fields)
    if "hotkey" in values:
        values["hotkey"] = values["hotkey"] or None
        _refuse_taken_hotkey(terms_of(connection, one.ontology_id), values["hotkey"], but=one.id)
    if "parent_id" in values:
        _check_parent(connection, one.ontology_id, values["parent_id"])
        _refuse_circle(connection, one.id, values["parent_id"])
    try:
        connection.execute(update(term).where(term.c.id == one.id).values(**values))
    except IntegrityError as error:
        raise ConflictError(f"There is a class named {fields.get('name')!r} already.") from error
    return term_by_id(connection, one.id)


def _refuse_circle(connection: Connection, term_id: int, parent_id: int | None) -> None:
    seen = parent_id
    while seen is not None:
        if seen == term_id:
            raise ConflictError("A class cannot be below itself.")
        seen = term_by_id(connection, seen).parent_id


def delete_term(connection: Connection, term_id: int) -> None:
    connection.execute(delete(term).where(term.c.id == term_id))


def projects_with(connection: Connection, ontology_id: int) -> list[int]:
    """Ids of the projects that use an ontology."""
    return list(connection.execute(select(project.c.id).where(project.c.ontology_id == ontology_id)).scalars())


def term_count(connection: Connection, ontology_id: int) -> int:
    return int(
        connection.execute(select(func.count()).select_from(term).where(term.c.ontology_id == ontology_id)).scalar_one()
    )
