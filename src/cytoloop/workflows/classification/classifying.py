"""Applying a classifier as a job: its classes become suggestions, and a queue tells what to look at next."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection

from cytoloop.annotations import layers as layer_store
from cytoloop.annotations.model import Layer
from cytoloop.annotations.suggestions import SuggestedTerm, suggest_terms
from cytoloop.core.errors import ConflictError, InvalidInputError
from cytoloop.jobs import ledger, logbook
from cytoloop.jobs.model import Job, NewJob, Task
from cytoloop.learning.classifiers.crops import CropSpec, spec_from
from cytoloop.learning.classifiers.specification import FeatureSpec
from cytoloop.projects import ontologies
from cytoloop.projects.images import ProjectImage, project_image_by_id, stored_of
from cytoloop.projects.store import Project, project_by_id
from cytoloop.storage.database import Database
from cytoloop.workflows.announcing import Announcer, counted
from cytoloop.workflows.images.library import ImageLibrary

from .labelled import id_ranges, image_kind, is_labelled, is_open, objects_of
from .objectrows import write_objects
from .shelf import (
    VECTORS,
    ClassifierShelf,
    ClassifierVersion,
    Features,
    no_features,
    read_features,
    write_features,
)

KIND = "classify"
OBJECTS_PER_TASK = 4000
OBJECTS_PER_STEP = 20_000
"""Suggestions that are stored, and undone, at once."""
MOST_CACHED = 50_000
"""Objects of a layer up to which features are remembered."""


def start_classification(
    connection: Connection, version: ClassifierVersion, layers: Sequence[Layer], *, project: Project, user_id: int
) -> Job:
    """Queue a job that suggests a class for every object of these layers without one from a person.

    Raises
    ------
    InvalidInputError
        The project lacks a class, an image does not fit the classifier, or there is nothing to classify.
    """
    new = _new_job(connection, version, layers, project=project, user_id=user_id)
    if new is None:
        raise InvalidInputError(
            "There is nothing to classify: every object has a class from a person, or there are no areas. "
            "Find objects under Segment first, or draw some."
        )
    return ledger.enqueue(connection, new)


def follow_with_classification(
    connection: Connection, announcer: Announcer, version: ClassifierVersion, layers: Sequence[Layer], job: Job
) -> None:
    """Queue the classification that another job asked for at its end; where it cannot be, that job's log says why."""
    project = project_by_id(connection, job.project_id)
    try:
        new = _new_job(connection, version, layers, project=project, user_id=job.creator_id)
    except InvalidInputError as error:
        logbook.add_log(connection, job.id, "warning", f"Not classified: {error.message}")
        return
    if new is not None:
        announcer.new_job(connection, ledger.enqueue(connection, new))


def _new_job(
    connection: Connection, version: ClassifierVersion, layers: Sequence[Layer], *, project: Project, user_id: int
) -> NewJob | None:
    package = version.package
    if package.subject != "objects":
        raise InvalidInputError(f"Classifier {version.number} tells images apart, not objects.")
    networked = isinstance(package.spec, CropSpec)
    terms = terms_named(connection, project, [one.name for one in package.classes])
    images: dict[int, ProjectImage] = {}
    payloads: list[dict[str, Any]] = []
    touched: list[Layer] = []
    for layer in layers:
        ranges = id_ranges(connection, layer, is_open(), OBJECTS_PER_TASK)
        if not ranges:
            continue
        image = images.setdefault(layer.image_id, project_image_by_id(connection, layer.image_id))
        package.spec.require_fit(image_kind(image))
        cached = not networked and len(ranges) * OBJECTS_PER_TASK <= MOST_CACHED
        touched.append(layer)
        payloads += [
            {"step": "predict", "layer_id": layer.id, "between": list(one), "cached": cached} for one in ranges
        ]
    if not payloads:
        return None
    payloads.append({"step": "rank", "stage": 1})
    parameters = {
        "classifier": version.number,
        "terms": terms,
        "spec": dataclasses.asdict(package.spec),
        "layers": [str(one.uuid) for one in touched],
    }
    where = next(iter(images.values())).name if len(images) == 1 else counted(len(images), "image")
    return NewJob(project.id, KIND, f"Classify {where} by classifier {version.number}", user_id, parameters, payloads)


