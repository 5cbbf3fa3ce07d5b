"""The journal: around everything else, it gives each request an id, measures it, counts it and logs it.

A line tells method, pattern of the address, status, time and user. Addresses themselves, queries, headers and bodies
are not logged: they may hold what is not meant for the log.
"""

import logging
import re
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from cytoloop.core.ids import new_uuid
from cytoloop.core.logs import REQUEST

from .metrics import Metrics

logger = logging.getLogger("cytoloop.requests")

HEADER = b"x-request-id"
_GIVEN = re.compile(rb"[A-Za-z0-9_.-]{1,64}")


class Journal:
    """ASGI middleware outside of all others."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, status, begun = _request_id(scope), 500, time.perf_counter()

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), (HEADER, request.encode())]
            await send(message)

        token = REQUEST.set(request)
        try:
            await self._app(scope, receive, sending)
        finally:
            seconds, route = time.perf_counter() - begun, _route(scope)
            self._metrics.request(scope["method"], route, status, seconds)
            facts = {"method": scope["method"], "route": route, "status": status, "user": _user(scope)}
            logger.info("request", extra={"facts": {**facts, "duration_ms": round(1000 * seconds, 1)}})
            REQUEST.reset(token)


def _request_id(scope: Scope) -> str:
    """What a proxy in front calls the request, if that is harmless, else a name of its own."""
    given = next((value for name, value in scope["headers"] if name == HEADER), b"")
    return given.decode() if _GIVEN.fullmatch(given) else new_uuid().hex


def _route(scope: Scope) -> str:
    """The pattern of the address; "none" for requests that were refused before it was looked for."""
    pattern = getattr(scope.get("route"), "path", None)
    if pattern is None:
        return "none"
    inner = scope["path"].startswith("/api/") and not pattern.startswith("/api/")
    return f"/api/v1{pattern}" if inner else pattern  # routers do not know under what they are included


class PlainRoute(Route):
    """A route without FastAPI that, like those with it, says which it is."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = super().matches(scope)
        return match, {**found, "route": self}


def _user(scope: Scope) -> str | None:
    actor = getattr(scope.get("cytoloop_caller"), "actor", None)
    return None if actor is None else actor.username
