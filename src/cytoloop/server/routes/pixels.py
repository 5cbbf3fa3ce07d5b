"""Pixel classifiers of a project: scribbles, versions, packages, and previews on an image."""

import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, File, Query, Request, Response, UploadFile
from starlette.responses import FileResponse

from cytoloop.core.geometry import Box, Plane
from cytoloop.projects.images import stored_of
from cytoloop.projects.permissions import Permission
from cytoloop.server.access import Access, images_of
from cytoloop.server.attachments import received, sent
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep
from cytoloop.server.serialise import RENDERER_VERSION
from cytoloop.server.state import actor_of
from cytoloop.wire import pixels as wire
from cytoloop.wire.classifiers import ClassifierClass, PartitionScores
from cytoloop.workflows.classification.packages import card_text, zipped
from cytoloop.workflows.exchange import downloads
from cytoloop.workflows.pixels import packages
from cytoloop.workflows.pixels.preview import pixel_preview
from cytoloop.workflows.pixels.scribbles import scribble_counts, scribble_layers
from cytoloop.workflows.pixels.shelf import PixelVersion

from .images import check_plane
from .tiles import IMMUTABLE

router = APIRouter(tags=["pixel classifiers"])
Coordinate = Annotated[float, Query(ge=-1e7, le=1e7, allow_inf_nan=False)]


@router.get("/projects/{project_id}/scribbles")
def count_scribbles(project_id: UUID, access: ReadDep) -> list[wire.ScribbledImage]:
    """How many scribbles of each class the project's images have; images without a layer of them are left out."""
    project, _ = access.project(project_id, Permission.VIEW)
    images = {one.id: one for one in images_of(access, project, None)}
    layers = scribble_layers(access.connection, list(images.values()))
    classes: dict[int, list[wire.ScribbledClass]] = {one.id: [] for one in layers}
    for one in scribble_counts(access.connection, layers):
        classes[one.layer_id].append(wire.ScribbledClass(term_id=one.term_id, count=one.count))
    return [
        wire.ScribbledImage(
            image_id=images[one.image_id].uuid,
            name=images[one.image_id].name,
            layer_id=one.uuid,
            classes=sorted(classes[one.id], key=lambda found: found.term_id),
        )
        for one in layers
    ]


@router.get("/projects/{project_id}/pixel-classifiers")
def list_pixel_classifiers(project_id: UUID, access: ReadDep, services: ServicesDep) -> list[wire.PixelClassifier]:
    """Every version of the project's pixel classifier, the newest first."""
    project, _ = access.project(project_id, Permission.VIEW)
    return [_classifier(one) for one in services.pixels.versions(project.uuid)]


@router.get("/projects/{project_id}/pixel-classifiers/{version}")
def read_pixel_classifier(
    project_id: UUID, version: int, access: ReadDep, services: ServicesDep
) -> wire.PixelClassifierDetails:
    """One version with its card and its scores."""
    project, _ = access.project(project_id, Permission.VIEW)
    return _details(services.pixels.version(project.uuid, version))


@router.get("/projects/{project_id}/pixel-classifiers/{version}/export", response_class=FileResponse)
def export_pixel_classifier(
    project_id: UUID, version: int, access: ReadDep, services: ServicesDep, background: BackgroundTasks
) -> FileResponse:
    """The version as a zip file in the bioimage.io format, with ONNX weights."""
    project, _ = access.project(project_id, Permission.VIEW)
    one = services.pixels.version(project.uuid, version)
    name = downloads.file_name(f"{project.name} pixels {version}", "zip")
    return sent(lambda folder: zipped(one.package.folder, folder / name), background)