def terms_named(connection: Connection, project: Project, names: Sequence[str]) -> list[int]:
    """Numbers of the project's classes of these names."""
    known = {one.name.casefold(): one.id for one in ontologies.terms_of(connection, project.ontology_id)}
    missing = [one for one in names if one.casefold() not in known]
    if missing:
        raise InvalidInputError(
            f"The project has no class {', '.join(repr(one) for one in missing)}, which the classifier tells apart. "
            "Add it to the classes, or train again."
        )
    return [known[one.casefold()] for one in names]


class ClassifyKind:
    """The job kind "classify": predictions by parts, their order, then the suggestions are stored."""

    name = KIND
    function = "cytoloop.workflows.classification.worker:run"

    def __init__(self, database: Database, library: ImageLibrary, announcer: Announcer, shelf: ClassifierShelf) -> None:
        self._database = database
        self._library = library
        self._announcer = announcer
        self._shelf = shelf

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """The call: open objects with what is known of them, or all predictions."""
        match task.payload["step"]:
            case "predict":
                with self._database.read() as connection:
                    return self._predict_call(connection, job, task, scratch)
            case "rank":
                with self._database.read() as connection:
                    return self._rank_call(connection, job, task, scratch)
            case _:
                return {"step": "store"}

    def _predict_call(self, connection: Connection, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        project = project_by_id(connection, job.project_id)
        version = self._shelf.version(project.uuid, job.parameters["classifier"])
        layer = layer_store.layer_by_id(connection, task.payload["layer_id"])
        image = project_image_by_id(connection, layer.image_id)
        first, last = task.payload["between"]
        rows = objects_of(connection, layer.id, is_open(), (first, last))
        spec = spec_from(job.parameters["spec"])
        paths = _paths(scratch, task)
        write_objects(paths["input"], rows)
        if isinstance(spec, FeatureSpec):
            write_features(paths["known"], self._shelf.features(project.uuid, layer.uuid, spec, rows))
        step = "predict" if isinstance(spec, FeatureSpec) else "predict-crops"
        files = self._library.files(stored_of(image)).as_call()
        named = {name: str(path) for name, path in paths.items()}
        classifier = str(version.package.folder)
        return {**files, **named, "step": step, "spec": job.parameters["spec"], "classifier": classifier}

    def _rank_call(self, connection: Connection, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        project = project_by_id(connection, job.project_id)
        parts = [{"path": str(path), "layer_id": int(path.name.split("-")[0])} for path in _parts(scratch)]
        if not parts:
            raise ConflictError("No part of the classification succeeded; see the errors of the job.")
        path = _paths(scratch, task)
        spec = spec_from(job.parameters["spec"])
        if isinstance(spec, FeatureSpec):
            known, where = self._labelled(connection, project, job, spec), path["known"]
            write_features(where, known)
        else:
            version = self._shelf.version(project.uuid, job.parameters["classifier"])
            where = version.package.folder / VECTORS
        output = str(path["output"])
        spec_json = job.parameters["spec"]
        return {"step": "rank", "spec": spec_json, "parts": parts, "labelled": str(where), "output": output}

    def _labelled(self, connection: Connection, project: Project, job: Job, spec: FeatureSpec) -> Features:
        known: list[Features] = []
        for layer in layer_store.layers_by_uuid(connection, [UUID(one) for one in job.parameters["layers"]]):
            rows = objects_of(connection, layer.id, is_labelled())
            known.append(self._shelf.features(project.uuid, layer.uuid, spec, rows))
        return _joined(known, len(spec.names))

    def finish_task(self, connection: Connection, job: Job, task: Task, receipt: dict[str, Any], scratch: Path) -> None:
        """Keep the part; when all are there, their order, and tasks that store the suggestions."""
        match task.payload["step"]:
            case "predict":
                self._keep_part(connection, job, task, scratch)
            case "rank":
                self._keep_queue(connection, job, task, scratch)
                payloads = [
                    {"step": "store", "stage": 2, "layer_id": layer_id, "parts": names}
                    for layer_id, names in _steps(_parts(scratch))
                ]
                ledger.add_tasks(connection, job.id, payloads)
            case _:
                self._store(connection, job, task, scratch)

    def _keep_part(self, connection: Connection, job: Job, task: Task, scratch: Path) -> None:
        paths = _paths(scratch, task)
        if paths["output"].exists():  # not when this write is done again
            paths["output"].rename(scratch / f"{task.payload['layer_id']}-{task.index:06}.part")
        layer = layer_store.find_layer(connection, task.payload["layer_id"])
        if task.payload["cached"] and layer is not None:
            project = project_by_id(connection, job.project_id)
            spec = FeatureSpec(**job.parameters["spec"])
            found = read_features(paths["found"], len(spec.names))
            self._shelf.keep_features(project.uuid, layer.uuid, spec, found)

    def _keep_queue(self, connection: Connection, job: Job, task: Task, scratch: Path) -> None:
        """The new order of these layers' objects, with what is known of the other layers."""
        output = _paths(scratch, task)["output"]
        if not output.exists():
            return
        path = self._shelf.queue_path(project_by_id(connection, job.project_id).uuid)
        fresh = pq.read_table(output)
        if path.exists():
            old = pq.read_table(path)
            stays = ~np.isin(old["layer"].to_numpy(), np.unique(fresh["layer"].to_numpy()))
            fresh = pa.concat_tables([old.filter(pa.array(stays)), fresh])
        partial = path.with_suffix(".part")
        pq.write_table(fresh, partial, compression="zstd")
        partial.replace(path)

    def _store(self, connection: Connection, job: Job, task: Task, scratch: Path) -> None:
        layer = layer_store.find_layer(connection, task.payload["layer_id"])
        if layer is None:
            return
        terms = job.parameters["terms"]
        suggestions: dict[int, SuggestedTerm] = {}
        for name in task.payload["parts"]:
            table = pq.read_table(scratch / name, columns=["id", "version", "class", "score"])
            for key, version, number, score in zip(*(one.to_pylist() for one in table.columns), strict=True):
                suggestions[key] = SuggestedTerm(version, terms[number], score)
        done = suggest_terms(connection, suggestions, layer=layer, user_id=job.creator_id)
        outputs = dict(ledger.job_by_id(connection, job.id).outputs)
        outputs["suggested"] = outputs.get("suggested", 0) + done.given
        ledger.set_outputs(connection, job.id, outputs)
        if done.applied is not None:
            self._announcer.applied(connection, done.applied)

    def task_failed(self, connection: Connection, job: Job, task: Task, error: str) -> None:
        """The job tells the error; the other parts are stored."""

    def finish_job(self, connection: Connection, job: Job, scratch: Path) -> str:
        """How many objects have a suggestion."""
        given = ledger.job_by_id(connection, job.id).outputs.get("suggested", 0)
        return f"A class suggested for {counted(given, 'object')}"


def _paths(scratch: Path, task: Task) -> dict[str, Path]:
    names = ("input", "known", "output", "found")
    return {name: scratch / f"{task.index}.{task.epoch}.{name}.parquet" for name in names}


def _parts(scratch: Path) -> list[Path]:
    return sorted(scratch.glob("*.part"))


def _steps(parts: Sequence[Path]) -> list[tuple[int, list[str]]]:
    """Parts of a layer that are stored together."""
    of_layer: dict[int, list[str]] = {}
    for path in parts:
        of_layer.setdefault(int(path.name.split("-")[0]), []).append(path.name)
    each = OBJECTS_PER_STEP // OBJECTS_PER_TASK
    return [
        (layer_id, names[start : start + each])
        for layer_id, names in of_layer.items()
        for start in range(0, len(names), each)
    ]


def _joined(parts: Sequence[Features], width: int) -> Features:
    every = [no_features(width), *parts]
    return Features(
        np.concatenate([one.ids for one in every]),
        np.concatenate([one.shapes for one in every]),
        np.concatenate([one.values for one in every]),
    )
