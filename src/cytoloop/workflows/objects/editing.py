"""Editing objects: checked against the image and the ontology, applied, and told to the page."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from sqlalchemy import Connection, delete, insert, select

from cytoloop.annotations import history
from cytoloop.annotations import layers as layer_store
from cytoloop.annotations.geometry import Extent, check_geometries
from cytoloop.annotations.landmarks import placed_by_hand
from cytoloop.annotations.model import Applied, ChangeSet, Layer
from cytoloop.annotations.store import apply_change
from cytoloop.annotations.store import clear_term as clear_term_of_objects
from cytoloop.annotations.tables import idempotency
from cytoloop.core.clock import utc_now
from cytoloop.core.errors import ConflictError, InvalidInputError
from cytoloop.projects import ontologies
from cytoloop.projects.images import ProjectImage, project_image_by_id, project_images, stored_of
from cytoloop.projects.store import project_by_id
from cytoloop.storage.locks import Held, hold, share
from cytoloop.workflows.announcing import Announcer


def extent_of(image: ProjectImage) -> Extent:
    """The size of an image, or ``ConflictError`` while it is not imported."""
    info = stored_of(image).info
    return Extent(info["width"], info["height"])


def check_change(connection: Connection, change_set: ChangeSet, image: ProjectImage) -> None:
    """Refuse geometry outside the image, planes it does not have, and classes of other projects."""
    edited = [one.fields["geometry"] for one in change_set.edits if one.fields.get("geometry")]
    check_geometries([*(one.geometry for one in change_set.creates), *edited], extent_of(image))
    info = stored_of(image).info
    for index, one in enumerate(change_set.creates):
        if one.z >= info["size_z"] or one.t >= info["size_t"]:
            raise InvalidInputError(
                f"Object {index} is on plane z {one.z}, t {one.t}; the image has "
                f"{info['size_z']} z and {info['size_t']} t planes, counted from 0."
            )
    terms = [one.term_id for one in change_set.creates]
    terms += [one.fields["term_id"] for one in change_set.edits if "term_id" in one.fields]
    check_terms(connection, image.project_id, terms)


def check_terms(connection: Connection, project_id: int, term_ids: Iterable[int | None]) -> None:
    """Refuse classes that are not in the project's ontology."""
    wanted = {one for one in term_ids if one is not None}
    if not wanted:
        return
    ontology_id = project_by_id(connection, project_id).ontology_id
    share(connection, Held.ONTOLOGY, ontology_id)  # nobody deletes a class between this look and the commit
    unknown = wanted - {one.id for one in ontologies.terms_of(connection, ontology_id)}
    if unknown:
        raise InvalidInputError(
            f"There is no class {min(unknown)} in this project's ontology. Add it first, or leave the class out.",
            unknown_terms=sorted(unknown),
        )


def edit_layer(
    connection: Connection,
    change_set: ChangeSet,
    *,
    layer: Layer,
    user_id: int,
    announcer: Announcer,
    key: str | None = None,
) -> dict[str, Any]:
    """Apply a change; a repeated ``key`` gives the first answer again. Returns a JSON-ready answer."""

    def work() -> dict[str, Any]:
        image = project_image_by_id(connection, layer.image_id)
        check_change(connection, change_set, image)
        is_landmarks = layer.kind == layer_store.LANDMARKS
        own = placed_by_hand(connection, change_set) if is_landmarks else change_set
        applied = apply_change(connection, own, layer=layer, user_id=user_id)
        announcer.applied(connection, applied)
        return answer_of(applied)

    return once(connection, work, user_id=user_id, key=key, layer_id=layer.id)


def once(
    connection: Connection, work: Callable[[], dict[str, Any]], *, user_id: int, key: str | None, layer_id: int
) -> dict[str, Any]:
    """The JSON-ready answer of ``work``, which is done at most once for a user's ``key``."""
    if key is None:
        return work()
    earlier = _earlier_answer(connection, user_id, key, layer_id)
    if earlier is not None:
        return earlier
    answer = work()
    connection.execute(
        insert(idempotency).values(user_id=user_id, key=key, layer_id=layer_id, answer=answer, at=utc_now())
    )
    return answer


def answer_of(applied: Applied) -> dict[str, Any]:
    """What a change did, as JSON."""
    return {
        "change_id": applied.change_id,
        "generation": applied.generation,
        "created_ids": applied.created_ids,
        "versions": {str(key): version for key, version in applied.versions.items()},
        "bbox": None if applied.box is None else list(applied.box.as_tuple()),
    }


def _earlier_answer(connection: Connection, user_id: int, key: str, layer_id: int) -> dict[str, Any] | None:
    row = connection.execute(
        select(idempotency.c.answer, idempotency.c.layer_id)
        .where(idempotency.c.user_id == user_id)
        .where(idempotency.c.key == key)
    ).first()
    if row is None:
        return None
    if row.layer_id != layer_id:
        raise ConflictError("This idempotency key was used for another layer. Use a new one.")
    return dict(row.answer)


def step_back(connection: Connection, *, image_id: int, user_id: int, announcer: Announcer) -> Applied:
    """Undo the user's newest change on the image."""
    return _announced(connection, history.undo(connection, image_id=image_id, user_id=user_id), announcer)


def step_forward(connection: Connection, *, image_id: int, user_id: int, announcer: Announcer) -> Applied:
    """Redo what the user undid last on the image."""
    return _announced(connection, history.redo(connection, image_id=image_id, user_id=user_id), announcer)


def _announced(connection: Connection, applied: Applied, announcer: Announcer) -> Applied:
    announcer.applied(connection, applied)
    return applied


def remove_term(connection: Connection, term: ontologies.Term, announcer: Announcer) -> None:
    """Delete a class; its objects stay, without a class."""
    hold(connection, Held.ONTOLOGY, term.ontology_id)
    for project_id in ontologies.projects_with(connection, term.ontology_id):
        for image in project_images(connection, project_id, limit=1_000_000):
            layers = layer_store.all_layers_of_image(connection, image.id)
            clear_term_of_objects(connection, term.id, layers)
        announcer.ontology(connection, project_id)
    ontologies.delete_term(connection, term.id)


def forget_old_keys(connection: Connection, before: Any) -> None:
    """Drop answers that nobody will ask for again."""
    connection.execute(delete(idempotency).where(idempotency.c.at < before))


class Step(Protocol):
    """``step_back`` or ``step_forward``."""

    def __call__(self, connection: Connection, *, image_id: int, user_id: int, announcer: Announcer) -> Applied: ...
