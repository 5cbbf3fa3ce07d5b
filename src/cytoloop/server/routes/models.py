"""Models that segment: what there is, their weights and cards, import and export."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, File, Form, Request, UploadFile
from starlette.responses import FileResponse, Response

from cytoloop.core.errors import NotFoundError
from cytoloop.learning.packages.model import ModelPackage
from cytoloop.projects.permissions import authorize_admin
from cytoloop.server.attachments import received, sent
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep
from cytoloop.wire import models as wire
from cytoloop.workflows.models import library as workflow

router = APIRouter(tags=["models"])

IMMUTABLE = "private, max-age=31536000, immutable"
REVALIDATE = "private, no-cache"


@router.get("/models")
def list_models(access: ReadDep, services: ServicesDep) -> list[wire.Model]:
    """Every model: those that came with the program, imported and trained ones."""
    return [_model(one) for one in workflow.models(services.methods)]


@router.get("/models/{name}")
def read_model(name: str, access: ReadDep, services: ServicesDep) -> wire.ModelDetails:
    """One model with its card."""
    return _details(workflow.model_named(services.methods, name))


@router.get("/models/{name}/weights", response_class=FileResponse)
def read_weights(
    name: str, access: ReadDep, services: ServicesDep, request: Request, sha256: str | None = None
) -> Response:
    """The weights as an ONNX file. With ``sha256`` of the details in the address the answer may be kept for ever."""
    path = workflow.model_named(services.methods, name).weights
    found = _digest(path)
    if sha256 is not None and sha256 != found:
        raise NotFoundError(f"The model {name!r} has other weights now. Read it again.")
    caching = IMMUTABLE if sha256 is not None else REVALIDATE
    return _file(request, path, "application/octet-stream", tag=found, caching=caching)


@router.get("/models/{name}/pictures/{file}", response_class=FileResponse)
def read_picture(name: str, file: str, access: ReadDep, services: ServicesDep, request: Request) -> Response:
    """One of the pictures that the details name."""
    package = workflow.model_named(services.methods, name)
    path = next((one for one in package.pictures if one.name == file), None)
    if path is None:
        raise NotFoundError(f"The model {name!r} has no picture {file[:100]!r}.")
    return _file(request, path, _MEDIA[path.suffix.lower()], tag=_digest(path), caching=REVALIDATE)


@router.get("/models/{name}/export", response_class=FileResponse)
def export_model(name: str, access: ReadDep, services: ServicesDep, background: BackgroundTasks) -> FileResponse:
    """The whole package as a zip file in the bioimage.io format."""
    package = workflow.model_named(services.methods, name)
    return sent(lambda folder: workflow.export_model(package, folder / f"{package.name}.zip"), background)


@router.post("/models/import", status_code=201)
def import_model(
    write: WriteDep,
    services: ServicesDep,
    file: Annotated[UploadFile, File()],
    name: Annotated[str | None, Form(max_length=80)] = None,
) -> wire.ModelDetails:
    """Take in a zip file with a model in the bioimage.io format (administrators). It is checked first."""
    authorize_admin(write.actor)
    with received(file, "the model") as path:
        return _details(workflow.import_model(services.methods, path, name or None))


@router.delete("/models/{name}", status_code=204)
def remove_model(name: str, write: WriteDep, services: ServicesDep) -> None:
    """Remove an imported or trained model (administrators)."""
    authorize_admin(write.actor)
    workflow.remove_model(services.methods, name)


_MEDIA = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}


def _file(request: Request, path: Path, media_type: str, *, tag: str, caching: str) -> Response:
    headers = {"ETag": f'"{tag}"', "Cache-Control": caching}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type=media_type, headers=headers)


def _digest(path: Path) -> str:
    return _digest_of(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _digest_of(path: Path, changed_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _model(one: ModelPackage) -> wire.Model:
    return wire.Model(
        name=one.name,
        title=one.title,
        description=one.description,
        version=one.version,
        licence=one.licence,
        authors=list(one.authors),
        shipped=one.shipped,
        task=one.spec.task.value,
        decoder=one.spec.decoder.value,
        outputs=list(one.spec.outputs),
        diameter_px=one.spec.diameter_px,
        size_bytes=one.weights.stat().st_size,
        scores=[
            wire.ModelScore(
                images=score.images,
                count=score.count,
                dsb=score.dsb,
                f1=score.f1,
                **score.errors,
            )
            for score in workflow.scores_of(one)
        ],
    )


def _details(one: ModelPackage) -> wire.ModelDetails:
    spec = one.spec
    return wire.ModelDetails(
        **_model(one).model_dump(),
        card=workflow.card_of(one),
        pictures=[picture.name for picture in one.pictures],
        weights_sha256=_digest(one.weights),
        channels=spec.channels,
        stride=spec.stride,
        smallest=spec.smallest,
        halo=spec.halo,
        low_percentile=spec.low_percentile,
        high_percentile=spec.high_percentile,
        decoding=dict(spec.decoding),
        training=workflow.record_of(one),
    )
