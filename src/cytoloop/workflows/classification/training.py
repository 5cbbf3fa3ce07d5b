"""Training a classifier of objects as a job: features of what people classified, then the training itself."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection

from cytoloop import __version__
from cytoloop.annotations import layers as layer_store
from cytoloop.annotations.model import Layer
from cytoloop.jobs import ledger, logbook
from cytoloop.jobs.model import Job, NewJob, Task
from cytoloop.learning.classifiers.configuration import AnyConfiguration, NetworkConfiguration
from cytoloop.learning.classifiers.crops import CropSpec, Spec, crops_for, spec_from
from cytoloop.learning.classifiers.specification import FeatureSpec, ImageKind, spec_for
from cytoloop.learning.classifiers.training import LEAST_PER_CLASS, require_enough
from cytoloop.projects import ontologies
from cytoloop.projects.images import ProjectImage, find_project_image, project_image_by_id, stored_of
from cytoloop.projects.store import Project, project_by_id
from cytoloop.storage.database import Database
from cytoloop.workflows.announcing import Announcer, counted
from cytoloop.workflows.cropnetworks import orders as networks
from cytoloop.workflows.images.library import ImageLibrary
from cytoloop.workflows.training.child import require_torch
from cytoloop.workflows.training.folder import work_folder
from cytoloop.workflows.training.records import origin, put_on_shelf

from .classifying import follow_with_classification
from .labelled import (
    ObjectRow,
    id_ranges,
    image_kind,
    is_labelled,
    label_counts,
    layers_to_learn_from,
    objects_of,
)
from .objectrows import write_objects
from .shelf import ClassifierShelf, ClassifierVersion, Features, features_table, no_features, read_features

KIND = "train-classifier"
OBJECTS_PER_TASK = 2000


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """What to learn from: labels on these images; those of ``test_images`` are only scored.

    ``then_classify``: layers to whose open objects the new classifier is applied at once.
    """

    images: Sequence[ProjectImage]
    configuration: AnyConfiguration
    test_images: Sequence[ProjectImage] = ()
    then_classify: Sequence[Layer] = ()
    earlier: ClassifierVersion | None = None
    """A network of the same kind that goes on learning."""


def start_training(connection: Connection, order: TrainingOrder, *, project: Project, user_id: int) -> Job:
    """Check that there is enough to learn from, and queue the job.

    Raises
    ------
    InvalidInputError
        Fewer than two classes have labels, or one of them has fewer than two; or the earlier classifier cannot go on.
    ConflictError
        A network is asked for, and torch is not installed.
    """
    layers = layers_to_learn_from(connection, order.images)
    counts = [one for one in label_counts(connection, layers) if one.labelled and one.term_id is not None]
    tested = {one.id for one in order.test_images}
    by_term = Counter[int]()
    for one in counts:
        if one.term_id is not None and one.image_id not in tested:
            by_term[one.term_id] += one.labelled
    known = {one.id: one for one in ontologies.terms_of(connection, project.ontology_id)}
    terms = [term for term in known if by_term[term] >= LEAST_PER_CLASS]
    require_enough([by_term[term] for term in terms])
    labelled_images = {one.image_id for one in counts}
    spec = _spec(order, [image_kind(one) for one in order.images if one.id in labelled_images])
    labelled_layers = {one.layer_id for one in counts}
    payloads: list[dict[str, Any]] = [
        {"step": _FIRST[type(spec)], "layer_id": one.id, "between": list(between)}
        for one in layers
        if one.id in labelled_layers
        for between in id_ranges(connection, one, is_labelled(), OBJECTS_PER_TASK)
    ]
    payloads.append({"step": "train", "stage": 1})
    names = {one.id: str(one.uuid) for one in layers}
    parameters = {
        "configuration": order.configuration.model_dump(mode="json"),
        "spec": dataclasses.asdict(spec),
        "terms": [{"id": term, "name": known[term].name, "color": known[term].color} for term in terms],
        "layers": [names[one] for one in sorted(labelled_layers)],
        "test_images": sorted(tested),
        "then_classify": [str(one.uuid) for one in order.then_classify],
        "shares": networks.shares({term: by_term[term] for term in terms}),
        "earlier": None if order.earlier is None else order.earlier.number,
        "cytoloop_version": __version__,
    }
    title = f"Train a classifier on {counted(sum(by_term[term] for term in terms), 'label')}"
    return ledger.enqueue(connection, NewJob(project.id, KIND, title, user_id, parameters, payloads))


_FIRST: dict[type[Spec], str] = {FeatureSpec: "features", CropSpec: "crops"}


def _spec(order: TrainingOrder, images: Sequence[ImageKind]) -> Spec:
    """What is seen of objects on these images; of an earlier classifier, what that one saw."""
    settings = order.configuration
    if not isinstance(settings, NetworkConfiguration):
        return spec_for(images)
    require_torch()
    if order.earlier is not None:
        return networks.spec_of_earlier(order.earlier, settings, images)
    return crops_for(images, side=settings.side, context=settings.context, own_range=settings.own_range)


class TrainKind:
    """The job kind "train-classifier"."""

    name = KIND
    function = "cytoloop.workflows.classification.worker:run"

    def __init__(self, database: Database, library: ImageLibrary, announcer: Announcer, shelf: ClassifierShelf) -> None:
        self._database = database
        self._library = library
        self._announcer = announcer
        self._shelf = shelf

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """The call: objects without features yet and their image, or all labels with their features."""
        with self._database.read() as connection:
            project = project_by_id(connection, job.project_id)
            if task.payload["step"] in _FIRST.values():
                return self._features_call(connection, project, job, task, scratch)
            return self._training_call(connection, project, job, task, scratch)

    def _features_call(
        self, connection: Connection, project: Project, job: Job, task: Task, scratch: Path
    ) -> dict[str, Any]:
        layer = layer_store.layer_by_id(connection, task.payload["layer_id"])
        image = project_image_by_id(connection, layer.image_id)
        first, last = task.payload["between"]
        rows = objects_of(connection, layer.id, is_labelled(), (first, last))
        spec = spec_from(job.parameters["spec"])
        source, target = _files(scratch, task)
        if isinstance(spec, FeatureSpec):
            known = set(self._shelf.features(project.uuid, layer.uuid, spec, rows).ids.tolist())
            rows = [one for one in rows if one.id not in known]
        else:
            rows, target = networks.drawn(rows, job.parameters["shares"]), networks.crops_file(scratch, task)
        write_objects(source, rows)
        files = self._library.files(stored_of(image)).as_call()
        spec_json = job.parameters["spec"]
        return {**files, "step": task.payload["step"], "spec": spec_json, "input": str(source), "output": str(target)}

    def _training_call(
        self, connection: Connection, project: Project, job: Job, task: Task, scratch: Path
    ) -> dict[str, Any]:
        source, target = _files(scratch, task)
        spec = spec_from(job.parameters["spec"])
        classes = {one["id"]: number for number, one in enumerate(job.parameters["terms"])}
        tables: list[pa.Table] = []
        crops = networks.CropFiles(scratch)
        for layer in layer_store.layers_by_uuid(connection, [UUID(one) for one in job.parameters["layers"]]):
            rows = [one for one in objects_of(connection, layer.id, is_labelled()) if one.term_id in classes]
            if isinstance(spec, FeatureSpec):
                known = self._shelf.features(project.uuid, layer.uuid, spec, rows)
                tables.append(_labelled_table(layer, rows, known, classes, set(job.parameters["test_images"])))
            else:
                crops.label(layer.id, layer.image_id, rows, classes)
        if isinstance(spec, FeatureSpec):
            pq.write_table(pa.concat_tables(tables) if tables else _nothing(spec), source)
        else:
            pq.write_table(crops.table(set(job.parameters["test_images"])), source)
        order = {
            "title": f"{project.name} classifier",
            "classes": [{"name": one["name"], "color": one["color"]} for one in job.parameters["terms"]],
            "spec": job.parameters["spec"],
            "configuration": job.parameters["configuration"],
            "subject": "objects",
            "earlier": networks.earlier_of(self._shelf, project.uuid, job.parameters["earlier"]),
            "facts": origin(project, job, _images(connection, job)),
        }
        written = source.with_suffix(".json")
        written.write_bytes(orjson.dumps(order))
        output = target.with_suffix("")
        call = {"input": str(source), "order": str(written), "output": str(output)}
        if isinstance(spec, FeatureSpec):
            return {**call, "step": "train"}
        return {**call, "step": "train-network", "parts": crops.parts, "work": str(work_folder(scratch))}

    def finish_task(self, connection: Connection, job: Job, task: Task, receipt: dict[str, Any], scratch: Path) -> None:
        """Remember the features; put the new classifier on the shelf."""
        project = project_by_id(connection, job.project_id)
        _, target = _files(scratch, task)
        spec = spec_from(job.parameters["spec"])
        if task.payload["step"] == "crops":
            networks.keep_crops(scratch, task)
            return
        if task.payload["step"] == "features":
            layer = layer_store.find_layer(connection, task.payload["layer_id"])
            if layer is not None:
                found = read_features(target, len(spec.names))
                self._shelf.keep_features(project.uuid, layer.uuid, spec, found)
            return
        put_on_shelf(connection, job, target.with_suffix(""), receipt, shelf=self._shelf, output="classifier")

    def task_failed(self, connection: Connection, job: Job, task: Task, error: str) -> None:
        """What could not be looked at is not learnt from."""
        if task.payload["step"] in _FIRST.values():
            logbook.add_log(connection, job.id, "warning", "The labels of one layer were left out; see the error.")

    def finish_job(self, connection: Connection, job: Job, scratch: Path) -> str:
        """What it scored; and the classification that was asked for is queued."""
        current = ledger.job_by_id(connection, job.id)
        outputs = current.outputs
        if "classifier" not in outputs:
            return "No classifier was made"
        project = project_by_id(connection, job.project_id)
        layers = layer_store.layers_by_uuid(connection, [UUID(one) for one in job.parameters["then_classify"]])
        if layers and current.state != "cancelled":
            version = self._shelf.version(project.uuid, outputs["classifier"])
            follow_with_classification(connection, self._announcer, version, layers, job)
        f1 = outputs.get("macro_f1")
        score = "" if f1 is None else f", F1 {f1:.2f} on held-out objects"
        return f"Classifier {outputs['classifier']} from {counted(outputs['labels'], 'label')}{score}"


def _images(connection: Connection, job: Job) -> list[ProjectImage | None]:
    """The images that are learnt from."""
    layers = layer_store.layers_by_uuid(connection, [UUID(one) for one in job.parameters["layers"]])
    return [find_project_image(connection, one) for one in dict.fromkeys(one.image_id for one in layers)]


def _files(scratch: Path, task: Task) -> tuple[Path, Path]:
    stem = f"{task.index}.{task.epoch}"
    return scratch / f"{stem}.in.parquet", scratch / f"{stem}.out.parquet"


def _labelled_table(
    layer: Layer, rows: Sequence[ObjectRow], known: Features, classes: dict[int, int], tested: set[int]
) -> pa.Table:
    """Features of labelled objects, those that are known, with what else a training asks."""
    term_of = {one.id: one.term_id or 0 for one in rows}
    own = np.array([classes[term_of[key]] for key in known.ids.tolist()], np.int64)
    count = len(known.ids)
    table = features_table(known)
    table = table.append_column("image", pa.array(np.full(count, layer.image_id, np.int64)))
    table = table.append_column("class", pa.array(own))
    table = table.append_column("layer", pa.array(np.full(count, layer.id, np.int64)))
    return table.append_column("tested", pa.array(np.full(count, layer.image_id in tested)))


def _nothing(spec: FeatureSpec) -> pa.Table:
    empty = np.zeros(0, np.int64)
    table = features_table(no_features(len(spec.names)))
    for name, values in (("image", empty), ("class", empty), ("layer", empty), ("tested", empty.astype(bool))):
        table = table.append_column(name, pa.array(values))
    return table
