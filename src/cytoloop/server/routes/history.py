"""What was done on an image, for everybody who may see it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from cytoloop.annotations import journal
from cytoloop.projects import users
from cytoloop.projects.permissions import Permission
from cytoloop.server.dependencies import ReadDep
from cytoloop.wire.history import HistoryEntry

router = APIRouter(tags=["annotations"])


@router.get("/images/{image_id}/changes")
def list_changes(
    image_id: UUID,
    access: ReadDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[int | None, Query(ge=0, lt=2**53)] = None,
) -> list[HistoryEntry]:
    """What was done on an image, newest first; ``before`` is the id of the last one of the page above."""
    image = access.image(image_id, Permission.VIEW)
    names = users.display_names(access.connection)
    caller = access.actor.user_id
    found = journal.entries(access.connection, image_id=image.id, limit=limit, before=before)
    return [
        HistoryEntry(
            id=one.id,
            at=one.at,
            who=names.get(one.user_id, "?"),
            label=one.label,
            layer_id=one.layer_uuid,
            layer=one.layer_name,
            objects=one.objects,
            state="done" if one.stands else "undone",
            own=one.user_id == caller,
            undoable=one.undoable and one.user_id == caller,
        )
        for one in found
    ]
