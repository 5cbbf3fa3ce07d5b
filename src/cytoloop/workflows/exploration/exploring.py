"""Projections, clusters and unusual objects as a job; what is found becomes columns of the measurements."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sqlalchemy import Connection

from cytoloop.annotations import layers as layer_store
from cytoloop.annotations.model import Layer
from cytoloop.core.errors import ConflictError, InvalidInputError
from cytoloop.jobs import ledger
from cytoloop.jobs.model import Job, NewJob, Task
from cytoloop.measurements.exploring.projecting import has_umap
from cytoloop.projects.images import ProjectImage, project_image_by_id
from cytoloop.storage.database import Database, after_commit
from cytoloop.workflows.announcing import Announcer

from .populations import Population, Scope, population_of

KIND = "explore"
Step = Literal["project", "cluster", "outliers"]
METHODS: dict[Step, tuple[str, ...]] = {
    "project": ("pca", "tsne", "umap"),
    "cluster": ("kmeans", "mixture", "hdbscan"),
    "outliers": ("forest", "distance"),
}
TITLES = {
    "pca": "Principal components",
    "tsne": "t-SNE",
    "umap": "UMAP",
    "kmeans": "k-means",
    "mixture": "Gaussian mixture",
    "hdbscan": "HDBSCAN",
    "forest": "Isolation forest",
    "distance": "Robust distance",
}
_DOING: dict[Step, str] = {"project": "Arrange", "cluster": "Find clusters in", "outliers": "Find the unusual in"}


@dataclass(frozen=True, slots=True)
class Exploration:
    """What to derive, by which method, from which measurements (``None``: all that tell how objects look).

    ``count``: clusters, ``None`` lets the data decide; ``smallest``: objects of a cluster (HDBSCAN); ``perplexity``
    (t-SNE) and ``neighbours`` (UMAP) say how far an object's surroundings reach.
    """

    step: Step
    method: str
    features: tuple[str, ...] | None = None
    count: int | None = None
    smallest: int | None = None
    perplexity: float = 30.0
    neighbours: int = 15
    seed: int = 0

    def as_order(self) -> dict[str, Any]:
        """JSON for the worker."""
        names = ("step", "method", "count", "smallest", "perplexity", "neighbours", "seed")
        return {name: getattr(self, name) for name in names}


def is_available(method: str) -> bool:
    """Whether what a method needs is installed."""
    return method != "umap" or has_umap()


def start_exploration(
    connection: Connection,
    layer: Layer,
    image: ProjectImage,
    order: Exploration,
    *,
    scope: Scope,
    folder: Path,
    user_id: int,
) -> Job:
    """Queue the job.

    Raises
    ------
    InvalidInputError
        The layer was not measured, or the method or a measurement is unknown.
    """
    if order.method not in METHODS[order.step]:
        known = ", ".join(METHODS[order.step])
        raise InvalidInputError(f"There is no method {order.method!r} for this. Choose one of: {known}.")
    if not is_available(order.method):
        raise InvalidInputError("UMAP is not installed on this server (pip install 'cytoloop[umap]'). Choose t-SNE.")
    if layer.measurements is None:
        raise InvalidInputError(f"{layer.name!r} was not measured yet. Measure it first.")
    population = population_of(connection, layer, image, folder, scope)
    features = list(order.features) if order.features is not None else population.comparable_columns()
    for key in features:
        population.column(key)
    if not features:
        raise InvalidInputError("There is no measurement that all these layers have. Measure them in the same way.")
    where = layer.name if scope == "image" else f"{len(population.members)} images"
    return ledger.enqueue(
        connection,
        NewJob(
            project_id=image.project_id,
            kind=KIND,
            title=f"{_DOING[order.step]} {where}: {TITLES[order.method]}",
            creator_id=user_id,
            parameters={
                "layers": [str(one.layer.uuid) for one in population.members],
                "order": order.as_order(),
                "features": features,
                "scope": scope,
            },
            payloads=[{"layer_id": layer.id}],
        ),
    )


class ExploreKind:
    """The job kind "explore": one task that reads measurements and gives columns."""

    name = KIND
    function = "cytoloop.workflows.exploration.worker:run"

    def __init__(self, database: Database, announcer: Announcer, folder: Path) -> None:
        self._database = database
        self._announcer = announcer
        self._folder = folder

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """Write the measurements that are meant to a file."""
        with self._database.read() as connection:
            layer = layer_store.layer_by_id(connection, task.payload["layer_id"])
            image = project_image_by_id(connection, layer.image_id)
            population = population_of(connection, layer, image, self._folder, job.parameters["scope"])
        if not any(one.layer.measurements for one in population.members):
            raise ConflictError("The measurements were removed meanwhile. Measure again.")
        source, target = _files(scratch, task)
        pq.write_table(_input(population, job.parameters["features"]), source)
        return {"input": str(source), "output": str(target), "order": job.parameters["order"]}

    def finish_task(self, connection: Connection, job: Job, task: Task, receipt: dict[str, Any], scratch: Path) -> None:
        """Keep the columns under a name that does not depend on the attempt."""
        source, target = _files(scratch, task)
        if target.exists():  # not when this write is done again
            target.rename(scratch / "columns.parquet")
        source.unlink(missing_ok=True)
        ledger.set_outputs(connection, job.id, {**ledger.job_by_id(connection, job.id).outputs, **receipt})

    def task_failed(self, connection: Connection, job: Job, task: Task, error: str) -> None:
        """The job tells the error; the measurements stay as they are."""

    def finish_job(self, connection: Connection, job: Job, scratch: Path) -> str:
        """Write the new columns beside the measured ones of each layer."""
        current = ledger.job_by_id(connection, job.id)
        found = scratch / "columns.parquet"
        if current.state == "cancelled" or "columns" not in current.outputs or not found.exists():
            return "Nothing was changed"
        derived = pq.read_table(found)
        layer_of = derived["layer"].to_numpy()
        for layer_id in np.unique(layer_of).tolist():
            layer = layer_store.find_layer(connection, layer_id)
            if layer is not None and layer.measurements is not None:
                self._widen(connection, layer, derived.filter(pa.array(layer_of == layer_id)), current)
        return str(current.outputs["notes"][0])

    def _widen(self, connection: Connection, layer: Layer, derived: pa.Table, job: Job) -> None:
        facts = dict(layer.measurements or {})
        old = self._folder / facts["file"]
        if not old.is_file():
            return
        columns = job.outputs["columns"]
        table = widened(pq.read_table(old), derived, [one["key"] for one in columns])
        name = f"{layer.uuid}-{job.uuid}.parquet"
        pq.write_table(table, self._folder / name, compression="zstd")
        keys = {one["key"] for one in columns}
        kept = [one for one in facts["columns"] if one["key"] not in keys]
        notes = {**facts.get("notes", {}), _noted(job): job.outputs["notes"]}
        changed = {**facts, "file": name, "columns": [*kept, *columns], "notes": notes}
        layer_store.set_measurements(connection, layer.id, changed)
        if facts["file"] != name:
            after_commit(connection, lambda: old.unlink(missing_ok=True))
        self._announcer.layer(connection, layer, layer.generation, None)


def _noted(job: Job) -> str:
    """What a note is about: a projection by its method, else the step."""
    order = job.parameters["order"]
    return order["method"] if order["step"] == "project" else order["step"]


def widened(measured: pa.Table, derived: pa.Table, keys: list[str]) -> pa.Table:
    """A measured table with columns of ``derived`` (id, ...) in place of its own of these keys; else NaN."""
    ids = measured["id"].to_numpy()
    known = derived["id"].to_numpy()
    order = np.argsort(known)
    place = np.minimum(np.searchsorted(known, ids, sorter=order), max(len(known) - 1, 0))
    rows = order[place] if len(known) else place
    hit = known[rows] == ids if len(known) else np.zeros(len(ids), bool)
    for key in keys:
        values: NDArray[np.float64] = np.full(len(ids), np.nan)
        values[hit] = derived[key].to_numpy()[rows[hit]]
        if key in measured.column_names:
            measured = measured.drop_columns([key])
        measured = measured.append_column(key, pa.array(values))
    return measured


def _files(scratch: Path, task: Task) -> tuple[Path, Path]:
    stem = f"{task.index}.{task.epoch}"
    return scratch / f"{stem}.in.parquet", scratch / f"{stem}.out.parquet"


def _input(population: Population, features: list[str]) -> pa.Table:
    owners = np.array([one.layer.id for one in population.members], np.int64)[population.member_of]
    data = {"layer": pa.array(owners), "id": pa.array(population.values("id").astype(np.int64))}
    data |= {key: pa.array(population.values(key).astype(np.float64)) for key in features}
    return pa.table(data)
