"""Importing images: from uploads, archives and folders of the server, as jobs."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from cytoloop.core.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from cytoloop.jobs import ledger
from cytoloop.jobs.model import Job, NewJob, Task
from cytoloop.projects import images as image_records
from cytoloop.projects import uploads
from cytoloop.projects.images import StoredImage
from cytoloop.projects.uploads import Upload
from cytoloop.storage.blobs.contract import Blobs
from cytoloop.storage.database import after_commit
from cytoloop.workflows.announcing import Announcer, counted

from .archives import JUNK_NAMES, images_in, looks_like_zip, safe_relative_path
from .custody import Custody
from .receiving import Inbox

KIND = "import"


@dataclass(frozen=True, slots=True)
class ImportItem:
    """A file or image folder to import.

    ``owned``: the file is ours to remove once it is stored (an upload); otherwise it is copied, or used where it is if
    ``in_place``. ``blob``: the key of the stored files in which ``source`` is.
    """

    source: Path
    name: str
    in_place: bool = False
    owned: bool = False
    upload_id: str | None = None
    series: int = 0
    blob: str | None = None
    cleanup: Path | None = None
    """A folder that is removed when the job has ended."""


def start_import(connection: Connection, items: Sequence[ImportItem], *, project_id: int, user_id: int) -> Job:
    """Queue a job that imports these files; each gets its place in the project at once."""
    payloads: list[dict[str, Any]] = []
    for item in items:
        size = item.source.stat().st_size if item.blob is None and item.source.is_file() else 0
        image_id = None
        if not looks_like_zip(item.name):
            placed = image_records.add_project_image(connection, project_id=project_id, name=item.name, size_bytes=size)
            image_id = placed.id
        payloads.append(
            {
                "source": str(item.source),
                "name": item.name,
                "in_place": item.in_place,
                "owned": item.owned,
                "upload_id": item.upload_id,
                "cleanup": None if item.cleanup is None else str(item.cleanup),
                "image_id": image_id,
                "series": item.series,
                "blob": item.blob,
            }
        )
    title = f"Import {items[0].name}" if len(items) == 1 else f"Import {len(items)} files"
    return ledger.enqueue(
        connection,
        NewJob(
            project_id=project_id,
            kind=KIND,
            title=title,
            creator_id=user_id,
            parameters={"files": [item.name for item in items][:1000]},
            payloads=payloads,
        ),
    )


class ImportKind:
    """The job kind "import"."""

    name = KIND
    function = "cytoloop.workflows.images.import_worker:run"

    def __init__(self, blobs: Blobs, custody: Custody, announcer: Announcer) -> None:
        self._blobs = blobs
        self._custody = custody
        self._announcer = announcer

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """The call: the payload, a staging folder, and where the files are to lie."""
        self._custody.claim()
        return {**task.payload, "staging": str(scratch / f"{task.index}"), "place": self._blobs.place.as_json()}

    def finish_task(self, connection: Connection, job: Job, task: Task, receipt: dict[str, Any], scratch: Path) -> None:
        """Record the files, which are stored already, and show the image, or queue what an archive held."""
        payload, staging = task.payload, scratch / f"{task.index}"
        if "unpacked" in receipt:
            self._queue_unpacked(connection, job, payload, receipt["unpacked"], staging)
            return
        stored = _recorded(connection, receipt, payload)
        after_commit(connection, lambda: shutil.rmtree(staging, ignore_errors=True))
        image_records.mark_ready(connection, payload["image_id"], stored)
        self._announcer.image(connection, payload["image_id"])
        self._end_upload(connection, payload, [payload["image_id"]], error=None)
        self._queue_series(connection, job, payload, stored, receipt["series_names"])

    def _queue_series(
        self,
        connection: Connection,
        job: Job,
        payload: dict[str, Any],
        stored: StoredImage,
        names: Sequence[str],
    ) -> None:
        """A file that holds several images becomes as many."""
        if payload["series"] != 0 or len(names) < 2:
            return
        source, blob = Path(stored.original), None if stored.in_place else stored.content_key
        items = [
            ImportItem(source, f"{payload['name']} - {name}", in_place=payload["in_place"], series=number, blob=blob)
            for number, name in enumerate(names)
            if number > 0
        ]
        image_records.rename_image(connection, payload["image_id"], f"{payload['name']} - {names[0]}"[:300])
        start_import(connection, items, project_id=job.project_id, user_id=job.creator_id)
        self._announcer.importing(connection, job.project_id)

    def _queue_unpacked(
        self,
        connection: Connection,
        job: Job,
        payload: dict[str, Any],
        found: list[str],
        staging: Path,
    ) -> None:
        """What came out of an archive is imported by a job of its own."""
        kept = self._blobs.new_scratch(f"{job.uuid.hex}-{staging.name}")
        if not kept.exists():  # it does when this write is done again
            staging.rename(kept)
        items = [
            ImportItem(
                kept / Path(one).relative_to(staging),
                Path(one).name,
                owned=True,
                cleanup=kept,
            )
            for one in found
        ]
        start_import(connection, items, project_id=job.project_id, user_id=job.creator_id)
        self._announcer.importing(connection, job.project_id)
        self._end_upload(connection, payload, [], error=None)

    def task_failed(self, connection: Connection, job: Job, task: Task, error: str) -> None:
        """The image shows why it could not be imported; its file is not kept."""
        payload = task.payload
        if payload["image_id"] is not None:
            image_records.mark_failed(connection, payload["image_id"], error)
            self._announcer.image(connection, payload["image_id"])
        self._end_upload(connection, payload, [], error=error)

    def _end_upload(
        self,
        connection: Connection,
        payload: dict[str, Any],
        image_ids: list[int],
        *,
        error: str | None,
    ) -> None:
        if payload["upload_id"] is not None:
            found = [image_records.find_project_image(connection, one) for one in image_ids]
            named = [str(one.uuid) for one in found if one is not None]
            uploads.update_upload(
                connection,
                payload["upload_id"],
                state="failed" if error else "done",
                error=error,
                image_ids=named,
            )
            self._announcer.upload(connection, payload["upload_id"])
        if payload["owned"]:
            after_commit(connection, lambda: _remove(Path(payload["source"])))

    def finish_job(self, connection: Connection, job: Job, scratch: Path) -> str:
        """Images of a cancelled job say so."""
        current = ledger.job_by_id(connection, job.id)
        payloads = ledger.payloads(connection, job.id)
        for folder in {one["cleanup"] for one in payloads if one["cleanup"]}:
            shutil.rmtree(folder, ignore_errors=True)
        if current.state != "cancelled":
            return f"{counted(current.tasks_done, 'file')} imported"
        for payload in payloads:
            image_id = payload["image_id"]
            if image_id is not None and image_records.is_importing(connection, image_id):
                image_records.mark_failed(connection, image_id, "The import was cancelled.")
                self._announcer.image(connection, image_id)
        return "The import was cancelled"


def _recorded(connection: Connection, receipt: dict[str, Any], payload: dict[str, Any]) -> StoredImage:
    """The record of the files that a worker stored; that of another image with the same content if there is one."""
    present = image_records.stored_by_key(connection, receipt["key"])
    if present is not None:
        return present
    return image_records.add_stored(
        connection,
        content_key=receipt["key"],
        sha256=receipt["sha256"],
        original=receipt["original"],
        prepared=receipt["prepared"],
        in_place=payload["in_place"],
        series=payload["series"],
        info=receipt["info"],
        display=receipt["display"],
        size_bytes=receipt["size_bytes"],
    )


def _remove(source: Path) -> None:
    shutil.rmtree(source, ignore_errors=True) if source.is_dir() else source.unlink(missing_ok=True)


def folder_items(inbox: Inbox, held: Sequence[Upload], folder: Path) -> list[ImportItem]:
    """Put complete uploads together again as the folder they came from; the images in it."""
    for one in held:
        target = folder.joinpath(*safe_relative_path(one.relative_path).parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():  # it does when this is done again
            inbox.path(one).rename(target)
        inbox.remove(one)
    return [ImportItem(one, one.name, owned=True, cleanup=folder) for one in images_in(folder)]


def allowed_path(text: str, folders: Sequence[Path]) -> Path:
    """A path on the server that the settings allow to register, links resolved.

    Raises
    ------
    PermissionDeniedError
        It is not below one of the folders.
    """
    path = Path(text).resolve()
    if not any(path.is_relative_to(folder.resolve()) for folder in folders):
        raise PermissionDeniedError(
            f"{Path(text).name!r} is not in one of the server's image folders. "
            "Add its folder to the setting image_folders, or upload the file."
        )
    if not path.exists():
        raise NotFoundError(f"There is no file {path.name!r} in that folder.")
    return path


def registered_items(paths: Sequence[str], folders: Sequence[Path]) -> list[ImportItem]:
    """Paths to register in place as items to import."""
    if not folders:
        raise InvalidInputError("This server has no image folders. Set image_folders (CYTOLOOP_IMAGE_FOLDERS) first.")
    found: list[Path] = []
    for text in paths:
        path = allowed_path(text, folders)
        found += images_in(path) if path.is_dir() else [path]
    items = [ImportItem(one, one.name, in_place=True) for one in found if one.name not in JUNK_NAMES]
    if not items:
        raise InvalidInputError("There are no files in that folder.")
    return items
