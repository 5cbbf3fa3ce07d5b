"""Segmentation methods and their parameters."""

from fastapi import APIRouter

from cytoloop.learning.method import Method
from cytoloop.server.dependencies import ReadDep, ServicesDep
from cytoloop.wire import jobs as wire
from cytoloop.workflows.models import group_of

router = APIRouter(tags=["jobs"])


@router.get("/methods")
def list_methods(access: ReadDep, services: ServicesDep) -> list[wire.MethodInfo]:
    """Segmentation methods and their parameters."""
    return [method_info(one) for one in services.methods.all().values()]


def method_info(one: Method) -> wire.MethodInfo:
    """A method as the page sees it."""
    return wire.MethodInfo(
        name=one.name,
        title=one.title,
        description=one.description,
        group=group_of(one),
        parameters=one.parameters.model_json_schema(),
    )
