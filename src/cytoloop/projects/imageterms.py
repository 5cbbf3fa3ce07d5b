"""Classes of whole images: given by people, or suggested by a classifier with a probability."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from cytoloop.core.clock import utc_now
from cytoloop.storage.locks import Held, hold
from cytoloop.storage.rows import batches

from .tables import image_term, project_image


@dataclass(frozen=True, slots=True)
class ImageTerm:
    """The class of an image; ``score`` is the probability that a program gave, ``None`` where a person did."""

    image_id: int
    term_id: int
    score: float | None
    user_id: int | None
    changed_at: datetime


def terms_of_images(connection: Connection, image_ids: Sequence[int]) -> dict[int, ImageTerm]:
    """The classes of those of these images that have one, by the image's row."""
    columns = image_term.c
    query = select(columns.project_image_id, columns.term_id, columns.term_score, columns.user_id, columns.changed_at)
    found: dict[int, ImageTerm] = {}
    for part in batches(image_ids):
        for row in connection.execute(query.where(columns.project_image_id.in_(part))):
            found[row[0]] = ImageTerm(*row)
    return found


Given = tuple[int, float | None]
"""A class, and the probability of one that is only suggested."""


def give(connection: Connection, project_id: int, terms: Mapping[int, Given | None], user_id: int) -> None:
    """Give images of a project, by row, their class; ``None`` takes it away.

    A class without a probability is a person's; one with it is a suggestion that was there before.
    """
    hold(connection, Held.PROJECT, project_id)
    _put(connection, terms, user_id)


def suggest(connection: Connection, project_id: int, found: Mapping[int, tuple[int, float]], user_id: int) -> list[int]:
    """Suggest classes with their probability; images that have one from a person, or are gone, stay as they are.

    Returns the rows of the images that have a suggestion now.
    """
    hold(connection, Held.PROJECT, project_id)
    known = terms_of_images(connection, list(found))
    present = _present(connection, project_id, list(found))
    chosen = [one for one in found if one in present and (one not in known or known[one].score is not None)]
    _put(connection, {one: found[one] for one in chosen}, user_id)
    return chosen


def accept(connection: Connection, project_id: int, least: float, user_id: int) -> list[int]:
    """Agree to every suggestion that is at least so probable; the rows of the images."""
    hold(connection, Held.PROJECT, project_id)
    chosen = {one.image_id: one.term_id for one in _suggested(connection, project_id) if (one.score or 0.0) >= least}
    _put(connection, {image: (term, None) for image, term in chosen.items()}, user_id)
    return list(chosen)


def clear(connection: Connection, project_id: int) -> list[int]:
    """Take away every suggestion; the rows of the images."""
    hold(connection, Held.PROJECT, project_id)
    chosen = [one.image_id for one in _suggested(connection, project_id)]
    _put(connection, dict.fromkeys(chosen), None)
    return chosen


def _suggested(connection: Connection, project_id: int) -> list[ImageTerm]:
    ids = connection.execute(select(project_image.c.id).where(project_image.c.project_id == project_id)).scalars()
    return [one for one in terms_of_images(connection, list(ids)).values() if one.score is not None]


def _present(connection: Connection, project_id: int, image_ids: Sequence[int]) -> set[int]:
    query = select(project_image.c.id).where(project_image.c.project_id == project_id)
    return {
        row
        for part in batches(image_ids)
        for row in connection.execute(query.where(project_image.c.id.in_(part))).scalars()
    }


def _put(connection: Connection, terms: Mapping[int, Given | None], user_id: int | None) -> None:
    """Replace the classes of these images; the project is held, so nobody else does meanwhile."""
    for part in batches(list(terms)):
        connection.execute(delete(image_term).where(image_term.c.project_image_id.in_(part)))
    now = utc_now()
    rows = [
        {"project_image_id": image, "term_id": given[0], "term_score": given[1], "user_id": user_id, "changed_at": now}
        for image, given in terms.items()
        if given is not None
    ]
    if rows:
        connection.execute(insert(image_term), rows)
