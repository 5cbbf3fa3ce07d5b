"""Landmark detectors of a project: versions and packages."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, File, UploadFile
from starlette.responses import FileResponse

from cytoloop.projects.permissions import Permission
from cytoloop.server.access import Access
from cytoloop.server.attachments import received, sent
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep
from cytoloop.wire import landmarks as wire
from cytoloop.workflows.classification.packages import card_text, zipped
from cytoloop.workflows.exchange import downloads
from cytoloop.workflows.landmarks import packages
from cytoloop.workflows.landmarks.shelf import LandmarkVersion

router = APIRouter(tags=["landmarks"])


@router.get("/projects/{project_id}/landmark-detectors")
def list_detectors(project_id: UUID, access: ReadDep, services: ServicesDep) -> list[wire.LandmarkDetector]:
    """Every version of the project's landmark detector, the newest first."""
    project, _ = access.project(project_id, Permission.VIEW)
    return [_detector(one) for one in services.landmarks.versions(project.uuid)]


@router.get("/projects/{project_id}/landmark-detectors/{version}")
def read_detector(
    project_id: UUID, version: int, access: ReadDep, services: ServicesDep
) -> wire.LandmarkDetectorDetails:
    """One version with its card."""
    project, _ = access.project(project_id, Permission.VIEW)
    return _details(services.landmarks.version(project.uuid, version))


@router.get("/projects/{project_id}/landmark-detectors/{version}/export", response_class=FileResponse)
def export_detector(
    project_id: UUID, version: int, access: ReadDep, services: ServicesDep, background: BackgroundTasks
) -> FileResponse:
    """The version as a zip file in the bioimage.io format, with ONNX weights."""
    project, _ = access.project(project_id, Permission.VIEW)
    one = services.landmarks.version(project.uuid, version)
    name = downloads.file_name(f"{project.name} landmarks {version}", "zip")
    return sent(lambda folder: zipped(one.package.folder, folder / name), background)


@router.post("/projects/{project_id}/landmark-detectors/import", status_code=201)
def import_detector(
    project_id: UUID, write: WriteDep, services: ServicesDep, file: Annotated[UploadFile, File()]
) -> wire.LandmarkDetectorDetails:
    """Take in a zip file with a landmark detector. It is checked first; classes that the project lacks are added."""
    write(lambda access: access.project(project_id, Permission.MANAGE))
    with received(file, "the landmark detector") as path:
        checked = packages.unpacked_detector(path, path.parent / ".unpacked")

        def work(access: Access) -> LandmarkVersion:
            project, _ = access.project(project_id, Permission.MANAGE)
            return packages.add_detector(access.connection, services.landmarks, project, checked, services.announcer)

        return _details(write(work))


@router.delete("/projects/{project_id}/landmark-detectors/{version}", status_code=204)
def remove_detector(project_id: UUID, version: int, write: WriteDep, services: ServicesDep) -> None:
    """Remove a version; landmarks that it found stay."""
    project, _ = write(lambda access: access.project(project_id, Permission.MANAGE))
    services.landmarks.remove(project.uuid, version)


def _detector(one: LandmarkVersion) -> wire.LandmarkDetector:
    package = one.package
    facts = packages.detector_facts(package)
    counts = facts.counts if len(facts.counts) == len(package.landmarks) else [None] * len(package.landmarks)
    scores = facts.scores or [packages.ScoreFacts()] * len(package.landmarks)
    return wire.LandmarkDetector(
        version=one.number,
        title=package.title,
        landmarks=[
            wire.DetectorLandmark(name=known.name, color=known.color, images=images, **score.model_dump())
            for known, images, score in zip(package.landmarks, counts, scores, strict=True)
        ],
        images=facts.images,
        folds=facts.folds,
        tolerance_percent=package.tolerance_percent,
        size_px=package.spec.size_px,
        trained_at=facts.trained_at,
    )


def _details(one: LandmarkVersion) -> wire.LandmarkDetectorDetails:
    return wire.LandmarkDetectorDetails(
        **_detector(one).model_dump(),
        card=card_text(one.package.folder),
        configuration=packages.detector_facts(one.package).configuration,
    )
