"""What routes ask for: access for reading, and work to be done in a transaction."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from cytoloop.core.errors import InvalidInputError
from cytoloop.projects.permissions import Actor
from cytoloop.runtime.assembly import Services

from .access import Access
from .state import actor_of, services_of

Result = TypeVar("Result")


def _services(request: Request) -> Services:
    return services_of(request)


def _access(request: Request) -> Iterator[Access]:
    actor = actor_of(request)
    with services_of(request).database.read() as connection:
        yield Access(connection, actor)


@dataclass(frozen=True, slots=True)
class Writer:
    """Runs work in a transaction with the caller's access."""

    services: Services
    actor: Actor

    def __call__(self, work: Callable[[Access], Result]) -> Result:
        return self.services.database.write(lambda connection: work(Access(connection, self.actor)))


def _writer(request: Request) -> Writer:
    return Writer(services_of(request), actor_of(request))


ServicesDep = Annotated[Services, Depends(_services)]
ReadDep = Annotated[Access, Depends(_access)]
WriteDep = Annotated[Writer, Depends(_writer)]


def cursor_number(cursor: str | None) -> int:
    """A cursor that is a row's number; 0 from the start."""
    if not cursor:
        return 0
    if not cursor.isdigit():
        raise InvalidInputError("The cursor is not one that this server gave out.")
    return int(cursor)
