"""Many objects at once: bulk actions and the review of proposals, each one step that is undone whole."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from cytoloop.annotations import layers as layer_store
from cytoloop.annotations import review as reviews
from cytoloop.annotations.bulk import Action, MoveTo, SetTerm, apply_bulk
from cytoloop.annotations.filters import ObjectFilter
from cytoloop.annotations.model import Applied, Layer, Status
from cytoloop.core.errors import InvalidInputError
from cytoloop.projects.images import ProjectImage, project_image_by_id, project_images
from cytoloop.workflows.announcing import Announcer

from .editing import check_terms, once

Decision = Literal["accept", "reject"]


def change_many(
    connection: Connection,
    chosen: ObjectFilter,
    action: Action,
    *,
    layer: Layer,
    user_id: int,
    announcer: Announcer,
    key: str | None = None,
) -> dict[str, Any]:
    """Apply an action to many objects of a layer; a repeated ``key`` gives the first answer again."""

    def work() -> dict[str, Any]:
        _check(connection, action, layer)
        done = apply_bulk(connection, chosen, action, layer=layer, user_id=user_id)
        _announce(connection, announcer, done.applied)
        return {
            "matched": done.matched,
            "changed": done.changed,
            "locked": done.locked,
            "change_id": None if done.applied is None else done.applied.change_id,
        }

    return once(connection, work, user_id=user_id, key=key, layer_id=layer.id)


def _check(connection: Connection, action: Action, layer: Layer) -> None:
    image = project_image_by_id(connection, layer.image_id)
    match action:
        case SetTerm(term_id):
            check_terms(connection, image.project_id, [term_id])
        case MoveTo(target) if target.image_id != layer.image_id:
            raise InvalidInputError(f"The layer {target.name!r} is of another image. Choose one of {image.name}.")
        case MoveTo(target) if target.id == layer.id:
            raise InvalidInputError(f"The objects are in the layer {target.name!r} already. Choose another one.")
        case _:
            pass


def decide_many(
    connection: Connection,
    chosen: ObjectFilter,
    decision: Decision,
    *,
    layer: Layer,
    user_id: int,
    announcer: Announcer,
    key: str | None = None,
) -> dict[str, Any]:
    """Accept or reject many objects of a layer; a repeated ``key`` gives the first answer again."""
    decide = reviews.accept if decision == "accept" else reviews.reject

    def work() -> dict[str, Any]:
        done = decide(connection, chosen, layer=layer, user_id=user_id)
        _announce(connection, announcer, done.applied)
        return {
            "matched": done.matched,
            "decided": done.decided,
            "change_id": None if done.applied is None else done.applied.change_id,
        }

    return once(connection, work, user_id=user_id, key=key, layer_id=layer.id)


def _announce(connection: Connection, announcer: Announcer, applied: Applied | None) -> None:
    if applied is not None:
        announcer.applied(connection, applied)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the review of an image is: its run layers together."""

    image: ProjectImage
    layers: int
    counts: dict[Status, int]


def review_progress(connection: Connection, project_id: int) -> list[Progress]:
    """The progress of every image of a project that has run layers."""
    images = {one.id: one for one in project_images(connection, project_id, limit=1_000_000)}
    layers = layer_store.run_layers_of_images(connection, list(images))
    counts = layer_store.state_counts(connection, [one.id for one in layers])
    of_image: dict[int, list[dict[Status, int]]] = {}
    for one in layers:
        of_image.setdefault(one.image_id, []).append(counts[one.id])
    return [
        Progress(image, len(of_image[key]), summed(of_image[key])) for key, image in images.items() if key in of_image
    ]


def summed(counts: Iterable[dict[Status, int]]) -> dict[Status, int]:
    """Counts by state added up."""
    total = dict.fromkeys(Status, 0)
    for one in counts:
        for status, n in one.items():
            total[status] += n
    return total
