"""Segmenting images, regions and projects as jobs; each image gets a layer of the run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from cytoloop import __version__
from cytoloop.annotations import layers as layer_store
from cytoloop.annotations.geometry import kind_of
from cytoloop.annotations.model import ChangeSet, Layer, NewAnnotation, Status
from cytoloop.annotations.store import apply_change
from cytoloop.core.errors import ConflictError, InvalidInputError, NotFoundError
from cytoloop.core.geometry import Box
from cytoloop.jobs import ledger
from cytoloop.jobs.model import Job, NewJob, Task
from cytoloop.learning.method import parse_parameters
from cytoloop.learning.registry import MethodRegistry
from cytoloop.projects.images import ProjectImage, project_image_by_id
from cytoloop.storage.database import after_commit

from .announcing import Announcer, counted
from .library import ImageLibrary
from .segment_worker import projection_in
from .tiles import tiles_covering

KIND = "segment"
MAX_TASKS = 200_000
RUN_STATE = "run"
"""State of changes that a job made: not on anybody's undo list; the layer is deleted as a whole instead."""


@dataclass(frozen=True, slots=True)
class SegmentOrder:
    """What to segment. ``z``/``t`` ``None`` means every plane; ``region`` is in px of the one image."""

    method: str
    parameters: dict[str, Any]
    images: Sequence[ProjectImage]
    region: BaseGeometry | None = None
    z: int | None = 0
    t: int | None = 0
    term_id: int | None = None


def start_segmentation(
    connection: Connection, methods: MethodRegistry, order: SegmentOrder, *, project_id: int, user_id: int
) -> Job:
    """Check the order, make a layer for each image, and queue the job."""
    method = methods.by_name(order.method)
    parameters = parse_parameters(method, order.parameters).model_dump(mode="json")
    _check_images(order)
    # a projection makes one plane of a stack; its objects belong to the plane asked for, or the first
    chosen = order if projection_in(method) is None else replace(order, z=order.z or 0)
    payloads: list[dict[str, Any]] = []
    for image in order.images:
        payloads += _payloads(image, chosen, parameters)
    if len(payloads) > MAX_TASKS:
        raise InvalidInputError(
            f"This is {len(payloads):,} parts; a job may have {MAX_TASKS:,}. Choose fewer images or planes."
        )
    where = order.images[0].name if len(order.images) == 1 else f"{len(order.images)} images"
    job = ledger.enqueue(
        connection,
        NewJob(
            project_id=project_id,
            kind=KIND,
            title=f"{method.title} on {where}",
            creator_id=user_id,
            parameters=_provenance(order, parameters),
            payloads=payloads,
        ),
    )
    _make_layers(connection, order, job, method.title)
    return ledger.job_by_id(connection, job.id)


def _provenance(order: SegmentOrder, parameters: dict[str, Any]) -> dict[str, Any]:
    """All that is needed to repeat the run: method, parameters, code, and the images' checksums."""
    return {
        "method": order.method,
        "parameters": parameters,
        "cytoloop_version": __version__,
        "region": None if order.region is None else order.region.wkt,
        "z": order.z,
        "t": order.t,
        "term_id": order.term_id,
        "inputs": [
            {"image": str(one.uuid), "name": one.name, "sha256": one.stored.sha256}
            for one in order.images
            if one.stored is not None
        ],
    }


def _make_layers(connection: Connection, order: SegmentOrder, job: Job, title: str) -> None:
    made: dict[str, int] = {}
    for image in order.images:
        layer = layer_store.create_layer(
            connection,
            image_id=image.id,
            name=f"{title} {len(layer_store.layers_of_image(connection, image.id)) + 1}",
            kind="run",
            creator_id=job.creator_id,
            run_id=job.uuid,
        )
        made[str(image.id)] = layer.id
    ledger.set_outputs(connection, job.id, {"layers": made})


def _check_images(order: SegmentOrder) -> None:
    if not order.images:
        raise InvalidInputError("There is no image to segment in this project. Add images first.")
    for image in order.images:
        if image.stored is None or image.state != "ready":
            raise ConflictError(f"{image.name} is not imported yet. Wait for it, or choose others.")
        info = image.stored.info
        for axis, wanted in (("z", order.z), ("t", order.t)):
            if wanted is not None and wanted >= info[f"size_{axis}"]:
                raise InvalidInputError(
                    f"{image.name} has {info[f'size_{axis}']} planes along {axis}; there is no number {wanted}."
                )
    if order.region is not None:
        _check_region(order.region, order.images)


