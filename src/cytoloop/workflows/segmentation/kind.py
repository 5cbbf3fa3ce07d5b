"""The job kind of segmentations: what each of its tasks is given, and what becomes of what they found."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from cytoloop.annotations import layers as layer_store
from cytoloop.annotations.geometry import kind_of
from cytoloop.annotations.model import ChangeSet, Layer, NewAnnotation, Status
from cytoloop.annotations.store import apply_change
from cytoloop.annotations.wholelayers import record_layer
from cytoloop.core.errors import ConflictError, NotFoundError
from cytoloop.jobs import ledger, logbook
from cytoloop.jobs.model import Job, Task
from cytoloop.learning.registry import MethodRegistry
from cytoloop.projects.images import project_image_by_id, stored_of
from cytoloop.projects.store import project_by_id
from cytoloop.storage.database import after_commit
from cytoloop.workflows.announcing import Announcer, counted
from cytoloop.workflows.classification.classifying import follow_with_classification
from cytoloop.workflows.classification.shelf import ClassifierShelf
from cytoloop.workflows.images.library import ImageLibrary
from cytoloop.workflows.pixels.shelf import PixelShelf

from . import slides
from .segmenting import KIND, Step

RUN_STATE = "run"
"""State of changes that a job makes: not on anybody's undo list; when it has ended, its layer is, as one step."""


