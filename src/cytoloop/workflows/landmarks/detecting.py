"""Finding landmarks as a job: what a detector finds on an image becomes suggestions, one undo step an image."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
from sqlalchemy import Connection

from cytoloop.annotations import layers as layer_store
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.layers import LANDMARKS
from cytoloop.annotations.model import ChangeSet, Layer, NewAnnotation, Removal, Status
from cytoloop.annotations.store import apply_change
from cytoloop.core.errors import InvalidInputError
from cytoloop.jobs import ledger
from cytoloop.jobs.model import Job, NewJob, Task
from cytoloop.projects import ontologies
from cytoloop.projects.images import ProjectImage, find_project_image, project_image_by_id, stored_of
from cytoloop.projects.store import Project, project_by_id
from cytoloop.storage.database import Database
from cytoloop.workflows.announcing import Announcer, counted
from cytoloop.workflows.classification.labelled import image_kind
from cytoloop.workflows.images.library import ImageLibrary

from .points import LOW_CONFIDENCE, LandmarkPoint, landmark_points
from .shelf import LandmarkShelf, LandmarkVersion

KIND = "detect-landmarks"


@dataclass(frozen=True, slots=True)
class DetectionOrder:
    """Where to look: one plane of each image."""

    images: Sequence[ProjectImage]
    version: LandmarkVersion
    z: int = 0
    t: int = 0


def start_landmark_detection(connection: Connection, order: DetectionOrder, *, project: Project, user_id: int) -> Job:
    """Queue a job that suggests landmarks.

    Raises
    ------
    InvalidInputError
        The project lacks a class, or an image does not fit the detector.
    """
    package = order.version.package
    terms = _terms(connection, project, [one.name for one in package.landmarks])
    images = [one for one in order.images if one.stored is not None and one.state == "ready"]
    if not images:
        raise InvalidInputError("There is no image to look at. Add images to the project, and wait until they are in.")
    _require_fit(order, images)
    payloads: list[dict[str, Any]] = [{"image_id": one.id, "z": order.z, "t": order.t} for one in images]
    where = images[0].name if len(images) == 1 else counted(len(images), "image")
    parameters = {"detector": order.version.number, "terms": terms}
    title = f"Find landmarks on {where} by detector {order.version.number}"
    return ledger.enqueue(connection, NewJob(project.id, KIND, title, user_id, parameters, payloads))


def _require_fit(order: DetectionOrder, images: Sequence[ProjectImage]) -> None:
    for one in images:
        info = one.stored.info if one.stored is not None else {}
        kind = image_kind(one)
        order.version.package.spec.require_fit(
            rgb=kind.rgb, channels=kind.channels, width=info["width"], height=info["height"], name=one.name
        )
        if order.z >= info["size_z"] or order.t >= info["size_t"]:
            raise InvalidInputError(
                f"{one.name} has {info['size_z']} z and {info['size_t']} t planes, counted from 0; there is no plane "
                f"z {order.z}, t {order.t}."
            )


def _terms(connection: Connection, project: Project, names: Sequence[str]) -> list[int]:
    """Numbers of the project's classes of these names."""
    known = {one.name.casefold(): one.id for one in ontologies.terms_of(connection, project.ontology_id)}
    missing = [one for one in names if one.casefold() not in known]
    if missing:
        raise InvalidInputError(
            f"The project has no class {', '.join(repr(one) for one in missing)}, which the detector finds. Add it to "
            "the classes, or train again."
        )
    return [known[one.casefold()] for one in names]


class DetectLandmarksKind:
    """The job kind "detect-landmarks"."""

    name = KIND
    function = "cytoloop.workflows.landmarks.worker:run"

    def __init__(self, database: Database, library: ImageLibrary, announcer: Announcer, shelf: LandmarkShelf) -> None:
        self._database = database
        self._library = library
        self._announcer = announcer
        self._shelf = shelf

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """The call: where the image and the detector are."""
        with self._database.read() as connection:
            image = project_image_by_id(connection, task.payload["image_id"])
            project = project_by_id(connection, job.project_id)
        version = self._shelf.version(project.uuid, job.parameters["detector"])
        files = self._library.files(stored_of(image)).as_call()
        detector = str(version.package.folder.resolve())
        return {**files, **task.payload, "step": "detect", "name": image.name, "detector": detector}

    def finish_task(self, connection: Connection, job: Job, task: Task, receipt: dict[str, Any], scratch: Path) -> None:
        """Store the suggestions of an image."""
        image = find_project_image(connection, task.payload["image_id"])
        if image is None or image.stored is None:
            return
        terms = job.parameters["terms"]
        found = {
            terms[place]: (x, y, confidence)
            for place, x, y, confidence in receipt["found"]
            if all(math.isfinite(one) for one in (x, y, confidence))
        }
        plane = task.payload["z"], task.payload["t"]
        suggested = _suggest(connection, self._announcer, job, image, plane, found)
        outputs = dict(ledger.job_by_id(connection, job.id).outputs)
        outputs["suggested"] = outputs.get("suggested", 0) + len(suggested)
        outputs["doubtful"] = outputs.get("doubtful", 0) + sum(one < LOW_CONFIDENCE for one in suggested)
        ledger.set_outputs(connection, job.id, outputs)

    def task_failed(self, connection: Connection, job: Job, task: Task, error: str) -> None:
        """The job tells the error; the other images have their suggestions."""

    def finish_job(self, connection: Connection, job: Job, scratch: Path) -> str:
        """How many landmarks were suggested."""
        outputs = ledger.job_by_id(connection, job.id).outputs
        given, doubtful = outputs.get("suggested", 0), outputs.get("doubtful", 0)
        low = f", {doubtful:,} of low confidence" if doubtful else ""
        return f"{counted(given, 'landmark')} suggested{low}"


def _suggest(
    connection: Connection,
    announcer: Announcer,
    job: Job,
    image: ProjectImage,
    plane: tuple[int, int],
    found: dict[int, tuple[float, float, float]],
) -> list[float]:
    """Put suggestions on the image's layer of landmarks; the confidence of each.

    Where a person has placed or rejected a landmark, nothing is suggested; earlier suggestions make room.
    """
    layer = layer_store.shared_layer(connection, image_id=image.id, creator_id=job.creator_id, kind=LANDMARKS)
    points = [one for one in landmark_points(connection, [image], list(found)) if (one.plane.z, one.plane.t) == plane]
    decided = {one.term_id for one in points if one.is_placed or one.status is Status.REJECTED or one.locked}
    wanted = {term: place for term, place in found.items() if term not in decided}
    old = [one for one in points if _makes_room(one, layer) and one.term_id in wanted]
    if not wanted:
        return []
    change = ChangeSet(
        f"Find {counted(len(wanted), 'landmark')}",
        creates=[
            NewAnnotation(
                geometry=shapely.Point(x, y),
                kind=Kind.POINT,
                term_id=term,
                status=Status.PREDICTED,
                z=plane[0],
                t=plane[1],
                score=confidence,
                term_score=confidence,
            )
            for term, (x, y, confidence) in wanted.items()
        ],
        removals=[Removal(one.id, one.version) for one in old],
    )
    applied = apply_change(connection, change, layer=layer, user_id=job.creator_id)
    announcer.applied(connection, applied)
    return [confidence for _, _, confidence in wanted.values()]


def _makes_room(one: LandmarkPoint, layer: Layer) -> bool:
    return one.layer_id == layer.id and one.is_suggested and not one.locked
