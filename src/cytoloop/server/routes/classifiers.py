"""Classifiers of a project: labels, versions, packages, and what to label next."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, File, Query, UploadFile
from starlette.responses import FileResponse

from cytoloop.projects.permissions import Permission
from cytoloop.server.access import Access, images_of
from cytoloop.server.attachments import received, sent
from cytoloop.server.dependencies import ReadDep, Services, ServicesDep, WriteDep
from cytoloop.wire import classifiers as wire
from cytoloop.workflows.classification import labelled, packages
from cytoloop.workflows.classification.label_queue import checked_objects, queued_objects
from cytoloop.workflows.classification.shelf import ClassifierShelf, ClassifierVersion
from cytoloop.workflows.exchange import downloads
from cytoloop.workflows.training.child import can_train

router = APIRouter(tags=["classifiers"])


@router.get("/projects/{project_id}/labels")
def count_labels(project_id: UUID, access: ReadDep) -> wire.Labels:
    """How many objects of each class people classified, and how many have a suggested class."""
    project, _ = access.project(project_id, Permission.VIEW)
    images = {one.id: one for one in images_of(access, project, None)}
    layers = labelled.layers_to_learn_from(access.connection, list(images.values()))
    by_image: dict[int, dict[int | None, list[int]]] = {}
    total: dict[int | None, list[int]] = {}
    for one in labelled.label_counts(access.connection, layers):
        for table in (by_image.setdefault(one.image_id, {}), total):
            counts = table.setdefault(one.term_id, [0, 0])
            counts[0] += one.labelled
            counts[1] += one.suggested
    found = [
        wire.LabelledImage(image_id=images[key].uuid, name=images[key].name, classes=_counts(table))
        for key, table in sorted(by_image.items(), key=lambda one: images[one[0]].position)
    ]
    return wire.Labels(images=found, total=_counts(total), can_train_networks=can_train())


def _counts(table: Mapping[int | None, list[int]]) -> list[wire.LabelledClass]:
    return [
        wire.LabelledClass(term_id=term, labelled=own, suggested=suggested)
        for term, (own, suggested) in sorted(table.items(), key=lambda one: (one[0] is None, one[0] or 0))
    ]


@router.get("/projects/{project_id}/classifiers")
def list_classifiers(
    project_id: UUID, access: ReadDep, services: ServicesDep, of: wire.SubjectName = "objects"
) -> list[wire.Classifier]:
    """Every version of the project's classifier of objects, or of images; the newest first."""
    project, _ = access.project(project_id, Permission.VIEW)
    return [_classifier(one) for one in _shelf(services, of).versions(project.uuid)]


def _shelf(services: Services, of: wire.SubjectName) -> ClassifierShelf:
    return services.classifiers if of == "objects" else services.image_classifiers


@router.get("/projects/{project_id}/classifiers/{version}")
def read_classifier(
    project_id: UUID, version: int, access: ReadDep, services: ServicesDep, of: wire.SubjectName = "objects"
) -> wire.ClassifierDetails:
    """One version with its card and its scores by partition."""
    project, _ = access.project(project_id, Permission.VIEW)
    return _details(_shelf(services, of).version(project.uuid, version))