def _check_region(region: BaseGeometry, images: Sequence[ProjectImage]) -> None:
    if len(images) != 1:
        raise InvalidInputError("A region belongs to one image; name just that one.")
    if region.geom_type not in {"Polygon", "MultiPolygon"} or not region.is_valid:
        raise InvalidInputError("The region must be a polygon that does not cross itself.")
    stored = images[0].stored
    assert stored is not None  # checked before
    image_box = shapely.box(0, 0, stored.info["width"], stored.info["height"])
    if not region.intersects(image_box) or region.area == 0:
        raise InvalidInputError("The region does not touch the image.")


def _payloads(image: ProjectImage, order: SegmentOrder, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    assert image.stored is not None  # checked before
    info = image.stored.info
    whole_image = Box(0, 0, info["width"], info["height"])
    box = whole_image
    if order.region is not None:
        x0, y0, x1, y1 = order.region.bounds
        box = Box(math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1))
    planes = [
        (z, t)
        for t in (range(info["size_t"]) if order.t is None else [order.t])
        for z in (range(info["size_z"]) if order.z is None else [order.z])
    ]
    tiles = list(tiles_covering(box, whole_image))
    return [
        {
            "image_id": image.id,
            "method": order.method,
            "parameters": parameters,
            "core": tile.core.as_tuple(),
            "read": tile.read.as_tuple(),
            "whole": tile.read == whole_image,
            "region": None if order.region is None else order.region.wkt,
            "z": z,
            "t": t,
            "term_id": order.term_id,
        }
        for z, t in planes
        for tile in tiles
    ]


class SegmentKind:
    """The job kind "segment"."""

    name = KIND
    function = "cytoloop.workflows.segment_worker:run"

    def __init__(self, library: ImageLibrary, methods: MethodRegistry, announcer: Announcer, read: Any) -> None:
        self._library = library
        self._methods = methods
        self._announcer = announcer
        self._read = read

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """The call: where the image is, what to do, where the outlines go."""
        with self._read() as connection:
            image = project_image_by_id(connection, task.payload["image_id"])
        if image.stored is None:
            raise ConflictError(f"{image.name} is not imported.")
        files = self._library.files(image.stored).as_call()
        models = None if self._methods.models is None else str(self._methods.models)
        return {**task.payload, **files, "models": models, "output": str(_output(scratch, task))}

    def finish_task(self, connection: Connection, job: Job, task: Task, receipt: dict[str, Any], scratch: Path) -> None:
        """Store the objects in the run's layer of the image."""
        layer = self._layer(connection, job, task.payload["image_id"])
        table = pq.read_table(_output(scratch, task))
        geometries = shapely.from_wkb(table["wkb"].to_pylist())
        creates = [
            NewAnnotation(
                geometry=geometry,
                kind=kind_of(geometry),
                term_id=task.payload["term_id"],
                status=Status.PREDICTED,
                z=task.payload["z"],
                t=task.payload["t"],
                score=score,
            )
            for geometry, score in zip(geometries, table["score"].to_pylist(), strict=True)
        ]
        if creates:
            applied = apply_change(
                connection,
                ChangeSet(job.title[:100], creates=creates),
                layer=layer,
                user_id=job.creator_id,
                kind=RUN_STATE,
            )
            self._announcer.applied(connection, applied)
        after_commit(connection, lambda: _output(scratch, task).unlink(missing_ok=True))

    def _layer(self, connection: Connection, job: Job, image_id: int) -> Layer:
        """The run's layer of the image; made again if a failed try had it removed."""
        outputs = ledger.job_by_id(connection, job.id).outputs
        try:
            return layer_store.layer_by_id(connection, outputs["layers"][str(image_id)])
        except NotFoundError:
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
        """Layers that stayed empty because the job failed or was cancelled go away."""
        current = ledger.job_by_id(connection, job.id)
        layers = layer_store.layers_of_run(connection, job.uuid)
        counts = layer_store.term_counts(connection, [one.id for one in layers])
        unfinished = current.state == "cancelled" or current.tasks_failed > 0
        total = 0
        for layer in layers:
            objects = sum(counts[layer.id].values())
            total += objects
            if objects == 0 and unfinished:
                image = project_image_by_id(connection, layer.image_id)
                layer_store.delete_layer(connection, layer.id)
                self._announcer.layer_removed(connection, job.project_id, layer.uuid, image.uuid)
        return f"{counted(total, 'object')} found"


def _output(scratch: Path, task: Task) -> Path:
    return scratch / f"{task.index}.{task.epoch}.parquet"