class SegmentKind:
    """The job kind "segment".

    An image of one piece is one task. A slide has tasks in stages: its foreground (if wanted), its tiles, the strips
    that tiles share, and the storing of what came of the strips, in parts so that others can write in between.
    """

    name = KIND
    function = "cytoloop.workflows.segmentation.worker:run"

    def __init__(
        self,
        library: ImageLibrary,
        methods: MethodRegistry,
        announcer: Announcer,
        shelf: ClassifierShelf,
        pixels: PixelShelf,
        read: Any,
    ) -> None:
        self._shelf = shelf
        self._pixels = pixels
        self._library = library
        self._methods = methods
        self._announcer = announcer
        self._read = read

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """The call: where the image is, what to do, where the outlines go."""
        payload = task.payload
        with self._read() as connection:
            image = project_image_by_id(connection, payload["image_id"])
            project = project_by_id(connection, job.project_id)
            strips = slides.strips_call(connection, task, scratch) if payload["step"] == Step.STRIPS else {}
        files = self._library.files(stored_of(image)).as_call()
        methods = self._methods.with_pixels(self._pixels.of_project(project.uuid)).as_call()
        call = {**payload, **files, **methods, "output": str(slides.output(scratch, task)), **strips}
        if payload["step"] == Step.TILE:
            call["strips"] = None if payload["alone"] else str(slides.strips_path(scratch, task))
        if payload.get("foreground"):
            info = stored_of(image).info
            call["foreground"] = slides.foreground_call(scratch, payload, info["width"], info["height"])
        if payload["step"] == Step.FOREGROUND:
            call["output"] = str(slides.foreground_path(scratch, payload))
        return call

    def finish_task(self, connection: Connection, job: Job, task: Task, receipt: dict[str, Any], scratch: Path) -> None:
        """Store the objects in the run's layer of the image."""
        match task.payload["step"]:
            case Step.FOREGROUND:
                skipped = slides.tiles_without_foreground(connection, task, scratch, receipt["step"])
                ledger.skip_tasks(connection, job.id, skipped)
                text = f"{receipt['share']:.0%} of the slide is {task.payload['method']}"
                logbook.add_log(connection, job.id, "info", f"{text}; {counted(len(skipped), 'tile')} left out.")
            case Step.STRIPS:
                ledger.add_tasks(connection, job.id, slides.store_payloads(task, receipt["parts"], scratch))
            case Step.STORE:
                self._store(connection, job, task, Path(task.payload["path"]))
            case _:
                self._store(connection, job, task, slides.output(scratch, task))
                after_commit(connection, lambda: slides.output(scratch, task).unlink(missing_ok=True))
                if not task.payload["alone"]:
                    self._store_late_strips(connection, job, task, slides.strips_path(scratch, task))

    def _store(self, connection: Connection, job: Job, task: Task, path: Path) -> None:
        if not path.exists():
            raise ConflictError("What the tiles found is not on this server's disk any more. Start the run anew.")
        table = pq.read_table(path)
        geometries = shapely.from_wkb(table["wkb"].to_pylist())
        self._insert(connection, job, task, zip(geometries, table["score"].to_pylist(), strict=True))

    def _store_late_strips(self, connection: Connection, job: Job, task: Task, path: Path) -> None:
        """Of a tile that is tried again after its neighbours' strips were joined: what of its own is not there yet."""
        if slides.strips_are_joined(connection, task):
            layer = self._layer(connection, job, task.payload["image_id"])
            self._insert(connection, job, task, slides.late_objects(connection, layer.id, task, path))

    def _insert(
        self, connection: Connection, job: Job, task: Task, objects: Iterable[tuple[BaseGeometry, float]]
    ) -> None:
        layer = self._layer(connection, job, task.payload["image_id"])
        creates = [
            NewAnnotation(
                geometry=geometry,
                kind=kind_of(geometry),
                term_id=task.payload["term_id"],
                status=Status.PREDICTED,
                z=task.payload["z"],
                t=task.payload["t"],
                score=score,
                term_score=score,
            )
            for geometry, score in objects
        ]
        if creates:
            change = ChangeSet(job.title[:100], creates=creates)
            applied = apply_change(connection, change, layer=layer, user_id=job.creator_id, kind=RUN_STATE)
            self._announcer.applied(connection, applied)

    def _layer(self, connection: Connection, job: Job, image_id: int) -> Layer:
        """The run's layer of the image; made again if a failed try had it removed."""
        outputs = ledger.job_by_id(connection, job.id).outputs
        found = layer_store.find_layer(connection, outputs["layers"][str(image_id)])
        if found is not None and not found.removed:
            return found
        layer = layer_store.create_layer(
            connection,
            image_id=image_id,
            name=job.title[:200],
            kind="run",
            creator_id=job.creator_id,
            run_id=job.uuid,
        )
        outputs["layers"][str(image_id)] = layer.id
        ledger.set_outputs(connection, job.id, outputs)
        return layer

    def task_failed(self, connection: Connection, job: Job, task: Task, error: str) -> None:
        """Nothing was written; the job tells the error."""

    def finish_job(self, connection: Connection, job: Job, scratch: Path) -> str:
        """Each layer becomes a step of the history; those that stayed empty as the job failed or was cancelled go."""
        current = ledger.job_by_id(connection, job.id)
        layers = layer_store.layers_of_run(connection, job.uuid)
        counts = layer_store.term_counts(connection, [one.id for one in layers])
        unfinished = current.state == "cancelled" or current.tasks_failed > 0
        total = 0
        for layer in layers:
            objects = sum(counts[layer.id].values())
            total += objects
            if objects > 0 or not unfinished:
                record_layer(connection, layer, user_id=job.creator_id, label=job.title, parts=RUN_STATE)
            else:
                image = project_image_by_id(connection, layer.image_id)
                layer_store.delete_layer(connection, layer.id)
                self._announcer.layer_removed(connection, job.project_id, layer.uuid, image.uuid)
        if total > 0 and current.state != "cancelled" and job.parameters.get("classifier"):
            self._classify(connection, job)
        return f"{counted(total, 'object')} found"

    def _classify(self, connection: Connection, job: Job) -> None:
        """The last stage: what was found is told apart."""
        project = project_by_id(connection, job.project_id)
        try:
            version = self._shelf.version(project.uuid, job.parameters["classifier"])
        except NotFoundError as error:
            logbook.add_log(connection, job.id, "warning", f"Not classified: {error.message}")
            return
        layers = layer_store.layers_of_run(connection, job.uuid)
        follow_with_classification(connection, self._announcer, version, layers, job)
