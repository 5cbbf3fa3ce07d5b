"""Who may do what: roles, what each allows, and the one function that decides."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, select

from cytoloop.core.errors import NotFoundError, PermissionDeniedError

from .tables import membership


class Role(StrEnum):
    """A member's role in a project."""

    OWNER = "owner"
    MANAGER = "manager"
    ANNOTATOR = "annotator"
    REVIEWER = "reviewer"
    VIEWER = "viewer"


class Permission(StrEnum):
    """Something that may be allowed. The value completes "You may not ... in this project"."""

    VIEW = "look at things"
    ANNOTATE = "draw or change objects"
    RUN = "start jobs"
    MANAGE = "change images, classes and settings"
    ADMINISTER = "change members or delete the project"


_ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.VIEW}),
    Role.REVIEWER: frozenset({Permission.VIEW, Permission.ANNOTATE}),
    Role.ANNOTATOR: frozenset({Permission.VIEW, Permission.ANNOTATE, Permission.RUN}),
    Role.MANAGER: frozenset(set(Permission) - {Permission.ADMINISTER}),
    Role.OWNER: frozenset(Permission),
}

_READ_ONLY = frozenset({Permission.VIEW})


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever makes a request. ``read_only`` is true for tokens of scope "read"."""

    user_id: int
    username: str
    is_admin: bool
    read_only: bool = False


def role_allows(role: Role, permission: Permission) -> bool:
    """Whether members with this role may do this."""
    return permission in _ALLOWED[role]


def role_of(connection: Connection, actor: Actor, project_id: int) -> Role | None:
    """The actor's role in the project; administrators own every project."""
    if actor.is_admin:
        return Role.OWNER
    name = connection.execute(
        select(membership.c.role)
        .where(membership.c.project_id == project_id)
        .where(membership.c.user_id == actor.user_id)
    ).scalar_one_or_none()
    return None if name is None else Role(name)


def authorize(connection: Connection, actor: Actor, project_id: int, permission: Permission) -> Role:
    """Return the actor's role if it allows this; every access to a project's things passes here.

    Raises
    ------
    NotFoundError
        The actor is no member: they may not even know that the project exists.
    PermissionDeniedError
        A member whose role, or a token whose scope, does not allow it.
    """
    role = role_of(connection, actor, project_id)
    if role is None:
        raise NotFoundError("There is no such project, or you are not one of its members.")
    if actor.read_only and permission not in _READ_ONLY:
        raise PermissionDeniedError("This API token may only read. Make one with the scope 'write'.")
    if not role_allows(role, permission):
        raise PermissionDeniedError(
            f"As {role} you may not {permission} in this project. Ask an owner for another role."
        )
    return role


def authorize_admin(actor: Actor) -> None:
    """Raise ``PermissionDeniedError`` unless the actor administers the server and may write."""
    if not actor.is_admin or actor.read_only:
        raise PermissionDeniedError("Only an administrator of this server may do this.")
