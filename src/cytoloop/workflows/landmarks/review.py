"""What people decide about landmarks: which there are, and which suggestions are right."""

from collections.abc import Sequence

from sqlalchemy import Connection

from cytoloop.annotations.model import ChangeSet, Edit, Layer, Status
from cytoloop.annotations.store import apply_change
from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.landmarks.training import MOST_LANDMARKS
from cytoloop.projects.images import ProjectImage
from cytoloop.projects.landmarks import LandmarkMeasure, LandmarkPlan
from cytoloop.projects.store import Project
from cytoloop.workflows.announcing import Announcer, counted

from .measures import MOST_MEASURES, default_name
from .points import landmark_points, named_terms, project_plan


def checked_plan(
    connection: Connection, project: Project, term_ids: Sequence[int], measures: Sequence[tuple[str, Sequence[int]]]
) -> LandmarkPlan:
    """A plan of classes that the project has, without repeats, and of measures between them.

    Raises
    ------
    InvalidInputError
        There is no such class, a measure names one twice or one that is no landmark, or there are too many.
    """
    chosen = named_terms(connection, project, list(dict.fromkeys(term_ids)))
    names = {one.id: one.name for one in chosen}
    if len(chosen) > MOST_LANDMARKS or len(measures) > MOST_MEASURES:
        raise InvalidInputError(f"At most {MOST_LANDMARKS} landmarks and {MOST_MEASURES} measures are possible.")
    made: list[LandmarkMeasure] = []
    for name, own in measures:
        others = [one for one in own if one not in names]
        if others:
            raise InvalidInputError(
                f"The class {others[0]} is none of the project's landmarks, so nothing can be measured there. Choose "
                "it as a landmark first."
            )
        if len(set(own)) < len(own):
            raise InvalidInputError("A measure names a landmark twice. Choose another one.")
        title = name.strip() or default_name([names[one] for one in own])
        made.append(LandmarkMeasure(title[:200], tuple(own)))
    return LandmarkPlan(tuple(names), tuple(made))


def accept_suggestions(
    connection: Connection,
    image: ProjectImage,
    layer: Layer,
    *,
    project: Project,
    user_id: int,
    plane: tuple[int, int],
    only: set[int] | None,
    announcer: Announcer,
) -> int:
    """Agree to the suggestions of a plane on the image's layer of landmarks, as one undo step; how many."""
    plan, _ = project_plan(connection, project)
    points = [
        one
        for one in landmark_points(connection, [image], plan.term_ids)
        if one.layer_id == layer.id
        and one.is_suggested
        and not one.locked
        and (one.plane.z, one.plane.t) == plane
        and (only is None or one.id in only)
    ]
    if not points:
        return 0
    edits = [
        Edit(one.id, one.version, {"status": Status.ACCEPTED, "term_id": one.term_id, "locked": False})
        for one in points
    ]
    change = ChangeSet(f"Accept {counted(len(edits), 'landmark')}", edits=edits)
    announcer.applied(connection, apply_change(connection, change, layer=layer, user_id=user_id))
    return len(edits)
