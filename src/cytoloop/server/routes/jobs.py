"""Jobs and their logs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from cytoloop.jobs import ledger, logbook
from cytoloop.jobs.model import Job as JobRecord
from cytoloop.projects.permissions import Permission
from cytoloop.server.access import Access
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep, cursor_number
from cytoloop.server.job_orders import JobRequest, started
from cytoloop.server.serialise import job_wire, jobs_wire
from cytoloop.wire import jobs as wire
from cytoloop.wire.base import Page
from cytoloop.wire.classifiers import TrainingPoint
from cytoloop.workflows.cropnetworks.curves import read_curve
from cytoloop.workflows.exchange import export_jobs, import_set_jobs
from cytoloop.workflows.training.folder import ask_to_stop, work_folder

router = APIRouter(tags=["jobs"])


@router.post("/projects/{project_id}/jobs", status_code=202)
def start_job(
    project_id: UUID,
    body: JobRequest,
    write: WriteDep,
    services: ServicesDep,
) -> wire.Job:
    """Start a job; follow it by the event stream or by reading it."""

    def work(access: Access) -> wire.Job:
        project, _ = access.project(project_id, Permission.RUN)
        job = started(access, services, project, body)
        services.announcer.new_job(access.connection, job)
        for layer_image in set(job_images(access, job)):
            services.announcer.image(access.connection, layer_image)
        return job_wire(access.connection, job)

    job = write(work)
    services.dispatcher.wake()
    return job


_OWN = {export_jobs.KIND: Permission.VIEW, import_set_jobs.KIND: Permission.ANNOTATE}
"""What it takes to start these jobs, and so to cancel or repeat one of one's own; for all others, to run jobs."""


def own_job(access: Access, job_id: UUID) -> JobRecord:
    """The job, if the caller may cancel and repeat it."""
    job = access.job(job_id, Permission.VIEW)
    is_own = job.creator_id == access.actor.user_id and not access.actor.read_only
    return access.job(job_id, _OWN.get(job.kind, Permission.RUN) if is_own else Permission.RUN)


def job_images(access: Access, job: JobRecord) -> list[int]:
    """Rows of the images on which a job works."""
    return [int(one) for one in job.outputs.get("layers", {})]


@router.get("/projects/{project_id}/jobs")
def list_jobs(
    project_id: UUID,
    access: ReadDep,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[wire.Job]:
    """Jobs of a project, newest first."""
    project, _ = access.project(project_id, Permission.VIEW)
    found = ledger.jobs_of_project(access.connection, project.id, before_id=cursor_number(cursor), limit=limit + 1)
    following = str(found[limit - 1].id) if len(found) > limit else None
    return Page(items=jobs_wire(access.connection, found[:limit]), next=following)


@router.get("/jobs/{job_id}")
def read_job(job_id: UUID, access: ReadDep) -> wire.Job:
    """One job."""
    return job_wire(access.connection, access.job(job_id, Permission.VIEW))


@router.get("/jobs/{job_id}/log")
def read_log(job_id: UUID, access: ReadDep, after: int = 0) -> list[wire.LogLine]:
    """Lines of a job's log after one, oldest first."""
    job = access.job(job_id, Permission.VIEW)
    return [
        wire.LogLine(id=one.id, at=one.at, level=one.level, text=one.text)
        for one in logbook.log_of(access.connection, job.id, after=after)
    ]


@router.post("/jobs/{job_id}/cancel")
def cancel_job(job_id: UUID, write: WriteDep, services: ServicesDep) -> wire.Job:
    """Cancel a job; what runs is ended at once."""
    job = write(lambda access: own_job(access, job_id))
    cancelled = services.dispatcher.cancel(job.id)
    services.announcer.job(cancelled)
    with services.database.read() as connection:
        return job_wire(connection, cancelled)


@router.post("/jobs/{job_id}/finish", status_code=202)
def finish_job(job_id: UUID, write: WriteDep, services: ServicesDep) -> wire.Job:
    """Let a training of a network that runs end now and keep what it learnt: of a classifier the best."""
    job = write(lambda access: own_job(access, job_id))
    ask_to_stop(services.scratch_of(job), is_running=job.state == "running")
    with services.database.read() as connection:
        return job_wire(connection, job)


@router.get("/jobs/{job_id}/curve")
def read_training_curve(job_id: UUID, access: ReadDep, services: ServicesDep) -> list[TrainingPoint]:
    """Losses and accuracies of a network's training so far, by epoch; none before its first, and after its end."""
    job = access.job(job_id, Permission.VIEW)
    found = read_curve(work_folder(services.scratch_of(job)))
    return [TrainingPoint.model_validate(one) for one in found]


@router.post("/jobs/{job_id}/retry")
def retry_job(job_id: UUID, write: WriteDep, services: ServicesDep) -> wire.Job:
    """Run again what failed or was cancelled."""

    def work(access: Access) -> wire.Job:
        job = own_job(access, job_id)
        ledger.retry(access.connection, job.id)
        services.announcer.new_job(access.connection, job)
        return job_wire(access.connection, ledger.job_by_id(access.connection, job.id))

    job = write(work)
    services.dispatcher.wake()
    return job