@router.post("/projects/{project_id}/pixel-classifiers/import", status_code=201)
def import_pixel_classifier(
    project_id: UUID, write: WriteDep, services: ServicesDep, file: Annotated[UploadFile, File()]
) -> wire.PixelClassifierDetails:
    """Take in a zip file with a pixel classifier. It is checked first; classes that the project lacks are added."""
    write(lambda access: access.project(project_id, Permission.MANAGE))
    with received(file, "the pixel classifier") as path:
        checked = packages.unpacked_pixel_classifier(path, path.parent / ".unpacked")

        def work(access: Access) -> PixelVersion:
            project, _ = access.project(project_id, Permission.MANAGE)
            return packages.add_pixel_classifier(
                access.connection, services.pixels, project, checked, services.announcer
            )

        return _details(write(work))


@router.delete("/projects/{project_id}/pixel-classifiers/{version}", status_code=204)
def remove_pixel_classifier(project_id: UUID, version: int, write: WriteDep, services: ServicesDep) -> None:
    """Remove a version; objects that it found stay."""
    project, _ = write(lambda access: access.project(project_id, Permission.MANAGE))
    services.pixels.remove(project.uuid, version)


@router.get(
    "/images/{image_id}/pixel-preview", response_class=Response, responses={200: {"content": {"image/png": {}}}}
)
def preview_pixels(
    image_id: UUID,
    request: Request,
    services: ServicesDep,
    classifier: Annotated[int, Query(ge=1, le=999_999)],
    x0: Coordinate,
    y0: Coordinate,
    x1: Coordinate,
    y1: Coordinate,
    z: Annotated[int, Query(ge=0)] = 0,
    t: Annotated[int, Query(ge=0)] = 0,
    only: Annotated[int | None, Query(ge=0, lt=200)] = None,
) -> Response:
    """A PNG of what a pixel classifier makes of a window (full-resolution px).

    Each pixel has the colour of its most probable class, and is as opaque as that is certain. ``only``: the probability
    of one class, by its place. The header ``X-Box`` tells the box that the picture covers.
    """
    with services.database.read() as connection:  # not held while the preview is made
        access = Access(connection, actor_of(request))
        image = access.image(image_id, Permission.VIEW)
        project, _ = access.project_of(image, Permission.VIEW)
        stored = stored_of(image)
    check_plane(stored, z, t)
    package = services.pixels.version(project.uuid, classifier).package
    key = f"{stored.content_key}|{RENDERER_VERSION}|{project.uuid}|{request.query_params}"
    tag = f'"{hashlib.blake2b(key.encode(), digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": IMMUTABLE}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    with services.library.pyramid(stored) as pyramid:
        made = pixel_preview(pyramid, package, Box(x0, y0, x1, y1), Plane(z, t), only)
    headers["X-Box"] = ",".join(f"{one:g}" for one in made.box.as_tuple())
    return Response(made.png, media_type="image/png", headers=headers)


def _classifier(one: PixelVersion) -> wire.PixelClassifier:
    facts = packages.pixel_facts(one.package)
    held_out = facts.held_out or {}
    return wire.PixelClassifier(
        version=one.number,
        method=f"pixels:{one.number}",
        title=one.package.title,
        classes=[ClassifierClass(name=known.name, color=known.color) for known in one.package.classes],
        background=one.package.background,
        regions=one.package.regions,
        learner=facts.learner,
        scribbles=facts.scribbles,
        pixels=facts.pixels,
        images=facts.images,
        macro_f1=held_out.get("macro_f1"),
        accuracy=held_out.get("accuracy"),
        pixel_um=one.package.spec.analysis_um,
        trained_at=facts.trained_at,
    )


def _details(one: PixelVersion) -> wire.PixelClassifierDetails:
    facts = packages.pixel_facts(one.package)
    scores = None if facts.held_out is None else {"partition": "held_out", **facts.held_out}
    return wire.PixelClassifierDetails(
        **_classifier(one).model_dump(),
        card=card_text(one.package.folder),
        split=facts.split,
        folds=facts.folds,
        scores=None if scores is None else PartitionScores.model_validate(scores),
        configuration=facts.configuration,
        features=[] if one.package.spec.patch_px else list(one.package.spec.names),
    )
