"""Methods, jobs and their logs."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from cytoloop.annotations.geometry import parse_geojson
from cytoloop.annotations.model import Layer
from cytoloop.core.errors import NotFoundError
from cytoloop.jobs import ledger, logbook
from cytoloop.jobs.model import Job as JobRecord
from cytoloop.learning.classifiers.configuration import Configuration
from cytoloop.learning.method import Method
from cytoloop.learning.registry import MethodRegistry
from cytoloop.measurements.features.catalogue import Wanted
from cytoloop.projects import images as image_records
from cytoloop.projects.permissions import Permission
from cytoloop.projects.store import Project
from cytoloop.server.access import Access
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep, cursor_number
from cytoloop.server.serialise import job_wire, jobs_wire
from cytoloop.wire import jobs as wire
from cytoloop.wire.base import Page
from cytoloop.wire.classifiers import ClassifyRequest, TrainClassifierRequest
from cytoloop.wire.exploring import ExploreRequest
from cytoloop.workflows import (
    classifier_training,
    classifying,
    comparing_jobs,
    editing,
    exploring,
    export_jobs,
    import_set_jobs,
    measuring,
    segmenting,
)
from cytoloop.workflows.classifier_shelf import ClassifierShelf
from cytoloop.workflows.labelled import layers_to_learn_from
from cytoloop.workflows.models import group_of
from cytoloop.workflows.populations import like_layers

from .classifiers import images_of

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


JobRequest = Annotated[
    wire.SegmentRequest
    | wire.MeasureRequest
    | ExploreRequest
    | wire.CompareRequest
    | TrainClassifierRequest
    | ClassifyRequest,
    wire.Field(discriminator="kind"),
]


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
        match body:
            case wire.SegmentRequest():
                job = _segment(access, services, project, body)
            case wire.MeasureRequest():
                job = _measure(access, project, body)
            case ExploreRequest():
                job = _explore(access, services, project, body)
            case wire.CompareRequest():
                job = _compare(access, services.methods, project, body)
            case TrainClassifierRequest():
                job = _train_classifier(access, project, body)
            case ClassifyRequest():
                job = _classify(access, services.classifiers, project, body)
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


def _segment(access: Access, services: ServicesDep, project: Project, body: wire.SegmentRequest) -> JobRecord:
    if body.image_ids is None:
        every = image_records.project_images(access.connection, project.id, limit=100_000)
        images = [one for one in every if one.state == "ready"]
    else:
        images = image_records.images_by_uuid(access.connection, project.id, body.image_ids)
    region = None if body.region is None else parse_geojson(body.region, "The region")
    editing.check_terms(access.connection, project.id, [body.term_id])
    if body.classifier is not None:
        services.classifiers.version(project.uuid, body.classifier)  # else the end would tell that there is none
    order = segmenting.SegmentOrder(
        method=body.method,
        parameters=body.parameters,
        images=images,
        region=region,
        z=body.z,
        t=body.t,
        term_id=body.term_id,
        pixel_um=body.pixel_um,
        foreground=body.foreground,
        classifier=body.classifier,
    )
    return segmenting.start_segmentation(
        access.connection, services.methods, order, project_id=project.id, user_id=access.actor.user_id
    )


def _compare(access: Access, methods: MethodRegistry, project: Project, body: wire.CompareRequest) -> JobRecord:
    (image,) = image_records.images_by_uuid(access.connection, project.id, [body.image_id])
    order = comparing_jobs.CompareOrder(
        methods=body.methods,
        steps=body.steps,
        image=image,
        region=None if body.region is None else parse_geojson(body.region, "The region"),
        z=body.z,
        t=body.t,
    )
    return comparing_jobs.start_comparison(
        access.connection, methods, order, project_id=project.id, user_id=access.actor.user_id
    )


def _measure(access: Access, project: Project, body: wire.MeasureRequest) -> JobRecord:
    chosen: dict[int, Layer] = {}
    for uuid in body.layer_ids:
        layer, image = _layer_of(access, project, uuid)
        alike = like_layers(access.connection, layer, image) if body.everywhere else [(layer, image)]
        chosen |= {one.id: one for one, _ in alike}
    layers = list(chosen.values())
    wanted = Wanted(tuple(body.features), body.ring_px, body.neighbour_px, body.full_scale)
    return measuring.start_measurement(
        access.connection, layers, wanted, project_id=project.id, user_id=access.actor.user_id
    )


def _layer_of(access: Access, project: Project, uuid: UUID) -> tuple[Layer, image_records.ProjectImage]:
    layer, image = access.layer(uuid, Permission.RUN)
    if image.project_id != project.id:
        raise NotFoundError(f"There is no layer {uuid} in this project.")
    return layer, image


def _explore(access: Access, services: ServicesDep, project: Project, body: ExploreRequest) -> JobRecord:
    layer, image = _layer_of(access, project, body.layer_id)
    names = ("step", "method", "count", "smallest", "perplexity", "neighbours", "seed")
    features = None if body.features is None else tuple(body.features)
    order = exploring.Exploration(features=features, **{name: getattr(body, name) for name in names})
    return exploring.start_exploration(
        access.connection,
        layer,
        image,
        order,
        scope=body.scope,
        folder=services.measurements,
        user_id=access.actor.user_id,
    )


def _train_classifier(access: Access, project: Project, body: TrainClassifierRequest) -> JobRecord:
    order = classifier_training.TrainingOrder(
        images=images_of(access, project, body.image_ids),
        configuration=Configuration.model_validate(body.configuration.model_dump()),
        test_images=images_of(access, project, body.test_image_ids),
        then_classify=_own_layers(access, project, images_of(access, project, body.then_classify)),
    )
    return classifier_training.start_training(access.connection, order, project=project, user_id=access.actor.user_id)


def _classify(access: Access, shelf: ClassifierShelf, project: Project, body: ClassifyRequest) -> JobRecord:
    newest = shelf.newest(project.uuid) if body.classifier is None else None
    version = newest or shelf.version(project.uuid, body.classifier or 0)
    if body.layer_ids is None:
        layers = _own_layers(access, project, images_of(access, project, body.image_ids))
    else:
        found = [access.editable_layer(one) for one in body.layer_ids]
        if any(image.project_id != project.id for _, image in found):
            raise NotFoundError("One of the layers is not of this project.")
        layers = [layer for layer, _ in found]
    return classifying.start_classification(
        access.connection, version, layers, project=project, user_id=access.actor.user_id
    )


def _own_layers(access: Access, project: Project, images: Sequence[image_records.ProjectImage]) -> list[Layer]:
    """The layers of these images whose objects the caller may change."""
    return [one for one in layers_to_learn_from(access.connection, images) if access.may_edit(one, project.id)]


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
