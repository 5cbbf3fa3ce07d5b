"""Measuring the objects of layers as jobs; the numbers lie in one Parquet file a layer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, select

from cytoloop.annotations import layers as layer_store
from cytoloop.annotations.model import Layer
from cytoloop.annotations.points import read_points
from cytoloop.annotations.tables import annotation
from cytoloop.core.clock import utc_now
from cytoloop.core.errors import InvalidInputError
from cytoloop.jobs import ledger
from cytoloop.jobs.model import Job, NewJob, Task
from cytoloop.measurements.features.catalogue import Wanted
from cytoloop.projects.images import project_image_by_id, stored_of
from cytoloop.storage.database import Database
from cytoloop.workflows.announcing import Announcer, counted
from cytoloop.workflows.images.library import ImageLibrary

KIND = "measure"
OBJECTS_PER_TASK = 4000
FEATURED_PER_TASK = 500
"""With further measurements, of which some take 10 ms an object and channel."""
BASIC = Wanted()


def start_measurement(
    connection: Connection, layers: Sequence[Layer], wanted: Wanted = BASIC, *, project_id: int, user_id: int
) -> Job:
    """Queue a job that measures every object of these layers."""
    per_task = OBJECTS_PER_TASK if not wanted.sets else FEATURED_PER_TASK
    payloads: list[dict[str, Any]] = []
    for layer in layers:
        # In the order of the key, so that one task's objects lie together in the image.
        keys = connection.execute(
            select(annotation.c.cell, annotation.c.id)
            .where(annotation.c.layer_id == layer.id)
            .order_by(annotation.c.cell, annotation.c.id)
        ).all()
        for start in range(0, len(keys), per_task):
            part = keys[start : start + per_task]
            payloads.append({"layer_id": layer.id, "first": list(part[0]), "last": list(part[-1])})
    if not payloads:
        raise InvalidInputError("There is nothing to measure: the layer has no objects yet.")
    names = layers[0].name if len(layers) == 1 else f"{len(layers)} layers"
    return ledger.enqueue(
        connection,
        NewJob(
            project_id=project_id,
            kind=KIND,
            title=f"Measure {names}",
            creator_id=user_id,
            parameters={"layers": [str(one.uuid) for one in layers], "features": wanted.as_parameters()},
            payloads=payloads,
        ),
    )


class MeasureKind:
    """The job kind "measure"."""

    name = KIND
    function = "cytoloop.workflows.measurements.worker:run"

    def __init__(self, database: Database, library: ImageLibrary, announcer: Announcer, folder: Path) -> None:
        self._database = database
        self._library = library
        self._announcer = announcer
        self._folder = folder

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """Write the task's objects to a file, and say where the image is."""
        payload = task.payload
        with self._database.read() as connection:
            layer = layer_store.layer_by_id(connection, payload["layer_id"])
            image = project_image_by_id(connection, layer.image_id)
            rows = _objects_between(connection, layer.id, payload["first"], payload["last"])
            features = Wanted.from_parameters(job.parameters.get("features", {}))
            centres = _centres(connection, layer, scratch) if "neighbours" in features.sets else None
        source, target = _files(scratch, task)
        names = ("id", "version", "z", "t", "wkb")
        columns = zip(*rows, strict=True) if rows else [[] for _ in names]
        types = (pa.int64(), pa.int64(), pa.int64(), pa.int64(), pa.binary())
        arrays = [pa.array(list(c), kind) for c, kind in zip(columns, types, strict=True)]
        pq.write_table(pa.table(dict(zip(names, arrays, strict=True))), source)
        files = self._library.files(stored_of(image)).as_call()
        return {
            **files,
            "input": str(source),
            "output": str(target),
            "features": features.as_parameters(),
            "centres": None if centres is None else str(centres),
        }

    def finish_task(self, connection: Connection, job: Job, task: Task, receipt: dict[str, Any], scratch: Path) -> None:
        """Keep the part under a name that does not depend on the attempt."""
        source, target = _files(scratch, task)
        kept = scratch / f"{task.payload['layer_id']}-{task.index}.part"
        if target.exists():  # not when this write is done again
            target.rename(kept)
        source.unlink(missing_ok=True)
        outputs = dict(ledger.job_by_id(connection, job.id).outputs)
        if receipt["columns"]:
            outputs.setdefault("columns", {})[str(task.payload["layer_id"])] = receipt["columns"]
            ledger.set_outputs(connection, job.id, outputs)

    def task_failed(self, connection: Connection, job: Job, task: Task, error: str) -> None:
        """The job tells the error; the other parts are kept."""

    def finish_job(self, connection: Connection, job: Job, scratch: Path) -> str:
        """Join the parts of each layer into its table."""
        current = ledger.job_by_id(connection, job.id)
        if current.state == "cancelled":
            return "The measurement was cancelled"
        total = 0
        for layer_id, columns in current.outputs.get("columns", {}).items():
            parts = sorted(scratch.glob(f"{layer_id}-*.part"))
            layer = layer_store.layer_by_id(connection, int(layer_id))
            name = f"{layer.uuid}-{job.uuid}.parquet"
            self._folder.mkdir(parents=True, exist_ok=True)
            table = pa.concat_tables([pq.read_table(one) for one in parts], promote_options="default")
            total += len(table)
            pq.write_table(table, self._folder / name, compression="zstd")
            old = layer.measurements
            facts = {"file": name, "columns": columns, "at": utc_now().isoformat(), "run": str(job.uuid)}
            layer_store.set_measurements(connection, layer.id, facts)
            if old is not None and old["file"] != name:
                (self._folder / old["file"]).unlink(missing_ok=True)
            self._announcer.layer(connection, layer, layer.generation, None)
        return f"{counted(total, 'object')} measured"


def _files(scratch: Path, task: Task) -> tuple[Path, Path]:
    stem = f"{task.index}.{task.epoch}"
    return scratch / f"{stem}.in.parquet", scratch / f"{stem}.out.parquet"


def _centres(connection: Connection, layer: Layer, scratch: Path) -> Path:
    """Numbers, centres and planes of all objects of a layer, for every task of the job (NumPy, ``points.RECORD``)."""
    path = scratch / f"{layer.id}-centres.npy"
    if not path.exists():
        partial = path.with_suffix(".partial.npy")
        np.save(partial, np.sort(read_points(connection, layer.id), order="id"), allow_pickle=False)
        partial.rename(path)
    return path


def _objects_between(
    connection: Connection, layer_id: int, first: Sequence[int], last: Sequence[int]
) -> list[tuple[Any, ...]]:
    """Objects of a layer from one key to another, both included."""
    key = (annotation.c.cell, annotation.c.id)
    after = (key[0] > first[0]) | ((key[0] == first[0]) & (key[1] >= first[1]))
    before = (key[0] < last[0]) | ((key[0] == last[0]) & (key[1] <= last[1]))
    rows = connection.execute(
        select(
            annotation.c.id,
            annotation.c.version,
            annotation.c.z,
            annotation.c.t,
            annotation.c.geom,
        )
        .where(annotation.c.layer_id == layer_id)
        .where(annotation.c.cell.between(first[0], last[0]))
        .where(after & before)
        .order_by(*key)
    )
    return [tuple(row) for row in rows]
