"""Files of annotations: out and in."""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, File, UploadFile
from starlette.responses import FileResponse

from cytoloop.core.errors import InvalidInputError
from cytoloop.projects.permissions import Permission
from cytoloop.server.access import Access
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep
from cytoloop.server.serialise import layers_wire
from cytoloop.wire.annotations import ImportResult
from cytoloop.workflows import downloads, exchanging

router = APIRouter(tags=["exchange"])


def _sent(path: Path, folder: Path, background: BackgroundTasks) -> FileResponse:
    background.add_task(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(
        path,
        media_type="application/octet-stream",
        headers=downloads.attachment(path.name),
        background=background,
    )


@router.get("/layers/{layer_id}/export")
def export_layer(
    layer_id: UUID,
    format: exchanging.FormatName,  # noqa: A002 - the name in the URL
    access: ReadDep,
    background: BackgroundTasks,
) -> FileResponse:
    """A layer's objects as a file."""
    layer, image = access.layer(layer_id, Permission.VIEW)
    folder = Path(tempfile.mkdtemp(prefix="cytoloop-export-"))
    try:
        path = exchanging.export_layer(access.connection, layer, image, format, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return _sent(path, folder, background)


@router.get("/images/{image_id}/export")
def export_image(
    image_id: UUID,
    format: exchanging.FormatName,  # noqa: A002 - the name in the URL
    access: ReadDep,
    background: BackgroundTasks,
) -> FileResponse:
    """All layers of an image: one file, or a zip of several."""
    image = access.image(image_id, Permission.VIEW)
    folder = Path(tempfile.mkdtemp(prefix="cytoloop-export-"))
    try:
        path = exchanging.export_image(access.connection, image, format, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return _sent(path, folder, background)


@router.post("/images/{image_id}/import", status_code=201)
def import_annotations(
    image_id: UUID,
    write: WriteDep,
    services: ServicesDep,
    file: Annotated[UploadFile, File()],
) -> ImportResult:
    """Objects from a file, as a new layer; classes that are not there yet are added."""
    if not file.filename:
        raise InvalidInputError("Send the file as the form field 'file', with its name.")
    with tempfile.TemporaryDirectory(prefix="cytoloop-import-") as folder:
        path = Path(folder) / Path(file.filename).name
        with path.open("wb") as target:
            shutil.copyfileobj(file.file, target)
        image = write(lambda access: access.image(image_id, Permission.ANNOTATE))
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
