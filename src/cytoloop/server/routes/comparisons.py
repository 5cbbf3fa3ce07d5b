"""What comparisons found, and rows that become methods."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import FileResponse

from cytoloop.jobs.model import Job
from cytoloop.learning.preprocessing.steps import PRESET_TITLES
from cytoloop.learning.registry import MethodRegistry
from cytoloop.projects.permissions import Permission, authorize_admin
from cytoloop.server.access import Access
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep
from cytoloop.wire import comparisons as wire
from cytoloop.wire.jobs import MethodInfo
from cytoloop.workflows.comparison import comparing
from cytoloop.workflows.comparison import jobs as comparing_jobs
from cytoloop.workflows.comparison.jobs import RowResult

from .methods import method_info

router = APIRouter(tags=["jobs"])


@router.get("/preprocessing")
def list_preprocessing(access: ReadDep) -> list[wire.Preprocessing]:
    """Preprocessing by short names, to compare methods with."""
    return [wire.Preprocessing(name=name, title=title) for name, title in PRESET_TITLES.items()]


@router.get("/jobs/{job_id}/comparison")
def read_comparison(job_id: UUID, access: ReadDep, services: ServicesDep) -> wire.Comparison:
    """The rows of a comparison, as far as they are done."""
    job = access.job(job_id, Permission.VIEW)
    found = comparing_jobs.results(services.comparisons, job)
    return wire.Comparison(
        job_id=job.uuid,
        image_id=UUID(job.parameters["inputs"][0]["image"]),
        box=list(job.parameters["box"]),
        rows=[_row(services.methods, one) for one in found],
    )


def _row(methods: MethodRegistry, one: RowResult) -> wire.ComparisonRow:
    known = methods.all().get(one.row.method)
    numbers = one.numbers or {}
    error = numbers.get("error")
    return wire.ComparisonRow(
        row=one.number,
        method=one.row.method,
        method_title=one.row.method if known is None else known.title,
        steps_name=one.row.steps_name,
        state="waiting" if one.numbers is None else "failed" if error else "done",
        objects=numbers.get("objects"),
        median_diameter_px=numbers.get("median_diameter_px"),
        seconds=numbers.get("seconds"),
        error=error,
    )


@router.get("/jobs/{job_id}/comparison/{row}/picture", response_class=FileResponse)
def read_comparison_picture(job_id: UUID, row: int, access: ReadDep, services: ServicesDep) -> FileResponse:
    """The outlines that a row found, as a JPEG."""
    path = comparing_jobs.result_picture(services.comparisons, access.job(job_id, Permission.VIEW), row)
    return FileResponse(path, media_type="image/jpeg", headers={"Cache-Control": "private, no-cache"})


@router.post("/jobs/{job_id}/comparison/{row}/pipeline", status_code=201)
def save_pipeline(
    job_id: UUID, row: int, body: wire.PipelineCreate, write: WriteDep, services: ServicesDep
) -> MethodInfo:
    """Keep a row as a method for everybody on this server; an administrator may."""

    def work(access: Access) -> Job:
        authorize_admin(access.actor)
        return access.job(job_id, Permission.VIEW)

    chosen = comparing_jobs.result_row(write(work), row)
    comparing.save_row(services.methods, chosen, name=body.name, title=body.title)
    return method_info(services.methods.by_name(body.name))