@router.get("/projects/{project_id}/classifiers/{version}/objects")
def list_checked(
    project_id: UUID,
    version: int,
    truth: Annotated[int, Query(ge=0, lt=200)],
    predicted: Annotated[int, Query(ge=0, lt=200)],
    access: ReadDep,
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[wire.CheckedObject]:
    """Labels of one class (by its place) that were taken for another, or the same, while they were held out."""
    project, _ = access.project(project_id, Permission.VIEW)
    package = services.classifiers.version(project.uuid, version).package
    images = images_of(access, project, None)
    uuids = {one.id: one.uuid for one in images}
    layers = [one.uuid for one in labelled.layers_to_learn_from(access.connection, images)]
    found = checked_objects(access.connection, package, layers, truth=truth, predicted=predicted, limit=limit)
    return [
        wire.CheckedObject(
            image_id=uuids[one.layer.image_id],
            layer_id=one.layer.uuid,
            annotation_id=one.id,
            version=one.version,
            score=one.score,
        )
        for one in found
    ]


@router.get("/projects/{project_id}/label-queue")
def list_queue(
    project_id: UUID,
    access: ReadDep,
    services: ServicesDep,
    by: wire.QueueName = "uncertainty",
    image_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[wire.QueuedObject]:
    """Objects whose class would teach the most, first; empty before a classifier was applied."""
    project, _ = access.project(project_id, Permission.VIEW)
    images = images_of(access, project, None if image_id is None else [image_id])
    uuids = {one.id: one.uuid for one in images}
    found = queued_objects(access.connection, services.classifiers, project.uuid, images, by, limit)
    return [
        wire.QueuedObject(
            image_id=uuids[one.layer.image_id],
            layer_id=one.layer.uuid,
            annotation_id=one.id,
            version=one.version,
            term_id=one.term_id,
            term_score=one.term_score,
            value=one.value,
        )
        for one in found
    ]


@router.get("/projects/{project_id}/classifiers/{version}/export", response_class=FileResponse)
def export_classifier(
    project_id: UUID,
    version: int,
    access: ReadDep,
    services: ServicesDep,
    background: BackgroundTasks,
    of: wire.SubjectName = "objects",
) -> FileResponse:
    """The version as a zip file in the bioimage.io format, with ONNX weights."""
    project, _ = access.project(project_id, Permission.VIEW)
    one = _shelf(services, of).version(project.uuid, version)
    name = downloads.file_name(f"{project.name} classifier {version}", "zip")
    return sent(lambda folder: packages.export_classifier(one.package, folder / name), background)


@router.post("/projects/{project_id}/classifiers/import", status_code=201)
def import_classifier(
    project_id: UUID,
    write: WriteDep,
    services: ServicesDep,
    file: Annotated[UploadFile, File()],
    of: wire.SubjectName = "objects",
) -> wire.ClassifierDetails:
    """Take in a zip file with a classifier. It is checked first; classes that the project lacks are added."""
    write(lambda access: access.project(project_id, Permission.MANAGE))
    with received(file, "the classifier") as path:
        checked = packages.unpacked_classifier(path, path.parent / ".unpacked")

        def work(access: Access) -> ClassifierVersion:
            project, _ = access.project(project_id, Permission.MANAGE)
            return packages.add_classifier(
                access.connection, _shelf(services, of), project, checked, services.announcer
            )

        return _details(write(work))


@router.delete("/projects/{project_id}/classifiers/{version}", status_code=204)
def remove_classifier(
    project_id: UUID, version: int, write: WriteDep, services: ServicesDep, of: wire.SubjectName = "objects"
) -> None:
    """Remove a version; suggestions that it made stay."""
    project, _ = write(lambda access: access.project(project_id, Permission.MANAGE))
    _shelf(services, of).remove(project.uuid, version)


def _classifier(one: ClassifierVersion) -> wire.Classifier:
    facts = packages.facts_of(one.package)
    return wire.Classifier(
        version=one.number,
        title=one.package.title,
        classes=[wire.ClassifierClass(name=known.name, color=known.color) for known in one.package.classes],
        learner=facts.learner,
        labels=facts.labels,
        images=facts.images,
        macro_f1=facts.macro_f1,
        accuracy=facts.accuracy,
        trained_at=facts.trained_at,
        subject=one.package.subject,
    )


def _details(one: ClassifierVersion) -> wire.ClassifierDetails:
    facts = packages.facts_of(one.package)
    scores = [wire.PartitionScores.model_validate({"partition": name, **score}) for name, score in facts.scores.items()]
    configuration: dict[str, Any] = facts.configuration
    return wire.ClassifierDetails(
        **_classifier(one).model_dump(),
        card=packages.card_text(one.package.folder),
        split=facts.split,
        folds=facts.folds,
        scores=scores,
        configuration=configuration,
        features=one.package.spec.key,
        curve=[wire.TrainingPoint(**point.model_dump()) for point in facts.curve],
        continued_from=facts.continued_from,
        best_epoch=facts.best_epoch,
        ended_by=facts.ended_by,
    )
