"""Resumable uploads: tus 1.0.0 with creation, termination and checksum."""

import base64
import binascii
import shutil
from typing import Annotated
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Header, Request, Response
from starlette.requests import ClientDisconnect

from cytoloop.core.errors import (
    ConflictError,
    InvalidInputError,
    QuotaExceededError,
    TooLargeError,
)
from cytoloop.projects import uploads
from cytoloop.projects.permissions import Permission
from cytoloop.projects.uploads import Upload
from cytoloop.runtime.settings import MIB
from cytoloop.server.access import Access
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep
from cytoloop.server.serialise import job_wire, upload_wire
from cytoloop.wire import images as wire
from cytoloop.wire.jobs import Job
from cytoloop.workflows.images import importing
from cytoloop.workflows.images.archives import safe_relative_path

router = APIRouter(tags=["uploads"])

TUS = {"Tus-Resumable": "1.0.0", "Cache-Control": "no-store"}
CHECKSUMS = ("sha256", "sha1")
RESERVE_BYTES = 1 << 30
"""Room that stays free on the disk, so that the database can always be written."""


@router.options("/projects/{project_id}/uploads", status_code=204)
def describe(project_id: UUID, access: ReadDep, services: ServicesDep) -> Response:
    """What this server understands of tus."""
    access.project(project_id, Permission.MANAGE)
    return Response(
        status_code=204,
        headers={
            **TUS,
            "Tus-Version": "1.0.0",
            "Tus-Extension": "creation,termination,checksum",
            "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
            "Tus-Max-Size": str(services.settings.max_upload_mib * MIB),
        },
    )


@router.post("/projects/{project_id}/uploads", status_code=201)
def create_upload(
    project_id: UUID,
    write: WriteDep,
    services: ServicesDep,
    upload_length: Annotated[int, Header(ge=1)],
    upload_metadata: Annotated[str, Header(max_length=8000)] = "",
) -> Response:
    """Announce a file: its length, and its name as ``filename`` in the metadata.

    With ``hold`` "1" it is not imported when complete, but with its folder (see ``POST .../imports``);
    ``relativePath`` is its place in that folder.
    """
    limit = services.settings.max_upload_mib * MIB
    if upload_length > limit:
        raise TooLargeError(f"The file is larger than {limit // MIB:,} MiB, the most that may be sent.")
    free = shutil.disk_usage(services.settings.home).free
    if upload_length > free - RESERVE_BYTES:
        raise QuotaExceededError(
            f"The server has room for {max(free - RESERVE_BYTES, 0) / 1e9:.1f} GB more; this file has "
            f"{upload_length / 1e9:.1f} GB. Free some space first."
        )
    metadata = _metadata(upload_metadata)
    relative = safe_relative_path(metadata.get("relativePath") or metadata.get("filename", ""))

    def work(access: Access) -> Upload:
        project, _ = access.project(project_id, Permission.MANAGE)
        upload = uploads.create_upload(
            access.connection,
            project_id=project.id,
            user_id=access.actor.user_id,
            filename=relative.name[:255],
            relative_path=relative.as_posix(),
            size_bytes=upload_length,
            held=metadata.get("hold") == "1",
        )
        services.inbox.create(upload)
        return upload

    upload = write(work)
    location = f"/api/v1/uploads/{upload.id}"
    return Response(status_code=201, headers={**TUS, "Location": location})


