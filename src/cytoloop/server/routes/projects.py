"""Projects and their ontologies."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from cytoloop.core.errors import PermissionDeniedError
from cytoloop.projects import ontologies, store
from cytoloop.projects.permissions import Permission, Role, authorize
from cytoloop.samples import sample_paths
from cytoloop.server.access import Access
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep, cursor_number
from cytoloop.server.serialise import projects_wire
from cytoloop.wire import projects as wire
from cytoloop.wire.base import Page
from cytoloop.workflows import samples
from cytoloop.workflows.images import removing
from cytoloop.workflows.objects import editing

router = APIRouter(tags=["projects"])


@router.get("/projects")
def list_projects(
    access: ReadDep,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[wire.Project]:
    """Projects that the caller may see, newest first."""
    found = store.projects_of(access.connection, access.actor, after_id=cursor_number(cursor), limit=limit + 1)
    following = str(found[limit - 1][0].id) if len(found) > limit else None
    return Page(items=projects_wire(access.connection, found[:limit]), next=following)


@router.post("/projects", status_code=201)
def create_project(body: wire.ProjectCreate, write: WriteDep) -> wire.Project:
    """Make a project; the caller owns it."""
    if write.actor.read_only:
        raise PermissionDeniedError("This API token may only read.")

    def work(access: Access) -> wire.Project:
        project = store.create_project(
            access.connection,
            name=body.name,
            description=body.description,
            owner_id=access.actor.user_id,
        )
        return projects_wire(access.connection, [(project, Role.OWNER)])[0]

    return write(work)


@router.post("/samples", status_code=201)
def create_samples(write: WriteDep, services: ServicesDep) -> wire.Project:
    """Make a project of the sample images that ship with the package (once for each user)."""
    if write.actor.read_only:
        raise PermissionDeniedError("This API token may only read.")

    def work(access: Access) -> wire.Project:
        project = samples.sample_project(access.connection, sample_paths(), user_id=access.actor.user_id)
        role = authorize(access.connection, access.actor, project.id, Permission.VIEW)
        services.announcer.importing(access.connection, project.id)
        return projects_wire(access.connection, [(project, role)])[0]

    made = write(work)
    services.dispatcher.wake()
    return made


@router.get("/projects/{project_id}")
def read_project(project_id: UUID, access: ReadDep) -> wire.Project:
    """One project."""
    return projects_wire(access.connection, [access.project(project_id, Permission.VIEW)])[0]


@router.patch("/projects/{project_id}")
def update_project(project_id: UUID, body: wire.ProjectUpdate, write: WriteDep) -> wire.Project:
    """Change name or description."""

    def work(access: Access) -> wire.Project:
        project, _ = access.project(project_id, Permission.MANAGE)
        fields = body.model_dump(exclude_none=True)
        store.update_project(access.connection, project.id, fields)
        return projects_wire(access.connection, [access.project(project_id, Permission.VIEW)])[0]

    return write(work)


@router.delete("/projects/{project_id}", status_code=204)
def delete_project(project_id: UUID, write: WriteDep, services: ServicesDep) -> None:
    """Delete a project with its images and objects."""

    def work(access: Access) -> list[removing.StoredImage]:
        project, _ = access.project(project_id, Permission.ADMINISTER)
        return removing.remove_project(access.connection, project)

    unused = write(work)
    services.classifiers.forget_project(project_id)
    services.image_classifiers.forget_project(project_id)
    services.pixels.forget_project(project_id)
    services.landmarks.forget_project(project_id)
    removing.delete_unused(unused, services.library, services.custody)


def _term(term: ontologies.Term) -> wire.Term:
    return wire.Term(
        id=term.id,
        name=term.name,
        color=term.color,
        hotkey=term.hotkey,
        parent_id=term.parent_id,
        position=term.position,
    )


@router.get("/projects/{project_id}/ontology")
def read_ontology(project_id: UUID, access: ReadDep) -> wire.Ontology:
    """The classes of a project."""
    project, _ = access.project(project_id, Permission.VIEW)
    return wire.Ontology(
        id=project.ontology_id,
        name=ontologies.ontology_name(access.connection, project.ontology_id),
        terms=[_term(one) for one in ontologies.terms_of(access.connection, project.ontology_id)],
    )


@router.post("/projects/{project_id}/terms", status_code=201)
def create_term(project_id: UUID, body: wire.TermCreate, write: WriteDep, services: ServicesDep) -> wire.Term:
    """Add a class; colour and hotkey are the next free ones where none is given."""

    def work(access: Access) -> wire.Term:
        project, _ = access.project(project_id, Permission.MANAGE)
        term = ontologies.create_term(access.connection, project.ontology_id, **body.model_dump())
        services.announcer.ontology(access.connection, project.id)
        return _term(term)

    return write(work)


@router.patch("/terms/{term_id}")
def update_term(term_id: int, body: wire.TermUpdate, write: WriteDep, services: ServicesDep) -> wire.Term:
    """Change a class; an empty hotkey clears it."""

    def work(access: Access) -> wire.Term:
        term = access.term(term_id, Permission.MANAGE)
        fields = body.model_dump(exclude_unset=True)
        changed = ontologies.update_term(access.connection, term, fields)
        for one in ontologies.projects_with(access.connection, term.ontology_id):
            services.announcer.ontology(access.connection, one)
        return _term(changed)

    return write(work)


@router.delete("/terms/{term_id}", status_code=204)
def delete_term(term_id: int, write: WriteDep, services: ServicesDep) -> None:
    """Delete a class; its objects become unclassified."""
    write(
        lambda access: editing.remove_term(
            access.connection, access.term(term_id, Permission.MANAGE), services.announcer
        )
    )
