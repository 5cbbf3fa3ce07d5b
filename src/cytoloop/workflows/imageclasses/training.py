"""Training a classifier of whole images as a job: looking at what people classified, then the training itself."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection

from cytoloop import __version__
from cytoloop.core.errors import InvalidInputError
from cytoloop.jobs import ledger, logbook
from cytoloop.jobs.model import Job, NewJob, Task
from cytoloop.learning.classifiers.configuration import AnyConfiguration, NetworkConfiguration
from cytoloop.learning.classifiers.crops import CropSpec, spec_from
from cytoloop.learning.classifiers.training import LEAST_PER_CLASS
from cytoloop.projects import imageterms, ontologies
from cytoloop.projects.images import ProjectImage, project_images
from cytoloop.projects.imageterms import ImageTerm
from cytoloop.projects.store import Project, project_by_id
from cytoloop.storage.database import Database
from cytoloop.workflows.announcing import Announcer, counted
from cytoloop.workflows.classification.labelled import image_kind
from cytoloop.workflows.classification.shelf import (
    ClassifierShelf,
    ClassifierVersion,
    Features,
    features_table,
    read_features,
)
from cytoloop.workflows.cropnetworks import orders as networks
from cytoloop.workflows.images.library import ImageLibrary
from cytoloop.workflows.training.child import require_torch
from cytoloop.workflows.training.folder import work_folder
from cytoloop.workflows.training.records import origin, put_on_shelf

from .applying import AT_ONCE, follow_with_images, images_call
from .seeing import image_spec

KIND = "train-image-classifier"


@dataclass(frozen=True, slots=True)
class ImageTrainingOrder:
    """Learn from the classes that people gave these images; those of ``test_images`` are only scored."""

    images: Sequence[ProjectImage]
    configuration: AnyConfiguration
    test_images: Sequence[ProjectImage] = ()
    then_classify: bool = True
    earlier: ClassifierVersion | None = None


def labelled_images(connection: Connection, images: Sequence[ProjectImage]) -> dict[int, ImageTerm]:
    """The classes that people gave these images, by the image's row."""
    ready = [one.id for one in images if one.stored is not None and one.state == "ready"]
    return {key: one for key, one in imageterms.terms_of_images(connection, ready).items() if one.score is None}


def start_image_training(connection: Connection, order: ImageTrainingOrder, *, project: Project, user_id: int) -> Job:
    """Check that there is enough to learn from, and queue the job.

    Raises
    ------
    InvalidInputError
        Fewer than two classes have images, or one of them has fewer than two; or the earlier classifier cannot go on.
    ConflictError
        A network is asked for, and torch is not installed.
    """
    labels = labelled_images(connection, order.images)
    tested = {one.id for one in order.test_images}
    counts = Counter(one.term_id for key, one in labels.items() if key not in tested)
    known = ontologies.terms_of(connection, project.ontology_id)
    terms = [one for one in known if counts[one.id] >= LEAST_PER_CLASS]
    if len(terms) < 2:
        raise InvalidInputError(
            f"Give at least {LEAST_PER_CLASS} images of each of 2 classes their class, then train: select images and "
            "press the keys of their classes."
        )
    chosen = [one for one in order.images if one.id in labels]
    kinds = [image_kind(one) for one in chosen]
    spec = image_spec(order.configuration, kinds)
    if isinstance(order.configuration, NetworkConfiguration):
        require_torch()
        if order.earlier is not None:
            whole = order.configuration.model_copy(update={"context": 1.0})
            spec = networks.spec_of_earlier(order.earlier, whole, kinds)
    ids = [one.id for one in chosen]
    payloads: list[dict[str, Any]] = [
        {"step": "look", "images": ids[start : start + AT_ONCE]} for start in range(0, len(ids), AT_ONCE)
    ]
    payloads.append({"step": "train", "stage": 1})
    parameters = {
        "configuration": order.configuration.model_dump(mode="json"),
        "spec": dataclasses.asdict(spec),
        "terms": [{"id": one.id, "name": one.name, "color": one.color} for one in terms],
        "test_images": sorted(tested),
        "then_classify": order.then_classify,
        "earlier": None if order.earlier is None else order.earlier.number,
        "cytoloop_version": __version__,
    }
    title = f"Train a classifier on {counted(sum(counts[one.id] for one in terms), 'image')}"
    return ledger.enqueue(connection, NewJob(project.id, KIND, title, user_id, parameters, payloads))


