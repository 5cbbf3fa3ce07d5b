"""The gate: before any route sees a request, its host, origin, size, caller and CSRF token are checked."""

import hmac
import time
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

from anyio import to_thread
from fastapi.exceptions import HTTPException
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cytoloop.core.errors import PermissionDeniedError, TooLargeError, UnavailableError
from cytoloop.core.ids import secret_digest
from cytoloop.projects import users
from cytoloop.projects.permissions import Actor
from cytoloop.runtime.assembly import Services
from cytoloop.runtime.settings import MIB, is_loopback
from cytoloop.storage.signals import Payload, Signals

from .problems import problem_of
from .state import Caller

TOPIC = "sessions"
"""The topic of the signals by which every process learns of a session's end."""
SESSION_COOKIE = "cytoloop_session"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
METRICS = "/metrics"
CALLER_SECONDS = 5.0
"""How long a caller's identity is remembered: a revoked session or token works at most this long."""
MAX_KNOWN = 10_000
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (
        b"content-security-policy",
        (
            b"default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
            b"worker-src 'self' blob:; connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'; "
            b"frame-ancestors 'none'; base-uri 'none'"
        ),
    ),
)


class KnownCallers:
    """Who recently proved to be whom, by the digest of what they sent; all processes forget when a session ends."""

    def __init__(self, signals: Signals) -> None:
        self._known: dict[str, tuple[float, Caller]] = {}
        self._signals = signals
        signals.on(TOPIC, self._hear)

    def _hear(self, _number: int | None, message: Payload) -> None:
        self._known.pop(message["session"], None)

    def get(self, secret: str) -> Caller | None:
        """The caller, unless it is too long ago."""
        known = self._known.get(secret_digest(secret))
        return known[1] if known is not None and known[0] > time.monotonic() else None

    def put(self, secret: str, caller: Caller) -> None:
        """Remember a caller for a few seconds."""
        if len(self._known) > MAX_KNOWN:
            self._known.clear()
        self._known[secret_digest(secret)] = (time.monotonic() + CALLER_SECONDS, caller)

    def forget(self, secret: str) -> None:
        """A session ended."""
        self._signals.send(TOPIC, {"session": secret_digest(secret)})


class Gate:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, services: Services, known: KnownCallers) -> None:
        self._app = app
        self._services = services
        self._known = known
        self._local: Caller | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        send = _with_security_headers(send)
        try:
            self._check_host(connection)
            self._check_origin(connection)
            self._check_announced_size(connection)
            scope["cytoloop_caller"] = await self._caller(connection)
            self._check_csrf(connection)
        except (PermissionDeniedError, TooLargeError, UnavailableError) as error:
            await problem_of(error)(scope, receive, send)
            return
        await self._app(scope, _counted(receive, self._body_limit(scope)), send)

    def _check_host(self, connection: HTTPConnection) -> None:
        """Against DNS rebinding: a page elsewhere must not reach us under a name of its own."""
        host = (urlsplit(f"//{connection.headers.get('host', '')}").hostname or "").lower()
        settings = self._services.settings
        if not settings.single_user and not settings.allowed_hosts:
            return
        if is_loopback(host) or host in {one.lower() for one in settings.allowed_hosts}:
            return
        raise PermissionDeniedError(
            f"This server is not reached as {host!r}. Add the name to the setting allowed_hosts."
        )

    def _check_origin(self, connection: HTTPConnection) -> None:
        """Pages of other sites may not write."""
        if connection.scope["method"] in SAFE_METHODS:
            return
        origin = connection.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != connection.headers.get("host"):
            raise PermissionDeniedError("Requests from pages of other sites are not accepted.")
        if connection.headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
            raise PermissionDeniedError("Requests from pages of other sites are not accepted.")

    def _body_limit(self, scope: Scope) -> int:
        settings = self._services.settings
        path: str = scope["path"]
        if "/uploads" in path or path.endswith("/set-imports"):
            return settings.max_upload_mib * MIB
        if path.endswith("/import"):
            return 16 * settings.max_body_mib * MIB
        return settings.max_body_mib * MIB

    def _check_announced_size(self, connection: HTTPConnection) -> None:
        length = connection.headers.get("content-length", "0")
        limit = self._body_limit(connection.scope)
        if length.isdigit() and int(length) > limit:
            raise _too_large(limit)

    async def _caller(self, connection: HTTPConnection) -> Caller:
        if not connection.scope["path"].startswith(("/api/", METRICS)):
            return Caller(None)
        secret = _bearer(connection.headers) or connection.cookies.get(SESSION_COOKIE, "")
        if not secret:
            return await self._anonymous()
        known = self._known.get(secret)
        if known is not None:
            return known
        caller = await to_thread.run_sync(self._identify, secret)
        if caller.actor is None and self._services.settings.single_user:
            return await self._anonymous()
        self._known.put(secret, caller)
        return caller

    async def _anonymous(self) -> Caller:
        if not self._services.settings.single_user:
            return Caller(None)
        if self._local is None:
            self._local = await to_thread.run_sync(self._local_caller)
        return self._local

    def _local_caller(self) -> Caller:
        user = self._services.database.write(users.local_user)
        return Caller(Actor(user.id, user.username, user.is_admin), user)

    def _identify(self, secret: str) -> Caller:
        database = self._services.database
        with database.read() as connection:
            if secret.startswith(users.TOKEN_PREFIX):
                actor = users.actor_of_token(connection, secret)
                if actor is None:
                    return Caller(None)
                user = users.user_by_id(connection, actor.user_id)
                caller = Caller(actor, user)
            else:
                session = users.session_of(connection, secret)
                if session is None:
                    return Caller(None)
                user = session.user
                actor = Actor(user.id, user.username, user.is_admin)
                return Caller(actor, user, session.csrf_token)
        database.write(lambda connection: users.note_token_use(connection, secret))
        return caller

    def _check_csrf(self, connection: HTTPConnection) -> None:
        caller: Caller = connection.scope["cytoloop_caller"]
        if connection.scope["method"] in SAFE_METHODS or caller.csrf_token is None:
            return
        sent = connection.headers.get("x-csrf-token", "")
        if not hmac.compare_digest(sent.encode(), caller.csrf_token.encode()):
            raise PermissionDeniedError(
                "The CSRF token is missing or old. Reload the page, or read it from /api/v1/session."
            )


def _bearer(headers: Headers) -> str | None:
    kind, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else None


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"The request is larger than {limit // MIB} MiB. Send it in several smaller ones.")


def _counted(receive: Receive, limit: int) -> Receive:
    """Bodies of unknown length are counted as they come."""
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        if message["type"] == "http.request":
            received += len(message.get("body", b""))
            if received > limit:
                # The framework passes only its own exception through unchanged here.
                raise HTTPException(413, _too_large(limit).message)
        return message

    return counting


def _with_security_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *SECURITY_HEADERS]
        await send(message)

    return sending
