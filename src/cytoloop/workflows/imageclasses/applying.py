"""Suggesting classes for whole images as a job."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import Connection

from cytoloop.core.errors import InvalidInputError
from cytoloop.jobs import ledger, logbook
from cytoloop.jobs.model import Job, NewJob, Task
from cytoloop.projects import imageterms, ontologies
from cytoloop.projects.images import ProjectImage, find_project_image
from cytoloop.projects.store import Project, project_by_id
from cytoloop.storage.database import Database
from cytoloop.storage.locks import Held, share
from cytoloop.workflows.announcing import Announcer, counted
from cytoloop.workflows.classification.classifying import terms_named
from cytoloop.workflows.classification.labelled import image_kind
from cytoloop.workflows.classification.shelf import ClassifierShelf, ClassifierVersion
from cytoloop.workflows.images.library import ImageLibrary

KIND = "classify-images"
AT_ONCE = 32
"""Images of a task."""


def start_image_classification(
    connection: Connection,
    version: ClassifierVersion,
    images: Sequence[ProjectImage],
    *,
    project: Project,
    user_id: int,
) -> Job:
    """Queue a job that suggests a class for those of these images that have none from a person.

    Raises
    ------
    InvalidInputError
        The project lacks a class, an image does not fit the classifier, or every image has a class.
    """
    if version.package.subject != "images":
        raise InvalidInputError(f"Classifier {version.number} tells objects apart, not images.")
    terms = terms_named(connection, project, [one.name for one in version.package.classes])
    known = imageterms.terms_of_images(connection, [one.id for one in images])
    chosen = [
        one
        for one in images
        if one.stored is not None and one.state == "ready" and (one.id not in known or known[one.id].score is not None)
    ]
    if not chosen:
        raise InvalidInputError("There is nothing to classify: every image has a class from a person.")
    for one in chosen:
        version.package.spec.require_fit(image_kind(one))
    ids = [one.id for one in chosen]
    payloads = [{"images": ids[start : start + AT_ONCE]} for start in range(0, len(ids), AT_ONCE)]
    title = f"Classify {counted(len(ids), 'image')} by classifier {version.number}"
    parameters = {"classifier": version.number, "terms": terms}
    return ledger.enqueue(connection, NewJob(project.id, KIND, title, user_id, parameters, payloads))


def follow_with_images(
    connection: Connection, announcer: Announcer, version: ClassifierVersion, images: Sequence[ProjectImage], job: Job
) -> None:
    """Queue the classification that a training asked for; where it cannot be, that job's log says why."""
    project = project_by_id(connection, job.project_id)
    try:
        new = start_image_classification(connection, version, images, project=project, user_id=job.creator_id)
    except InvalidInputError as error:
        logbook.add_log(connection, job.id, "warning", f"Not classified: {error.message}")
        return
    announcer.new_job(connection, new)


def images_call(connection: Connection, library: ImageLibrary, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Images for a worker: id, name, files; those that are gone are left out."""
    found = (find_project_image(connection, one) for one in ids)
    return [
        {"id": one.id, "name": one.name, "files": library.files(one.stored).as_call()}
        for one in found
        if one is not None and one.stored is not None
    ]


class ClassifyImagesKind:
    """The job kind "classify-images"."""

    name = KIND
    function = "cytoloop.workflows.imageclasses.worker:run"

    def __init__(self, database: Database, library: ImageLibrary, announcer: Announcer, shelf: ClassifierShelf) -> None:
        self._database = database
        self._library = library
        self._announcer = announcer
        self._shelf = shelf

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """The call: some images and the classifier."""
        with self._database.read() as connection:
            project = project_by_id(connection, job.project_id)
            images = images_call(connection, self._library, task.payload["images"])
        version = self._shelf.version(project.uuid, job.parameters["classifier"])
        output, folder = str(_output(scratch, task)), str(version.package.folder)
        return {"step": "predict", "images": images, "classifier": folder, "output": output}

    def finish_task(self, connection: Connection, job: Job, task: Task, receipt: dict[str, Any], scratch: Path) -> None:
        """Store the suggestions."""
        terms = job.parameters["terms"]
        columns = [one.to_pylist() for one in pq.read_table(_output(scratch, task)).columns]
        found = {key: (terms[number], score) for key, number, score in zip(*columns, strict=True)}
        present = terms_present(connection, job.project_id)
        still = {key: given for key, given in found.items() if given[0] in present}
        given = imageterms.suggest(connection, job.project_id, still, job.creator_id)
        outputs = dict(ledger.job_by_id(connection, job.id).outputs)
        ledger.set_outputs(connection, job.id, {**outputs, "suggested": outputs.get("suggested", 0) + len(given)})
        for one in given:
            self._announcer.image(connection, one)

    def task_failed(self, connection: Connection, job: Job, task: Task, error: str) -> None:
        """The job tells the error; the other images have their suggestions."""

    def finish_job(self, connection: Connection, job: Job, scratch: Path) -> str:
        """How many images have a suggestion."""
        given = ledger.job_by_id(connection, job.id).outputs.get("suggested", 0)
        return f"A class suggested for {counted(given, 'image')}"


def terms_present(connection: Connection, project_id: int) -> set[int]:
    """The project's classes, none of which goes before the transaction ends."""
    ontology_id = project_by_id(connection, project_id).ontology_id
    share(connection, Held.ONTOLOGY, ontology_id)
    return {one.id for one in ontologies.terms_of(connection, ontology_id)}


def _output(scratch: Path, task: Task) -> Path:
    return scratch / f"{task.index}.{task.epoch}.parquet"