class TrainImagesKind:
    """The job kind "train-image-classifier"."""

    name = KIND
    function = "cytoloop.workflows.imageclasses.worker:run"

    def __init__(self, database: Database, library: ImageLibrary, announcer: Announcer, shelf: ClassifierShelf) -> None:
        self._database = database
        self._library = library
        self._announcer = announcer
        self._shelf = shelf

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """The call: some images, or everything that was seen with its labels."""
        with self._database.read() as connection:
            if task.payload["step"] == "train":
                return self._training_call(connection, job, task, scratch)
            images = images_call(connection, self._library, task.payload["images"])
        spec = job.parameters["spec"]
        crops = networks.crops_file(scratch, task)
        output = crops if isinstance(spec_from(spec), CropSpec) else _features_file(scratch, task)
        objects = str(networks.objects_file(scratch, task))
        return {"step": "look", "images": images, "spec": spec, "output": str(output), "objects": objects}

    def _training_call(self, connection: Connection, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        project = project_by_id(connection, job.project_id)
        images = project_images(connection, project.id, limit=1_000_000)
        classes = {one["id"]: number for number, one in enumerate(job.parameters["terms"])}
        labels = {key: one for key, one in labelled_images(connection, images).items() if one.term_id in classes}
        tested = set(job.parameters["test_images"])
        spec = spec_from(job.parameters["spec"])
        source = scratch / f"{task.index}.{task.epoch}.labels.parquet"
        order = source.with_suffix(".json")
        order.write_bytes(orjson.dumps(self._order(project, job, [one for one in images if one.id in labels])))
        call = {"input": str(source), "order": str(order), "output": str(_package(scratch, task))}
        if isinstance(spec, CropSpec):
            crops = networks.CropFiles(scratch)
            for key, one in labels.items():
                crops.add((key, 0), classes[one.term_id], key, 0)
            pq.write_table(crops.table(tested), source)
            work = str(work_folder(scratch))
            return {**call, "step": "train-network", "parts": crops.parts, "work": work}
        pq.write_table(_features_table(scratch, labels, classes, tested, len(spec.names)), source)
        return {**call, "step": "train"}

    def _order(self, project: Project, job: Job, images: Sequence[ProjectImage]) -> dict[str, Any]:
        return {
            "title": f"{project.name} classifier of images",
            "classes": [{"name": one["name"], "color": one["color"]} for one in job.parameters["terms"]],
            "spec": job.parameters["spec"],
            "configuration": job.parameters["configuration"],
            "subject": "images",
            "earlier": networks.earlier_of(self._shelf, project.uuid, job.parameters["earlier"]),
            "facts": origin(project, job, images),
        }

    def finish_task(self, connection: Connection, job: Job, task: Task, receipt: dict[str, Any], scratch: Path) -> None:
        """Keep what was seen; put the new classifier on the shelf."""
        if task.payload["step"] == "look":
            networks.keep_crops(scratch, task)
            path = _features_file(scratch, task)
            if path.is_file():
                path.rename(scratch / f"done-{task.index:06}.features.parquet")
            return
        put_on_shelf(connection, job, _package(scratch, task), receipt, shelf=self._shelf, output="classifier")

    def task_failed(self, connection: Connection, job: Job, task: Task, error: str) -> None:
        """What could not be looked at is not learnt from."""
        if task.payload["step"] == "look":
            logbook.add_log(connection, job.id, "warning", "Some images were left out; see the error.")

    def finish_job(self, connection: Connection, job: Job, scratch: Path) -> str:
        """What it scored; and the classification that was asked for is queued."""
        current = ledger.job_by_id(connection, job.id)
        outputs = current.outputs
        if "classifier" not in outputs:
            return "No classifier was made"
        project = project_by_id(connection, job.project_id)
        if job.parameters["then_classify"] and current.state != "cancelled":
            version = self._shelf.version(project.uuid, outputs["classifier"])
            images = [one for one in project_images(connection, project.id, limit=1_000_000) if one.state == "ready"]
            if len(images) > len(labelled_images(connection, images)):
                follow_with_images(connection, self._announcer, version, images, job)
        f1 = outputs.get("macro_f1")
        score = "" if f1 is None else f", F1 {f1:.2f} on held-out images"
        return f"Classifier {outputs['classifier']} from {counted(outputs['labels'], 'image')}{score}"


def _features_table(
    scratch: Path, labels: Mapping[int, ImageTerm], classes: Mapping[int, int], tested: set[int], width: int
) -> pa.Table:
    """Features of labelled images with their labels, as a training of features takes them."""
    found = [read_features(one, width) for one in sorted(scratch.glob("done-*.features.parquet"))]
    ids = np.concatenate([one.ids for one in found] or [np.zeros(0, np.int64)])
    values = np.concatenate([one.values for one in found] or [np.zeros((0, width), np.float32)])
    rows = np.flatnonzero(np.isin(ids, list(labels)))
    chosen = ids[rows]
    nothing = np.zeros(len(rows), np.int64)
    table = features_table(Features(chosen, nothing, values[rows]))
    columns = {
        "image": pa.array(chosen),
        "class": pa.array([classes[labels[one].term_id] for one in chosen.tolist()], pa.int64()),
        "layer": pa.array(nothing),
        "tested": pa.array(np.isin(chosen, list(tested))),
    }
    for name, column in columns.items():
        table = table.append_column(name, column)
    return table


def _features_file(scratch: Path, task: Task) -> Path:
    return scratch / f"{task.index}.{task.epoch}.features.parquet"


def _package(scratch: Path, task: Task) -> Path:
    return scratch / f"{task.index}.{task.epoch}.package"
