"""Vectors of all objects of a project as a job; those that are known and still true are not computed again."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from cytoloop.annotations import layers as layer_store
from cytoloop.annotations.model import Layer
from cytoloop.core.errors import InvalidInputError, TooLargeError
from cytoloop.jobs import ledger, logbook
from cytoloop.jobs.model import Job, NewJob, Task
from cytoloop.projects.images import project_image_by_id, stored_of
from cytoloop.projects.store import Project, project_by_id
from cytoloop.storage.database import Database
from cytoloop.workflows.announcing import counted
from cytoloop.workflows.classification.labelled import area_states, id_ranges, is_area, objects_of
from cytoloop.workflows.classification.objectrows import write_objects
from cytoloop.workflows.classification.shelf import ClassifierShelf, read_features
from cytoloop.workflows.images.library import ImageLibrary

from .vectors import layer_vectors, vector_spec

KIND = "index-objects"
OBJECTS_PER_TASK = 5000
MOST_OBJECTS = 10_000_000
"""Of a project: all are compared one by one."""


def start_indexing(connection: Connection, layers: Sequence[Layer], *, project: Project, user_id: int) -> Job:
    """Queue the job.

    Raises
    ------
    InvalidInputError, TooLargeError
        There is no area on these layers, or there are more than can be compared.
    """
    total = sum(one.total() for one in area_states(connection, layers).values())
    if total > MOST_OBJECTS:
        raise TooLargeError(
            f"There are {total:,} objects; similar ones can be looked for among {MOST_OBJECTS:,}. Choose fewer images."
        )
    payloads: list[dict[str, Any]] = [
        {"layer_id": one.id, "between": list(between)}
        for one in layers
        for between in id_ranges(connection, one, is_area(), OBJECTS_PER_TASK)
    ]
    if not payloads:
        raise InvalidInputError("There are no outlines to compare. Find objects under Segment first, or draw some.")
    title = f"Compare {counted(total, 'object')}"
    parameters = {"layers": [str(one.uuid) for one in layers]}
    return ledger.enqueue(connection, NewJob(project.id, KIND, title, user_id, parameters, payloads))


class IndexKind:
    """The job kind "index-objects"."""

    name = KIND
    function = "cytoloop.workflows.similar.worker:run"

    def __init__(self, database: Database, library: ImageLibrary, shelf: ClassifierShelf) -> None:
        self._database = database
        self._library = library
        self._shelf = shelf

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """The call: objects whose vector is not known, or whose outline has changed since."""
        with self._database.read() as connection:
            layer = layer_store.layer_by_id(connection, task.payload["layer_id"])
            image = project_image_by_id(connection, layer.image_id)
            project = project_by_id(connection, job.project_id)
            first, last = task.payload["between"]
            rows = objects_of(connection, layer.id, is_area(), (first, last))
        source, target = _files(scratch, task)
        write_objects(source, layer_vectors(self._shelf, project.uuid, layer.uuid).unknown(rows))
        return {**self._library.files(stored_of(image)).as_call(), "input": str(source), "output": str(target)}

    def finish_task(self, connection: Connection, job: Job, task: Task, receipt: dict[str, Any], scratch: Path) -> None:
        """Remember the vectors."""
        layer = layer_store.find_layer(connection, task.payload["layer_id"])
        _, target = _files(scratch, task)
        if layer is None or not target.exists():
            return
        project = project_by_id(connection, job.project_id)
        layer_vectors(self._shelf, project.uuid, layer.uuid).keep(read_features(target, vector_spec().width))
        outputs = dict(ledger.job_by_id(connection, job.id).outputs)
        outputs["objects"] = outputs.get("objects", 0) + receipt["objects"]
        ledger.set_outputs(connection, job.id, outputs)

    def task_failed(self, connection: Connection, job: Job, task: Task, error: str) -> None:
        """What could not be looked at is not found."""
        logbook.add_log(connection, job.id, "warning", "Some objects were left out; see the error.")

    def finish_job(self, connection: Connection, job: Job, scratch: Path) -> str:
        """How many were new."""
        count = ledger.job_by_id(connection, job.id).outputs.get("objects", 0)
        return f"{counted(count, 'object')} looked at, the others were known"


def _files(scratch: Path, task: Task) -> tuple[Path, Path]:
    stem = f"{task.index}.{task.epoch}"
    return scratch / f"{stem}.in.parquet", scratch / f"{stem}.out.parquet"
