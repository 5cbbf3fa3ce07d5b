"""The event stream: what happens in a project, as server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import orjson
from anyio import to_thread
from fastapi import APIRouter, Header, Request
from starlette.responses import StreamingResponse

from cytoloop.core.errors import CytoloopError
from cytoloop.core.events import CLOSING, Event
from cytoloop.jobs import ledger, logbook
from cytoloop.projects import images as image_records
from cytoloop.projects import uploads
from cytoloop.projects.permissions import Actor, Permission
from cytoloop.runtime.assembly import Services
from cytoloop.server.access import Access
from cytoloop.server.dependencies import ServicesDep
from cytoloop.server.serialise import image_wire, job_wire, upload_wire
from cytoloop.server.state import actor_of
from cytoloop.wire.jobs import LogLine

router = APIRouter(tags=["events"])

HEARTBEAT_S = 15.0


@router.get("/events", response_class=StreamingResponse)
def stream(
    request: Request,
    services: ServicesDep,
    project_id: UUID,
    last_event_id: Annotated[int | None, Header()] = None,
) -> StreamingResponse:
    """Events of a project from now on, or from ``Last-Event-ID``. Kinds are told in ``wire.jobs.Event``."""
    actor = actor_of(request)
    with services.database.read() as connection:
        project, _ = Access(connection, actor).project(project_id, Permission.VIEW)
    return StreamingResponse(
        _events(services, actor, project.id, last_event_id),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(services: Services, actor: Actor, project_id: int, last_event_id: int | None) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[Event] = asyncio.Queue()

    def listen(event: Event) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(waiting.put_nowait, event)

    unsubscribe = services.bus.subscribe(project_id, listen)
    try:
        yield b"retry: 1000\n: welcome\n\n"
        for event in services.bus.since(project_id, last_event_id) if last_event_id else []:
            yield await to_thread.run_sync(_encoded, services, actor, event)
        while True:
            try:
                event = await asyncio.wait_for(waiting.get(), HEARTBEAT_S)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if event.kind == CLOSING:
                return
            yield await to_thread.run_sync(_encoded, services, actor, event)
    finally:
        unsubscribe()


def _encoded(services: Services, actor: Actor, event: Event) -> bytes:
    """The event with what it tells of as it is now; a comment when that is gone or not for the caller."""
    try:
        data = _expanded(services, actor, event)
    except CytoloopError:
        return b": gone\n\n"
    content = orjson.dumps(data)
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.id, event.kind.encode(), content)


def _expanded(services: Services, actor: Actor, event: Event) -> Any:
    with services.database.read() as connection:
        access = Access(connection, actor)
        access.member(event.project_id)
        match event.kind:
            case "job":
                job = ledger.job_by_uuid(connection, UUID(event.data["id"]))
                return job_wire(connection, job).model_dump(mode="json")
            case "job_log":
                line = logbook.log_line(connection, event.data["line_id"])
                told = LogLine(id=line.id, at=line.at, level=line.level, text=line.text)
                return {"job_id": event.data["job_id"], "line": told.model_dump(mode="json")}
            case "image":
                image = image_records.project_image_by_uuid(connection, UUID(event.data["id"]))
                return image_wire(connection, image).model_dump(mode="json")
            case "upload":
                upload = uploads.upload_by_id(connection, event.data["id"])
                return upload_wire(upload).model_dump(mode="json")
            case _:
                return event.data
