"""Imports of sets as jobs: a worker reads the zip into files, which are then stored in one go or not at all."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection

from cytoloop.exchange.model import ReadObjects
from cytoloop.jobs import ledger, logbook
from cytoloop.jobs.model import Job, NewJob, Task
from cytoloop.projects.images import image_count, project_image_by_id, project_images
from cytoloop.projects.store import Project
from cytoloop.storage.database import Database, after_commit
from cytoloop.workflows.announcing import Announcer, counted
from cytoloop.workflows.shelf import Shelf

from .exchanging import exchange_image
from .import_sets import FoundLayer, FoundSet, store_set
from .objectfile import read_groups

KIND = "import-set"
PACKED = "set.zip"
MOST_WARNINGS = 100


def start_set_import(
    connection: Connection, project: Project, shelf: Shelf, arrived: Path, name: str, *, user_id: int
) -> Job:
    """Queue the job for a zip that has arrived; the zip is the shelf's from then on."""
    new = NewJob(
        project_id=project.id,
        kind=KIND,
        title=f"Import {name}",
        creator_id=user_id,
        parameters={"name": name},
        payloads=[{}],
    )
    job = ledger.enqueue(connection, new)
    shelf.keep(job.uuid, arrived, PACKED)
    return job


class ImportSetKind:
    """The job kind "import-set"."""

    name = KIND
    function = "cytoloop.workflows.exchange.import_set_worker:run"

    def __init__(self, database: Database, announcer: Announcer, shelf: Shelf) -> None:
        self._database = database
        self._announcer = announcer
        self._shelf = shelf

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """Where the zip is, and what is known of the project's images."""
        with self._database.read() as connection:
            every = project_images(connection, job.project_id, limit=image_count(connection, job.project_id) + 1)
        ready = [one for one in every if one.stored is not None]
        images = [{"id": one.id, "facts": asdict(exchange_image(one))} for one in ready]
        order = scratch / f"{task.index}.{task.epoch}.json"
        order.write_bytes(orjson.dumps({"name": job.parameters["name"], "images": images}))
        return {
            "order": str(order),
            "packed": str(self._shelf.place(job.uuid) / PACKED),
            "output": str(_output(scratch, task)),
        }

    def finish_task(self, connection: Connection, job: Job, task: Task, receipt: dict[str, Any], scratch: Path) -> None:
        """Store what was read: new layers of the images, all in this transaction."""
        output = _output(scratch, task)
        layers = orjson.loads(output.with_suffix(".layers").read_bytes())
        groups = read_groups(output)
        found = [
            FoundLayer(project_image_by_id(connection, one["image_id"]), one["name"], ReadObjects(groups[number]))
            for number, one in enumerate(layers)
        ]
        warnings = list(receipt["warnings"])
        stored = store_set(
            connection,
            FoundSet(found, warnings),
            user_id=job.creator_id,
            announcer=self._announcer,
            run_id=job.uuid,
        )
        warnings += [warning for one in stored for warning in one.warnings]
        for text in warnings[:MOST_WARNINGS]:
            logbook.add_log(connection, job.id, "warning", text)
        created = sum(one.created for one in stored)
        outputs = {"created": created, "imported_layers": len(stored), "warnings": len(warnings)}
        ledger.set_outputs(connection, job.id, outputs)
        after_commit(connection, lambda: (self._shelf.place(job.uuid) / PACKED).unlink(missing_ok=True))

    def task_failed(self, connection: Connection, job: Job, task: Task, error: str) -> None:
        """Nothing was stored; the job tells the error."""

    def finish_job(self, connection: Connection, job: Job, scratch: Path) -> str:
        """How much came in."""
        outputs = ledger.job_by_id(connection, job.id).outputs
        if "created" not in outputs:
            return "Nothing was imported"
        told = f"; {counted(outputs['warnings'], 'warning')} in the log" if outputs["warnings"] else ""
        return f"{counted(outputs['created'], 'object')} in {counted(outputs['imported_layers'], 'new layer')}{told}"


def _output(scratch: Path, task: Task) -> Path:
    return scratch / f"{task.index}.{task.epoch}.parquet"
