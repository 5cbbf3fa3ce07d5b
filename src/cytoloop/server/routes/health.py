"""Whether the server lives and is ready, for supervisors."""

import os

from fastapi import APIRouter, Request
from sqlalchemy import text

from cytoloop.server.state import services_of

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
def live() -> dict[str, str]:
    """The process answers; its number tells several apart."""
    return {"status": "alive", "process": str(os.getpid())}


@router.get("/ready")
def ready(request: Request) -> dict[str, str]:
    """The database answers."""
    with services_of(request).database.read() as connection:
        connection.execute(text("SELECT 1"))
    return {"status": "ready"}