def _metadata(header: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in header.split(","))):
        key, _, value = part.partition(" ")
        try:
            values[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise InvalidInputError(f"The upload's metadata {key[:40]!r} is not base64 text.") from None
    if not values.get("filename"):
        raise InvalidInputError("The upload has no 'filename' in its Upload-Metadata.")
    return values


@router.head("/uploads/{upload_id}")
def read_offset(upload_id: str, access: ReadDep) -> Response:
    """How much has safely arrived."""
    upload = access.upload(upload_id)
    headers = {"Upload-Offset": str(upload.offset_bytes), "Upload-Length": str(upload.size_bytes)}
    return Response(status_code=200, headers={**TUS, **headers})


@router.get("/uploads/{upload_id}")
def read_upload(upload_id: str, access: ReadDep) -> wire.Upload:
    """What became of an upload."""
    return upload_wire(access.upload(upload_id))


@router.delete("/uploads/{upload_id}", status_code=204)
def cancel_upload(upload_id: str, write: WriteDep, services: ServicesDep) -> Response:
    """Cancel an upload and delete what has arrived."""

    def work(access: Access) -> None:
        upload = access.upload(upload_id, held=True)
        if upload.state != "receiving":
            raise ConflictError("The upload is complete already; remove the image instead.")
        uploads.delete_upload(access.connection, upload.id)
        services.inbox.remove(upload)

    write(work)
    return Response(status_code=204, headers=TUS)


@router.patch("/uploads/{upload_id}", status_code=204)
async def receive(
    upload_id: str,
    request: Request,
    write: WriteDep,
    services: ServicesDep,
    upload_offset: Annotated[int, Header(ge=0)],
    upload_checksum: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Take bytes from an offset on; with the last one the import begins."""
    if request.headers.get("content-type") != "application/offset+octet-stream":
        raise InvalidInputError("Send the bytes as application/offset+octet-stream.")
    await to_thread.run_sync(lambda: write(lambda access: access.upload(upload_id)))
    algorithm, expected = _checksum(upload_checksum)
    receiver = await to_thread.run_sync(services.inbox.open, upload_id, upload_offset, algorithm)
    try:
        async for chunk in request.stream():
            await to_thread.run_sync(receiver.write, chunk)
        if expected is not None and receiver.digest() != expected:
            return Response(status_code=460, headers=TUS)
        await to_thread.run_sync(receiver.commit)
    except ClientDisconnect:
        if expected is None:
            await to_thread.run_sync(receiver.commit)
        return Response(status_code=400, headers=TUS)
    finally:
        receiver.close()
    await to_thread.run_sync(_import_if_complete, upload_id, write, services)
    return Response(status_code=204, headers={**TUS, "Upload-Offset": str(receiver.offset_bytes)})


def _checksum(header: str | None) -> tuple[str | None, bytes | None]:
    if header is None:
        return None, None
    algorithm, _, value = header.partition(" ")
    if algorithm not in CHECKSUMS:
        raise InvalidInputError(f"Checksums may be {' or '.join(CHECKSUMS)}.")
    try:
        return algorithm, base64.b64decode(value, validate=True)
    except binascii.Error:
        raise InvalidInputError("The checksum is not base64.") from None


def _import_if_complete(upload_id: str, write: WriteDep, services: ServicesDep) -> None:
    def work(access: Access) -> bool:
        upload = uploads.upload_by_id(access.connection, upload_id, held=True)
        if upload.state != "receiving" or upload.offset_bytes < upload.size_bytes:
            return False
        if upload.held:
            uploads.update_upload(access.connection, upload.id, state="received")
            return False
        uploads.update_upload(access.connection, upload.id, state="importing")
        item = importing.ImportItem(services.inbox.path(upload), upload.filename, owned=True, upload_id=upload.id)
        importing.start_import(access.connection, [item], project_id=upload.project_id, user_id=upload.user_id)
        services.announcer.importing(access.connection, upload.project_id)
        return True

    if write(work):
        services.dispatcher.wake()


@router.post("/projects/{project_id}/imports", status_code=202)
def import_uploads(project_id: UUID, body: wire.UploadsImport, write: WriteDep, services: ServicesDep) -> Job:
    """Import complete uploads that were held back, as the folder they came from."""
    folder = services.blobs.new_scratch()

    def work(access: Access) -> Job:
        project, _ = access.project(project_id, Permission.MANAGE)
        held = [access.upload(one, held=True) for one in sorted(set(body.upload_ids))]
        unready = [one for one in held if one.state != "received" or one.project_id != project.id]
        if unready:
            raise ConflictError(f"{unready[0].filename} is not complete, or belongs elsewhere. Send it first.")
        items = importing.folder_items(services.inbox, held, folder)
        job = importing.start_import(access.connection, items, project_id=project.id, user_id=access.actor.user_id)
        for one in held:
            uploads.update_upload(access.connection, one.id, state="done")
        services.announcer.importing(access.connection, project.id)
        return job_wire(access.connection, job)

    job = write(work)
    services.dispatcher.wake()
    return job
