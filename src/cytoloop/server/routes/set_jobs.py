"""Sets of annotation files as jobs: for projects that are too large for one request."""

import shutil
from pathlib import Path
from typing import Annotated
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import FileResponse

from cytoloop.core.errors import InvalidInputError
from cytoloop.projects.images import image_count, images_by_uuid, project_images
from cytoloop.projects.permissions import Permission
from cytoloop.server.access import Access
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep
from cytoloop.server.serialise import job_wire
from cytoloop.wire.jobs import ExportRequest, Job
from cytoloop.workflows.exchange import downloads, export_jobs, import_set_jobs
from cytoloop.workflows.exchange.export_sets import Selection

router = APIRouter(tags=["exchange"])


def _may_view(project_id: UUID, access: ReadDep) -> None:
    """Asked before the body is looked at, so that its errors tell an outsider nothing."""
    access.project(project_id, Permission.VIEW)


@router.post("/projects/{project_id}/exports", status_code=202, dependencies=[Depends(_may_view)])
def start_export(project_id: UUID, body: ExportRequest, write: WriteDep, services: ServicesDep) -> Job:
    """Start an export; when the job is done, its file is kept for a day."""

    def work(access: Access) -> Job:
        project, _ = access.project(project_id, Permission.VIEW)
        if body.image_ids is None:
            images = project_images(access.connection, project.id, limit=image_count(access.connection, project.id) + 1)
        else:
            images = images_by_uuid(access.connection, project.id, body.image_ids)
        job = export_jobs.start_export(
            access.connection,
            project,
            body.set,
            Selection(images, body.layers, body.classes, body.predictions),
            downsample=body.downsample,
            crop_px=body.crop_px,
            user_id=access.actor.user_id,
        )
        services.announcer.new_job(access.connection, job)
        return job_wire(access.connection, job)

    job = write(work)
    services.dispatcher.wake()
    return job


@router.get("/jobs/{job_id}/file", response_class=FileResponse)
def read_file(job_id: UUID, access: ReadDep, services: ServicesDep) -> FileResponse:
    """The file that a job made."""
    path = services.shelf.file_of(access.job(job_id, Permission.VIEW))
    return FileResponse(path, media_type="application/zip", headers=downloads.attachment(path.name))


_ZIP = {"requestBody": {"required": True, "content": {"application/zip": {"schema": {"format": "binary"}}}}}


@router.post("/projects/{project_id}/set-imports", status_code=202, openapi_extra=_ZIP)
async def start_set_import(
    project_id: UUID,
    request: Request,
    write: WriteDep,
    services: ServicesDep,
    name: Annotated[str, Query(min_length=1, max_length=200)] = "set.zip",
) -> Job:
    """Import annotation files of many images, one zip as the body: each goes to the image whose name it bears."""
    await to_thread.run_sync(lambda: write(lambda access: access.project(project_id, Permission.ANNOTATE)))
    folder = await to_thread.run_sync(services.shelf.new_place)
    arrived = folder / import_set_jobs.PACKED

    def work(access: Access) -> Job:
        project, _ = access.project(project_id, Permission.ANNOTATE)
        plain = Path(name.replace("\\", "/")).name or "set.zip"
        job = import_set_jobs.start_set_import(
            access.connection, project, services.shelf, arrived, plain, user_id=access.actor.user_id
        )
        services.announcer.new_job(access.connection, job)
        return job_wire(access.connection, job)

    try:
        await _receive(request, arrived)
        job = await to_thread.run_sync(lambda: write(work))
    finally:
        await to_thread.run_sync(lambda: shutil.rmtree(folder, ignore_errors=True))
    services.dispatcher.wake()
    return job


async def _receive(request: Request, target: Path) -> None:
    """The body into a file, piece by piece."""
    with target.open("wb") as file:
        async for chunk in request.stream():
            await to_thread.run_sync(file.write, chunk)
    if target.stat().st_size == 0:
        raise InvalidInputError("Send the zip itself as the body, as application/zip.")
