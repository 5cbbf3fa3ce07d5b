"""Whether the server lives and is ready, and what it counted, for supervisors."""

import os

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import text

from cytoloop.core.errors import PermissionDeniedError
from cytoloop.server.metrics import TYPE
from cytoloop.server.state import actor_of, services_of

router = APIRouter(tags=["health"])


@router.get("/health/live")
def live() -> dict[str, str]:
    """The process answers; its number tells several apart."""
    return {"status": "alive", "process": str(os.getpid())}


@router.get("/health/ready")
def ready(request: Request) -> dict[str, str]:
    """The database answers, and so does the object store where images lie in one."""
    services = services_of(request)
    with services.database.read() as connection:
        connection.execute(text("SELECT 1"))
    services.blobs.check()
    return {"status": "ready"}


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """What was counted, for Prometheus; it tells how much is going on, so only administrators may know."""
    if not actor_of(request).is_admin:
        raise PermissionDeniedError("Only administrators may read the metrics. Use an API token of one.")
    return Response(request.app.state.metrics.text(), media_type=TYPE)
