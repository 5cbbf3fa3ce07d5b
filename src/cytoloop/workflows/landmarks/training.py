"""Training a landmark detector as a job: images as they are looked at, then the training itself."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from cytoloop import __version__
from cytoloop.core.errors import InvalidInputError
from cytoloop.jobs import ledger
from cytoloop.jobs.model import Job, NewJob, Task
from cytoloop.learning.landmarks.configuration import LandmarkConfiguration
from cytoloop.learning.landmarks.specification import require_size, spec_of
from cytoloop.learning.landmarks.training import require_landmarks
from cytoloop.projects.images import ProjectImage, find_project_image, project_image_by_id, stored_of
from cytoloop.projects.store import Project, project_by_id
from cytoloop.storage.database import Database
from cytoloop.workflows.announcing import counted
from cytoloop.workflows.classification.labelled import image_kind
from cytoloop.workflows.images.library import ImageLibrary
from cytoloop.workflows.training.records import origin, put_on_shelf

from .points import (
    LandmarkPoint,
    PlaneKey,
    landmark_points,
    named_terms,
    placed_points,
    placed_twice,
    project_plan,
    require_once,
)
from .shelf import LandmarkShelf

KIND = "train-landmarks"
MOST_PLANES = 5000
"""Of all images, from which a detector is trained."""


@dataclass(frozen=True, slots=True)
class LandmarkTrainingOrder:
    """What to learn: landmarks by class (``None``: those of the project), from these images."""

    images: Sequence[ProjectImage]
    configuration: LandmarkConfiguration
    term_ids: Sequence[int] | None = None


def start_landmark_training(
    connection: Connection, order: LandmarkTrainingOrder, *, project: Project, user_id: int
) -> Job:
    """Check that there is enough to learn from, and queue the job.

    Raises
    ------
    InvalidInputError
        A landmark is on too few images, or twice on one; an image is too small.
    """
    chosen = project_plan(connection, project)[0].term_ids if order.term_ids is None else order.term_ids
    terms = named_terms(connection, project, list(dict.fromkeys(chosen)))
    ids = [one.id for one in terms]
    points = landmark_points(connection, order.images, ids)
    images = {one.id: one for one in order.images}
    names = {one.id: one.name for one in terms}
    require_once(placed_twice(points), names, {key: one.name for key, one in images.items()})
    planes = placed_points(points)
    counts = _images_with(planes)
    require_landmarks([one.name for one in terms], [counts[one] for one in ids])
    if len(planes) > MOST_PLANES:
        raise InvalidInputError(f"There are landmarks on more than {MOST_PLANES:,} planes. Choose fewer images.")
    used = list(dict.fromkeys(one.image_id for one in planes))
    _require_sizes([images[one] for one in used])
    spec = spec_of(order.configuration.size_px, [image_kind(images[one]) for one in used])
    payloads: list[dict[str, Any]] = [{"step": "sample", "image_id": one} for one in used]
    payloads.append({"step": "train", "stage": 1})
    parameters = {
        "configuration": order.configuration.model_dump(mode="json"),
        "spec": dataclasses.asdict(spec),
        "terms": [{"id": one.id, "name": one.name, "color": one.color} for one in terms],
        "cytoloop_version": __version__,
    }
    title = f"Train a detector of {counted(len(terms), 'landmark')} on {counted(len(used), 'image')}"
    return ledger.enqueue(connection, NewJob(project.id, KIND, title, user_id, parameters, payloads))


def _images_with(planes: dict[PlaneKey, dict[int, LandmarkPoint]]) -> Counter[int]:
    """How many images have each class."""
    pairs = {(key.image_id, term) for key, own in planes.items() for term in own}
    return Counter(term for _, term in pairs)


def _require_sizes(images: Sequence[ProjectImage]) -> None:
    for one in images:
        if one.stored is not None:
            require_size(one.stored.info["width"], one.stored.info["height"], one.name)


class TrainLandmarksKind:
    """The job kind "train-landmarks"."""

    name = KIND
    function = "cytoloop.workflows.landmarks.worker:run"

    def __init__(self, database: Database, library: ImageLibrary, shelf: LandmarkShelf) -> None:
        self._database = database
        self._library = library
        self._shelf = shelf

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """The call: the landmarks of an image, or the images of all."""
        own = {name: job.parameters[name] for name in ("configuration", "spec")}
        with self._database.read() as connection:
            if task.payload["step"] == "sample":
                return {**own, **self._sample_call(connection, job, task, scratch)}
            done = ledger.done_tasks(connection, job.id, stage=0)
            project = project_by_id(connection, job.project_id)
            images = [find_project_image(connection, one.payload["image_id"]) for one in done]
        return {
            **own,
            "step": "train",
            "inputs": [str(_output(scratch, one)) for one in done],
            "output": str(_output(scratch, task).with_suffix("")),
            "title": f"{project.name} landmark detector",
            "landmarks": [{"name": one["name"], "color": one["color"]} for one in job.parameters["terms"]],
            "facts": origin(project, job, images),
        }

    def _sample_call(self, connection: Connection, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        image = project_image_by_id(connection, task.payload["image_id"])
        ids = [one["id"] for one in job.parameters["terms"]]
        planes = placed_points(landmark_points(connection, [image], ids))
        return {
            **self._library.files(stored_of(image)).as_call(),
            "step": "sample",
            "name": image.name,
            "group": image.id,
            "planes": [
                {"z": key.z, "t": key.t, "points": [_place(own.get(one)) for one in ids]} for key, own in planes.items()
            ],
            "output": str(_output(scratch, task)),
        }

    def finish_task(self, connection: Connection, job: Job, task: Task, receipt: dict[str, Any], scratch: Path) -> None:
        """Put the new detector on the shelf."""
        if task.payload["step"] == "sample":
            return
        put_on_shelf(
            connection,
            job,
            _output(scratch, task).with_suffix(""),
            receipt,
            shelf=self._shelf,
            output="landmark_detector",
        )

    def task_failed(self, connection: Connection, job: Job, task: Task, error: str) -> None:
        """The job tells the error."""

    def finish_job(self, connection: Connection, job: Job, scratch: Path) -> str:
        """How far off it is."""
        outputs = ledger.job_by_id(connection, job.id).outputs
        if "landmark_detector" not in outputs:
            return "No landmark detector was made"
        median = outputs.get("median_px")
        error = "" if median is None else f", {median:.1f} px off on held-out images (median)"
        return f"Landmark detector {outputs['landmark_detector']} from {counted(outputs['images'], 'image')}{error}"


def _place(one: LandmarkPoint | None) -> list[float] | None:
    return None if one is None else [one.x, one.y]


def _output(scratch: Path, task: Task) -> Path:
    return scratch / f"{task.index}.{task.epoch}.npz"
