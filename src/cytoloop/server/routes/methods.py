"""Segmentation methods and their parameters."""

from uuid import UUID

from fastapi import APIRouter

from cytoloop.learning.method import Method
from cytoloop.projects.permissions import Permission
from cytoloop.server.dependencies import ReadDep, ServicesDep
from cytoloop.wire import jobs as wire
from cytoloop.workflows.models.library import group_of

router = APIRouter(tags=["jobs"])


@router.get("/methods")
def list_methods(access: ReadDep, services: ServicesDep, project_id: UUID | None = None) -> list[wire.MethodInfo]:
    """Segmentation methods and their parameters; with a project, also its pixel classifiers."""
    methods = services.methods
    if project_id is not None:
        methods = services.methods_of(access.project(project_id, Permission.VIEW)[0].uuid)
    return [method_info(one) for one in methods.all().values()]


def method_info(one: Method) -> wire.MethodInfo:
    """A method as the page sees it."""
    return wire.MethodInfo(
        name=one.name,
        title=one.title,
        description=one.description,
        group=group_of(one),
        parameters=one.parameters.model_json_schema(),
    )
