"""Fine-tuning of segmentation models: what there is to learn from, before and after, keeping and taking back."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import FileResponse

from cytoloop.jobs.model import Job
from cytoloop.projects.permissions import Permission
from cytoloop.server.access import images_of
from cytoloop.server.dependencies import ReadDep, Services, ServicesDep, WriteDep
from cytoloop.wire import tuning as wire
from cytoloop.wire.jobs import MethodInfo
from cytoloop.workflows.finetuning import starting
from cytoloop.workflows.finetuning.report import TuningReport
from cytoloop.workflows.finetuning.rounds import read_curve
from cytoloop.workflows.training.folder import work_folder

from .methods import method_info

router = APIRouter(tags=["models"])


@router.get("/projects/{project_id}/corrections")
def count_corrections(project_id: UUID, access: ReadDep, services: ServicesDep) -> wire.Corrections:
    """Accepted, open and rejected outlines by image, and the models that can learn from them."""
    project, _ = access.project(project_id, Permission.VIEW)
    found = starting.corrections(access.connection, images_of(access, project, None))
    return wire.Corrections(
        can_train=starting.can_train(),
        models=[wire.StartModel(name=one.name, title=one.title) for one in starting.tunable(services.methods)],
        images=[
            wire.CorrectedImage(
                image_id=one.image.uuid,
                name=one.image.name,
                accepted=one.accepted,
                open=one.open,
                rejected=one.rejected,
            )
            for one in found
        ],
    )


@router.get("/jobs/{job_id}/tuning")
def read_tuning(job_id: UUID, access: ReadDep, services: ServicesDep) -> wire.TuningResult:
    """Scores before and after on what was held out, rounds and curves."""
    return _result(services, access.job(job_id, Permission.VIEW))


@router.get("/jobs/{job_id}/tuning/curve")
def read_tuning_curve(job_id: UUID, access: ReadDep, services: ServicesDep) -> list[wire.TuningPoint]:
    """Losses of a fine-tuning so far; none before its first steps, and after its end."""
    found = read_curve(work_folder(services.scratch_of(access.job(job_id, Permission.VIEW))))
    return [wire.TuningPoint.model_validate(one) for one in found]


@router.get("/jobs/{job_id}/tuning/pictures/{number}/{which}", response_class=FileResponse)
def read_tuning_picture(
    job_id: UUID, number: int, which: Literal["before", "after"], access: ReadDep, services: ServicesDep
) -> FileResponse:
    """The errors on a held-out picture in colours, as a JPEG."""
    path = services.tuned.picture(access.job(job_id, Permission.VIEW), number, which)
    return FileResponse(path, media_type="image/jpeg", headers={"Cache-Control": "private, no-cache"})


@router.post("/jobs/{job_id}/tuning/model", status_code=201)
def keep_model(job_id: UUID, body: wire.KeepModel, write: WriteDep, services: ServicesDep) -> MethodInfo:
    """Keep the model as a method for everybody on this server; who manages the project may."""
    job = write(lambda access: access.job(job_id, Permission.MANAGE))
    return method_info(services.tuned.keep(job, body.name))


@router.delete("/jobs/{job_id}/tuning/model", status_code=204)
def take_back_model(job_id: UUID, write: WriteDep, services: ServicesDep) -> None:
    """Remove the kept model from the methods; it can be kept again."""
    services.tuned.take_back(write(lambda access: access.job(job_id, Permission.MANAGE)))


def _result(services: Services, job: Job) -> wire.TuningResult:
    report: TuningReport = services.tuned.report(job)
    return wire.TuningResult.model_validate(
        {
            "job_id": job.uuid,
            "start": report.start,
            "name": job.parameters["name"],
            "unmarked": report.unmarked,
            "pictures_learnt": report.images,
            "held_out": report.held_out,
            "before": _scores(report.before),
            "after": _scores(report.after),
            "rounds": report.rounds,
            "curve": report.curve,
            "seconds": report.seconds,
            "pictures": report.pictures,
            "kept_as": services.tuned.kept_as(job),
        },
        from_attributes=True,
    )


def _scores(found: dict[str, float] | None) -> dict[str, float] | None:
    return None if found is None else {name: found[name] for name in wire.TuningScores.model_fields}
