"""Many objects of a layer at once."""

from typing import assert_never
from uuid import UUID

from fastapi import APIRouter

from cytoloop.annotations import bulk
from cytoloop.annotations import history as history_store
from cytoloop.annotations.details import Details, checked_details
from cytoloop.annotations.model import Status
from cytoloop.server.access import Access
from cytoloop.server.dependencies import ServicesDep, WriteDep
from cytoloop.server.filtering import as_filter
from cytoloop.server.serialise import history_wire
from cytoloop.wire import objects as wire
from cytoloop.workflows.objects import curating

router = APIRouter(tags=["annotations"])


def _action(access: Access, asked: wire.BulkAction) -> bulk.Action:
    match asked:
        case wire.SetTerm():
            return bulk.SetTerm(asked.term_id)
        case wire.AcceptTerm():
            return bulk.AcceptTerm()
        case wire.SetStatus():
            return bulk.SetStatus(Status[asked.status.upper()])
        case wire.AddTag():
            checked_details(Details(tags=(asked.tag,)), "The change")
            return bulk.AddTag(asked.tag)
        case wire.RemoveTag():
            return bulk.RemoveTag(asked.tag)
        case wire.SetLocked():
            return bulk.SetLocked(asked.locked)
        case wire.MoveTo():
            return bulk.MoveTo(access.editable_layer(asked.layer_id)[0])
        case wire.Delete():
            return bulk.Delete()
        case _:
            assert_never(asked)


@router.post("/layers/{layer_id}/bulk")
def change_many(layer_id: UUID, body: wire.BulkRequest, write: WriteDep, services: ServicesDep) -> wire.BulkResult:
    """Change, move or delete all objects that a filter chooses, in one step; locked ones are spared and counted.

    Locked objects can still be tagged, marked and unlocked. A repeated ``idempotency_key`` changes nothing more.
    """

    def work(access: Access) -> wire.BulkResult:
        layer, image = access.editable_layer(layer_id)
        answer = curating.change_many(
            access.connection,
            as_filter(access.connection, body.filter, body.ids),
            _action(access, body.action),
            layer=layer,
            user_id=access.actor.user_id,
            announcer=services.announcer,
            key=body.idempotency_key,
        )
        history = history_store.history_state(access.connection, image_id=image.id, user_id=access.actor.user_id)
        return wire.BulkResult(**answer, history=history_wire(history))

    return write(work)
