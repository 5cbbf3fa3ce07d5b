"""What every request can reach: the services, and the caller."""

from dataclasses import dataclass
from typing import cast

from starlette.requests import HTTPConnection

from cytoloop.core.errors import NotSignedInError
from cytoloop.projects.permissions import Actor
from cytoloop.projects.users import User
from cytoloop.runtime.assembly import Services


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes the request. ``csrf_token`` is there for browser sessions."""

    actor: Actor | None
    user: User | None = None
    csrf_token: str | None = None


def services_of(connection: HTTPConnection) -> Services:
    """The server's services."""
    return cast("Services", connection.app.state.services)


def caller_of(connection: HTTPConnection) -> Caller:
    """Who makes the request, known or not."""
    return cast("Caller", connection.scope["cytoloop_caller"])


def actor_of(connection: HTTPConnection) -> Actor:
    """Who makes the request, or ``NotSignedInError``."""
    actor = caller_of(connection).actor
    if actor is None:
        raise NotSignedInError("Sign in first, or send an API token as 'Authorization: Bearer TOKEN'.")
    return actor
