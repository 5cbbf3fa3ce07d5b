"""Images of projects: lists, facts, pixels; registering files of the server."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from cytoloop.core.errors import ConflictError, InvalidInputError, NotFoundError
from cytoloop.images.rendering import encode_jpeg
from cytoloop.images.statistics import histogram, pixel_values
from cytoloop.projects import images as image_records
from cytoloop.projects.images import StoredImage, stored_of
from cytoloop.projects.permissions import Permission
from cytoloop.server.access import Access
from cytoloop.server.dependencies import ReadDep, ServicesDep, WriteDep
from cytoloop.server.serialise import image_wire, images_wire, job_wire
from cytoloop.wire import images as wire
from cytoloop.wire.base import Page
from cytoloop.wire.jobs import Job
from cytoloop.workflows.images import importing, removing

router = APIRouter(tags=["images"])

MAX_ENTRIES = 10_000


@router.get("/projects/{project_id}/images")
def list_images(
    project_id: UUID,
    access: ReadDep,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Page[wire.Image]:
    """Images of a project in their order, those being imported and those that failed included."""
    project, _ = access.project(project_id, Permission.VIEW)
    found = image_records.project_images(access.connection, project.id, after=_place(cursor), limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=images_wire(access.connection, project.id, found[:limit]),
        next=None if last is None else f"{last.position}.{last.id}",
        total=image_records.image_count(access.connection, project.id),
    )


def _place(cursor: str | None) -> tuple[int, int] | None:
    if not cursor:
        return None
    position, _, row = cursor.partition(".")
    if not (position.isdigit() and row.isdigit()):
        raise InvalidInputError("The cursor is not one that this server gave out.")
    return int(position), int(row)


@router.post("/projects/{project_id}/images", status_code=202)
def register_images(project_id: UUID, body: wire.ImageRegister, write: WriteDep, services: ServicesDep) -> Job:
    """Register files of the server where they are."""

    def work(access: Access) -> Job:
        project, _ = access.project(project_id, Permission.MANAGE)
        items = importing.registered_items(body.paths, services.settings.image_folders)
        job = importing.start_import(access.connection, items, project_id=project.id, user_id=access.actor.user_id)
        services.announcer.importing(access.connection, project.id)
        return job_wire(access.connection, job)

    job = write(work)
    services.dispatcher.wake()
    return job


@router.get("/server-files")
def list_server_files(access: ReadDep, services: ServicesDep, path: str = "") -> list[wire.ServerEntry]:
    """Folders and files that may be registered; the roots without a path."""
    folders = services.settings.image_folders
    if not path:
        entries = [one for one in folders if one.is_dir()]
    else:
        folder = importing.allowed_path(path, folders)
        if not folder.is_dir():
            raise InvalidInputError(f"{folder.name} is no folder.")
        entries = sorted(
            (one for one in folder.iterdir() if not one.name.startswith(".")),
            key=lambda one: (one.is_file(), one.name.lower()),
        )[:MAX_ENTRIES]
    return [_entry(one) for one in entries]


def _entry(path: Path) -> wire.ServerEntry:
    is_file = path.is_file()
    return wire.ServerEntry(
        name=path.name or str(path),
        path=str(path),
        kind="file" if is_file else "folder",
        size_bytes=path.stat().st_size if is_file else None,
    )


@router.get("/images/{image_id}")
def read_image(image_id: UUID, access: ReadDep) -> wire.Image:
    """One image."""
    return image_wire(access.connection, access.image(image_id, Permission.VIEW))


@router.patch("/images/{image_id}")
def update_image(image_id: UUID, body: wire.ImageUpdate, write: WriteDep, services: ServicesDep) -> wire.Image:
    """Rename an image."""

    def work(access: Access) -> wire.Image:
        image = access.image(image_id, Permission.MANAGE)
        if body.name is not None:
            image_records.rename_image(access.connection, image.id, body.name)
            services.announcer.image(access.connection, image.id)
        return image_wire(access.connection, access.image(image_id, Permission.VIEW))

    return write(work)


@router.delete("/images/{image_id}", status_code=204)
def delete_image(image_id: UUID, write: WriteDep, services: ServicesDep) -> None:
    """Remove an image from its project with its layers; its files go when no project uses them."""

    def work(access: Access) -> list[StoredImage]:
        image = access.image(image_id, Permission.MANAGE)
        unused = removing.remove_image(access.connection, image.id)
        services.announcer.image_removed(access.connection, image.project_id, image.uuid)
        return unused

    unused = write(work)
    removing.delete_unused(unused, services.library, services.custody)


def check_plane(stored: StoredImage, z: int, t: int) -> None:
    """Raise ``NotFoundError`` for planes that the image does not have."""
    info = stored.info
    if not (0 <= z < info["size_z"] and 0 <= t < info["size_t"]):
        raise NotFoundError(
            f"There is no plane z {z}, t {t}: the image has {info['size_z']} z and {info['size_t']} t planes."
        )


@router.get("/images/{image_id}/histogram")
def read_histogram(
    image_id: UUID, access: ReadDep, services: ServicesDep, z: int = 0, t: int = 0
) -> list[wire.ChannelHistogram]:
    """The distribution of values of each channel on one plane."""
    stored = stored_of(access.image(image_id, Permission.VIEW))
    check_plane(stored, z, t)
    with services.library.pyramid(stored) as pyramid:
        channels = 3 if pyramid.info.rgb else pyramid.info.size_c
        found = [histogram(pyramid, c, z, t) for c in range(channels)]
    return [
        wire.ChannelHistogram(
            channel=one.channel,
            minimum=one.minimum,
            maximum=one.maximum,
            low=one.low,
            high=one.high,
            counts=list(one.counts),
        )
        for one in found
    ]


@router.get("/images/{image_id}/pixels")
def read_pixel(
    image_id: UUID, x: int, y: int, access: ReadDep, services: ServicesDep, z: int = 0, t: int = 0
) -> wire.PixelValue:
    """The stored values at one pixel."""
    stored = stored_of(access.image(image_id, Permission.VIEW))
    check_plane(stored, z, t)
    with services.library.pyramid(stored) as pyramid:
        return wire.PixelValue(x=x, y=y, values=pixel_values(pyramid.source, x, y, z, t))


@router.get("/images/{image_id}/associated/{name}")
def read_associated(image_id: UUID, name: str, access: ReadDep, services: ServicesDep) -> Response:
    """A label or macro image."""
    stored = stored_of(access.image(image_id, Permission.VIEW))
    if name not in stored.info.get("associated", []):
        raise NotFoundError(f"This image has no {name[:40]!r} image.")
    with services.library.pyramid(stored) as pyramid:
        content = encode_jpeg(pyramid.source.associated(name))
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


@router.get("/images/{image_id}/arrival")
def read_arrival(image_id: UUID, access: ReadDep, services: ServicesDep) -> wire.Arrival:
    """Whether the image's files are on the server's disk; asking begins to fetch those that are in an object store."""
    stored = stored_of(access.image(image_id, Permission.VIEW))
    arrival = services.library.arrival(stored)
    if arrival is None:
        return wire.Arrival(here=True, fetched_bytes=stored.size_bytes, size_bytes=stored.size_bytes)
    return wire.Arrival(
        here=False, fetched_bytes=arrival.fetched_bytes, size_bytes=arrival.size_bytes, error=arrival.error
    )


@router.get("/images/{image_id}/original")
def read_original(image_id: UUID, access: ReadDep, services: ServicesDep) -> FileResponse:
    """The file as it was uploaded."""
    stored = stored_of(access.image(image_id, Permission.VIEW))
    with ExitStack() as stack:
        path = stack.enter_context(services.library.local(stored)).original
        if not path.is_file():
            raise ConflictError("This image consists of several files; it cannot be sent as one.")
        return _KeptFile(stack.pop_all(), path)


class _KeptFile(FileResponse):
    """A file that stays on the server's disk until it was sent, or the other side went away."""

    def __init__(self, kept: ExitStack, path: Path) -> None:
        super().__init__(path, filename=path.name, media_type="application/octet-stream")
        self._kept = kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._kept:
            await super().__call__(scope, receive, send)
