"""Projects and their members."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from cytoloop.core.clock import utc_now
from cytoloop.core.errors import ConflictError, NotFoundError
from cytoloop.core.ids import new_uuid
from cytoloop.storage.locks import Held, hold

from .ontologies import create_ontology
from .permissions import Actor, Role
from .tables import membership, ontology, project, project_image, user
from .users import User


@dataclass(frozen=True, slots=True)
class Project:
    """A project: images, an ontology, members."""

    id: int
    uuid: UUID
    name: str
    description: str
    ontology_id: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A user and what they are in a project."""

    user: User
    role: Role


def _project(row: RowMapping) -> Project:
    return Project(**{name: row[name] for name in Project.__slots__})


def create_project(connection: Connection, *, name: str, description: str, owner_id: int) -> Project:
    """A project with an ontology of its own and its maker as owner."""
    ontology_id = create_ontology(connection, name)
    row = (
        connection.execute(
            insert(project)
            .values(
                uuid=new_uuid(),
                name=name,
                description=description,
                ontology_id=ontology_id,
                created_at=utc_now(),
            )
            .returning(project)
        )
        .mappings()
        .one()
    )
    made = _project(row)
    set_member(connection, made.id, owner_id, Role.OWNER)
    return made


def project_by_uuid(connection: Connection, uuid: UUID) -> Project:
    """The project, or ``NotFoundError`` in the words that an outsider gets too."""
    row = connection.execute(select(project).where(project.c.uuid == uuid)).mappings().first()
    if row is None:
        raise NotFoundError("There is no such project, or you are not one of its members.")
    return _project(row)


def project_by_id(connection: Connection, project_id: int) -> Project:
    row = connection.execute(select(project).where(project.c.id == project_id)).mappings().first()
    if row is None:
        raise NotFoundError("The project is not there any more.")
    return _project(row)


def projects_of(connection: Connection, actor: Actor, *, after_id: int, limit: int) -> list[tuple[Project, Role]]:
    """Projects that the actor may see, newest first, below ``after_id`` (0: from the start)."""
    query = select(project).order_by(project.c.id.desc()).limit(limit)
    if after_id:
        query = query.where(project.c.id < after_id)
    if actor.is_admin:
        return [(_project(row), Role.OWNER) for row in connection.execute(query).mappings()]
    query = query.add_columns(membership.c.role).join(
        membership,
        (membership.c.project_id == project.c.id) & (membership.c.user_id == actor.user_id),
    )
    return [(_project(row), Role(row["role"])) for row in connection.execute(query).mappings()]


def update_project(connection: Connection, project_id: int, fields: dict[str, Any]) -> None:
    """Change name or description."""
    if fields:
        connection.execute(update(project).where(project.c.id == project_id).values(**fields))


def delete_project(connection: Connection, one: Project) -> None:
    """Delete the project, its members and its ontology; its images' records go with it."""
    connection.execute(delete(project).where(project.c.id == one.id))
    shared = connection.execute(
        select(func.count()).select_from(project).where(project.c.ontology_id == one.ontology_id)
    ).scalar_one()
    if shared == 0:
        connection.execute(delete(ontology).where(ontology.c.id == one.ontology_id))


def members_of(connection: Connection, project_id: int) -> list[Member]:
    """Members by name."""
    rows = connection.execute(
        select(user, membership.c.role)
        .join(membership, membership.c.user_id == user.c.id)
        .where(membership.c.project_id == project_id)
        .order_by(user.c.username)
    ).mappings()
    return [
        Member(
            User(row["id"], row["username"], row["display_name"], row["is_admin"]),
            Role(row["role"]),
        )
        for row in rows
    ]


def set_member(connection: Connection, project_id: int, user_id: int, role: Role) -> None:
    """Add a member or change their role. The last owner cannot become less."""
    hold(connection, Held.PROJECT, project_id)
    if role is not Role.OWNER:
        _refuse_last_owner(connection, project_id, user_id)
    connection.execute(
        delete(membership).where(membership.c.project_id == project_id).where(membership.c.user_id == user_id)
    )
    connection.execute(insert(membership).values(project_id=project_id, user_id=user_id, role=str(role)))


def remove_member(connection: Connection, project_id: int, user_id: int) -> None:
    """Take a member out. The last owner stays."""
    hold(connection, Held.PROJECT, project_id)
    _refuse_last_owner(connection, project_id, user_id)
    result = connection.execute(
        delete(membership).where(membership.c.project_id == project_id).where(membership.c.user_id == user_id)
    )
    if result.rowcount == 0:
        raise NotFoundError("That user is no member of this project.")


def _refuse_last_owner(connection: Connection, project_id: int, user_id: int) -> None:
    owners = connection.execute(
        select(membership.c.user_id)
        .where(membership.c.project_id == project_id)
        .where(membership.c.role == str(Role.OWNER))
    ).scalars()
    if list(owners) == [user_id]:
        raise ConflictError("A project needs an owner. Make someone else an owner first.")


def image_facts(connection: Connection, project_ids: Sequence[int]) -> dict[int, tuple[int, UUID | None]]:
    """For each project how many images it has, and one that can be shown on its card."""
    counts = dict(
        connection.execute(
            select(project_image.c.project_id, func.count())
            .where(project_image.c.project_id.in_(project_ids))
            .group_by(project_image.c.project_id)
        ).all()
    )
    covers: dict[int, UUID] = {}
    rows = connection.execute(
        select(project_image.c.project_id, project_image.c.uuid)
        .where(project_image.c.project_id.in_(project_ids))
        .where(project_image.c.state == "ready")
        .order_by(project_image.c.position, project_image.c.id)
    )
    for project_id, uuid in rows:
        covers.setdefault(project_id, uuid)
    return {one: (int(counts.get(one, 0)), covers.get(one)) for one in project_ids}


def projects_owned(connection: Connection, user_id: int, name: str) -> list[Project]:
    """Projects of this name that the user owns, oldest first."""
    rows = connection.execute(
        select(project)
        .join(membership, membership.c.project_id == project.c.id)
        .where(membership.c.user_id == user_id)
        .where(membership.c.role == str(Role.OWNER))
        .where(project.c.name == name)
        .order_by(project.c.id)
    ).mappings()
    return [_project(row) for row in rows]


def projects_named(connection: Connection, name: str) -> list[Project]:
    """Projects of this name, whoever owns them, oldest first."""
    rows = connection.execute(select(project).where(project.c.name == name).order_by(project.c.id)).mappings()
    return [_project(row) for row in rows]
