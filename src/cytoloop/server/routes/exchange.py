"""Files of annotations: out and in."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, File, Query, UploadFile
from starlette.responses import FileResponse

from cytoloop.projects.images import ProjectImage, image_count, project_images
from cytoloop.projects.permissions import Permission
from cytoloop.server.access import Access
from cytoloop.server.attachments import received, sent
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep
from cytoloop.server.serialise import layers_wire
from cytoloop.wire.annotations import ImportResult, SetImportLayer, SetImportResult
from cytoloop.workflows.exchange import downloads, exchanging, export_sets, import_sets
from cytoloop.workflows.images.archives import ArchiveLimits, unpack

router = APIRouter(tags=["exchange"])


_FILE = "application/octet-stream"


@router.get("/layers/{layer_id}/export")
def export_layer(
    layer_id: UUID,
    format: exchanging.FormatName,  # noqa: A002 - the name in the URL
    access: ReadDep,
    background: BackgroundTasks,
) -> FileResponse:
    """A layer's objects as a file."""
    layer, image = access.layer(layer_id, Permission.VIEW)
    return sent(
        lambda folder: exchanging.export_layer(access.connection, layer, image, format, folder), background, _FILE
    )


@router.get("/images/{image_id}/export")
def export_image(
    image_id: UUID,
    format: exchanging.FormatName,  # noqa: A002 - the name in the URL
    access: ReadDep,
    background: BackgroundTasks,
) -> FileResponse:
    """All layers of an image: one file, or a zip of several."""
    image = access.image(image_id, Permission.VIEW)
    return sent(lambda folder: exchanging.export_image(access.connection, image, format, folder), background, _FILE)


@router.post("/images/{image_id}/import", status_code=201)
def import_annotations(
    image_id: UUID,
    write: WriteDep,
    services: ServicesDep,
    file: Annotated[UploadFile, File()],
) -> ImportResult:
    """Objects from a file, as a new layer; classes that are not there yet are added."""
    image = write(lambda access: access.image(image_id, Permission.ANNOTATE))
    with received(file, "the file") as path:
        objects = exchanging.read_file(path, image)

    def work(access: Access) -> ImportResult:
        image = access.image(image_id, Permission.ANNOTATE)
        imported = exchanging.import_objects(
            access.connection,
            objects,
            image=image,
            name=file.filename or "Import",
            user_id=access.actor.user_id,
            announcer=services.announcer,
        )
        return ImportResult(
            layer=layers_wire(access, [imported.layer], image)[0],
            created=imported.created,
            warnings=imported.warnings,
        )

    return write(work)


@router.get("/projects/{project_id}/export")
def export_project(
    project_id: UUID,
    set_name: Annotated[str, Query(alias="set", max_length=40)],
    access: ReadDep,
    services: ServicesDep,
    background: BackgroundTasks,
    image: Annotated[list[UUID] | None, Query(max_length=5000)] = None,
    layer: Annotated[list[str] | None, Query(max_length=100)] = None,
    class_name: Annotated[list[str] | None, Query(alias="class", max_length=1000)] = None,
    downsample: Annotated[float, Query(ge=0.05, le=1024)] = 1.0,
    crop_px: Annotated[int, Query(ge=0, le=4096)] = 256,
    predictions: Annotated[bool, Query()] = True,  # noqa: FBT002 - in the URL it has its name
) -> FileResponse:
    """A set of files of the project's images (all, or those named) as a zip: see ``cytoloop export --help``."""
    project, _ = access.project(project_id, Permission.VIEW)
    count = image_count(access.connection, project.id)
    images = project_images(access.connection, project.id, limit=count + 1)
    chosen = images if image is None else [one for one in images if one.uuid in set(image)]
    selection = export_sets.Selection(chosen, layer or [], class_name or [], predictions)

    def make(folder: Path) -> Path:
        paths = export_sets.write_set(
            access.connection,
            services.library,
            set_name,
            selection,
            folder / "set",
            downsample=downsample,
            crop_px=crop_px,
        )
        name = downloads.file_name(f"{project.name} {set_name}", "zip")
        return export_sets.packed(folder / "set", paths, folder / name)

    return sent(make, background, _FILE)


@router.post("/projects/{project_id}/import", status_code=201)
def import_set(
    project_id: UUID,
    write: WriteDep,
    services: ServicesDep,
    file: Annotated[UploadFile, File()],
) -> SetImportResult:
    """Annotation files of many images in one zip; each goes to the image whose name it bears, as a new layer."""

    def images_of(access: Access) -> list[ProjectImage]:
        project, _ = access.project(project_id, Permission.ANNOTATE)
        count = image_count(access.connection, project.id)
        return project_images(access.connection, project.id, limit=count + 1)

    images = write(images_of)
    with received(file, "the zip") as packed:
        content = packed.parent / ".unpacked" / downloads.file_name(packed.stem, "")
        unpack(packed, content, ArchiveLimits(max_bytes=20 << 30))

        found = import_sets.read_set(content, images)

        def store(access: Access) -> list[exchanging.Imported]:
            access.project(project_id, Permission.ANNOTATE)
            return import_sets.store_set(
                access.connection, found, user_id=access.actor.user_id, announcer=services.announcer
            )

        imported = write(store)
    return SetImportResult(
        layers=[
            SetImportLayer(
                image_id=layer.image.uuid, image=layer.image.name, layer_id=one.layer.uuid, created=one.created
            )
            for layer, one in zip(found.layers, imported, strict=True)
        ],
        warnings=[*found.warnings, *(warning for one in imported for warning in one.warnings)],
    )
