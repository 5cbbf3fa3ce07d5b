"""Classes of whole images: given, agreed to, taken away, as a table."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from cytoloop.exchange.csvfile import defused
from cytoloop.projects import images as image_records
from cytoloop.projects import imageterms, users
from cytoloop.projects.permissions import Permission
from cytoloop.server.access import Access, images_of
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep
from cytoloop.wire import classifiers as wire
from cytoloop.workflows.classification.label_queue import checked_images
from cytoloop.workflows.exchange import downloads
from cytoloop.workflows.objects import editing
from cytoloop.workflows.spatial.questions import csv_text

router = APIRouter(tags=["classifiers"])


@router.put("/projects/{project_id}/image-classes")
def give_image_classes(
    project_id: UUID, body: wire.ImageClasses, write: WriteDep, services: ServicesDep
) -> wire.Changed:
    """Give images their class as a person, agree to suggested ones, take classes away, or put suggestions back."""

    def work(access: Access) -> int:
        project, _ = access.project(project_id, Permission.ANNOTATE)
        editing.check_terms(access.connection, project.id, [one.term_id for one in body.images])
        images = image_records.images_by_uuid(access.connection, project.id, [one.image_id for one in body.images])
        terms = {
            image.id: None if one.term_id is None else (one.term_id, one.term_score)
            for image, one in zip(images, body.images, strict=True)
        }
        imageterms.give(access.connection, project.id, terms, access.actor.user_id)
        for one in terms:
            services.announcer.image(access.connection, one)
        return len(terms)

    return wire.Changed(changed=write(work))


@router.post("/projects/{project_id}/image-classes/suggestions")
def decide_on_suggestions(
    project_id: UUID, body: wire.ImageSuggestions, write: WriteDep, services: ServicesDep
) -> wire.Changed:
    """Agree to all suggested classes that are at least so probable, or take every suggestion away."""

    def work(access: Access) -> int:
        project, _ = access.project(project_id, Permission.ANNOTATE)
        if body.action == "accept":
            done = imageterms.accept(access.connection, project.id, body.min_score, access.actor.user_id)
        else:
            done = imageterms.clear(access.connection, project.id)
        for one in done:
            services.announcer.image(access.connection, one)
        return len(done)

    return wire.Changed(changed=write(work))


@router.get("/projects/{project_id}/image-classes.csv", response_class=Response)
def download_image_classes(project_id: UUID, access: ReadDep) -> Response:
    """Every image with its class, its probability where a classifier suggested it, who gave it, and when."""
    project, _ = access.project(project_id, Permission.VIEW)
    images = images_of(access, project, None)
    names = downloads.class_names(access.connection, project.id)
    terms = imageterms.terms_of_images(access.connection, [one.id for one in images])
    people = users.display_names(access.connection)
    rows: list[list[object]] = []
    for image in images:
        one = terms.get(image.id)
        if one is None:
            rows.append([defused(image.name), "", "", "", ""])
            continue
        by = "classifier" if one.score is not None else people.get(one.user_id or 0, "")
        score = "" if one.score is None else f"{one.score:.4f}"
        name = defused(names.get(one.term_id, ""))
        rows.append([defused(image.name), name, score, defused(by), one.changed_at.isoformat(timespec="seconds")])
    content = csv_text(["image", "class", "probability", "by", "at"], rows)
    name = downloads.file_name(f"{project.name} classes of images", "csv")
    return Response(content, media_type="text/csv; charset=utf-8", headers=downloads.attachment(name))


@router.get("/projects/{project_id}/classifiers/{version}/images")
def list_checked_images(
    project_id: UUID,
    version: int,
    truth: Annotated[int, Query(ge=0, lt=200)],
    predicted: Annotated[int, Query(ge=0, lt=200)],
    access: ReadDep,
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[wire.CheckedImage]:
    """Images of one class (by its place) that a classifier of images took for another while they were held out."""
    project, _ = access.project(project_id, Permission.VIEW)
    package = services.image_classifiers.version(project.uuid, version).package
    uuids = {one.id: one.uuid for one in images_of(access, project, None)}
    found = checked_images(package, truth=truth, predicted=predicted)
    return [wire.CheckedImage(image_id=uuids[key], score=score) for key, score in found if key in uuids][:limit]
