"""Training a pixel classifier as a job: features of the pixels under scribbles, then the training itself."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from cytoloop import __version__
from cytoloop.annotations import layers as layer_store
from cytoloop.core.errors import InvalidInputError
from cytoloop.jobs import ledger
from cytoloop.jobs.model import Job, NewJob, Task
from cytoloop.learning.pixels.configuration import PixelConfiguration
from cytoloop.learning.pixels.filters import MOST_SIGMA_PX
from cytoloop.learning.pixels.method import PREFIX
from cytoloop.learning.pixels.package import MOST_CLASSES
from cytoloop.learning.pixels.specification import spec_of
from cytoloop.projects import ontologies
from cytoloop.projects.images import ProjectImage, find_project_image, project_image_by_id, stored_of
from cytoloop.projects.store import Project, project_by_id
from cytoloop.storage.database import Database
from cytoloop.workflows.announcing import counted
from cytoloop.workflows.classification.labelled import image_kind, objects_of
from cytoloop.workflows.classification.objectrows import write_objects
from cytoloop.workflows.images.library import ImageLibrary
from cytoloop.workflows.segmentation.segmenting import KIND as SEGMENT
from cytoloop.workflows.training.records import origin, put_on_shelf

from .scribbles import is_scribble, scribble_counts, scribble_layers
from .shelf import PixelShelf

KIND = "train-pixels"
MOST_SCRIBBLES = 20_000
"""Of a project, from which a pixel classifier is trained."""
_KEPT_AUTOMATIC = 2


@dataclass(frozen=True, slots=True)
class PixelTrainingOrder:
    """What to learn from: scribbles on these images. ``background``: the class that is none of the objects.

    ``automatic``: made while somebody scribbles, and to make room for later ones of that sort.
    """

    images: Sequence[ProjectImage]
    configuration: PixelConfiguration
    background: int | None = None
    automatic: bool = False


def start_pixel_training(connection: Connection, order: PixelTrainingOrder, *, project: Project, user_id: int) -> Job:
    """Check that there is enough to learn from, and queue the job.

    Raises
    ------
    InvalidInputError
        Fewer than two classes have scribbles, there are too many, or the background has none.
    """
    if max(order.configuration.sigmas_px) > MOST_SIGMA_PX or min(order.configuration.sigmas_px) < 0.1:
        raise InvalidInputError(f"Sigmas are between 0.1 and {MOST_SIGMA_PX:g} px.")
    layers = scribble_layers(connection, order.images)
    counts = scribble_counts(connection, layers)
    by_term = Counter[int]()
    for one in counts:
        by_term[one.term_id] += one.count
    known = {one.id: one for one in ontologies.terms_of(connection, project.ontology_id)}
    terms = [term for term in known if by_term[term]]
    _check(terms, by_term, order.background, known[order.background].name if order.background in known else "")
    drawn_on = {one.layer_id for one in counts}
    images = {one.id: one for one in order.images}
    used = [images[one.image_id] for one in layers if one.id in drawn_on]
    pixel_um = _looked_at_um(used, order.configuration.pixel_um)
    spec = spec_of(order.configuration, [image_kind(one) for one in used], pixel_um)
    payloads: list[dict[str, Any]] = [{"step": "sample", "layer_id": one.id} for one in layers if one.id in drawn_on]
    payloads.append({"step": "train", "stage": 1})
    parameters = {
        "configuration": order.configuration.model_dump(mode="json"),
        "spec": dataclasses.asdict(spec),
        "terms": [{"id": one, "name": known[one].name, "color": known[one].color} for one in terms],
        "background": None if order.background is None else terms.index(order.background),
        "layers": [str(one.uuid) for one in layers if one.id in drawn_on],
        "cytoloop_version": __version__,
        "automatic": order.automatic,
    }
    title = f"Train a pixel classifier on {counted(sum(by_term[term] for term in terms), 'scribble')}"
    return ledger.enqueue(connection, NewJob(project.id, KIND, title, user_id, parameters, payloads))


def _check(terms: Sequence[int], by_term: Counter[int], background: int | None, name: str) -> None:
    if len(terms) < 2:
        raise InvalidInputError(
            "Scribble with at least 2 classes, then train: choose a class at the left and draw over some of its "
            "pixels with the brush or the line, on the layer of scribbles."
        )
    if len(terms) > MOST_CLASSES:
        raise InvalidInputError(
            f"A pixel classifier tells at most {MOST_CLASSES} classes apart; {len(terms)} are drawn."
        )
    if sum(by_term[one] for one in terms) > MOST_SCRIBBLES:
        raise InvalidInputError(f"There are more than {MOST_SCRIBBLES:,} scribbles. Choose fewer images.")
    if background is not None and background not in terms:
        raise InvalidInputError(
            f"No scribble is of the background{f', {name}' if name else ''}. Draw some, or choose another class for it."
        )


def _looked_at_um(images: Sequence[ProjectImage], wanted: float | None) -> float | None:
    """The size of the pixels that are looked at, where it is known and about the same everywhere."""
    own = [one.stored.info.get("pixel_width_um") for one in images if one.stored is not None]
    known = [float(one) for one in own if one]
    if len(known) < len(images):
        if wanted is not None:
            raise InvalidInputError(
                "The size of a pixel is not known of every image with scribbles, so a resolution cannot be chosen. "
                "Leave it empty, or set the images' pixel sizes."
            )
        return None
    if wanted is not None:
        return wanted
    return sum(known) / len(known) if max(known) < 1.1 * min(known) else None


class TrainPixelsKind:
    """The job kind "train-pixels"."""

    name = KIND
    function = "cytoloop.workflows.pixels.worker:run"

    def __init__(self, database: Database, library: ImageLibrary, shelf: PixelShelf) -> None:
        self._database = database
        self._library = library
        self._shelf = shelf

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """The call: the scribbles of an image, or the sampled pixels of all."""
        own = {name: job.parameters[name] for name in ("configuration", "spec")}
        with self._database.read() as connection:
            if task.payload["step"] == "sample":
                return {**own, **self._sample_call(connection, job, task, scratch)}
            done = ledger.done_tasks(connection, job.id, stage=0)
            project = project_by_id(connection, job.project_id)
            layers = [layer_store.find_layer(connection, one.payload["layer_id"]) for one in done]
            images = [find_project_image(connection, one.image_id) for one in layers if one is not None]
        return {
            **own,
            "step": "train",
            "inputs": [str(_output(scratch, one)) for one in done],
            "output": str(_output(scratch, task).with_suffix("")),
            "title": f"{project.name} pixel classifier",
            "classes": [{"name": one["name"], "color": one["color"]} for one in job.parameters["terms"]],
            "background": job.parameters["background"],
            "facts": origin(project, job, images),
        }

    def _sample_call(self, connection: Connection, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        layer = layer_store.layer_by_id(connection, task.payload["layer_id"])
        image = project_image_by_id(connection, layer.image_id)
        places = {one["id"]: number for number, one in enumerate(job.parameters["terms"])}
        rows = [one for one in objects_of(connection, layer.id, is_scribble()) if one.term_id in places]
        source = _output(scratch, task).with_suffix(".parquet")
        write_objects(source, rows)
        return {
            **self._library.files(stored_of(image)).as_call(),
            "step": "sample",
            "name": image.name,
            "input": str(source),
            "classes": [places[one.term_id or 0] for one in rows],
            "count": len(places),
            "output": str(_output(scratch, task)),
        }

    def finish_task(self, connection: Connection, job: Job, task: Task, receipt: dict[str, Any], scratch: Path) -> None:
        """Put the new pixel classifier on the shelf."""
        if task.payload["step"] == "sample":
            return
        put_on_shelf(
            connection,
            job,
            _output(scratch, task).with_suffix(""),
            receipt,
            shelf=self._shelf,
            output="pixel_classifier",
        )

    def task_failed(self, connection: Connection, job: Job, task: Task, error: str) -> None:
        """The job tells the error."""

    def finish_job(self, connection: Connection, job: Job, scratch: Path) -> str:
        """What it scored."""
        outputs = ledger.job_by_id(connection, job.id).outputs
        if "pixel_classifier" not in outputs:
            return "No pixel classifier was made"
        if job.parameters.get("automatic"):
            self._make_room(connection, job)
        f1 = outputs.get("macro_f1")
        score = "" if f1 is None else f", F1 {f1:.2f} on held-out {'scribbles' if outputs['by_scribble'] else 'pixels'}"
        return f"Pixel classifier {outputs['pixel_classifier']} from {counted(outputs['pixels'], 'pixel')}{score}"

    def _make_room(self, connection: Connection, job: Job) -> None:
        """Remove automatic versions, but the newest two (one may be looked at still) and those that found objects."""
        project = project_by_id(connection, job.project_id)
        trained = [one for one in ledger.jobs_of_kind(connection, project.id, KIND) if one.parameters.get("automatic")]
        automatic = {one.outputs.get("pixel_classifier") for one in trained}
        numbers = [one for one in self._shelf.numbers(project.uuid) if one in automatic]
        used = {one.parameters.get("method") for one in ledger.jobs_of_kind(connection, project.id, SEGMENT)}
        for number in numbers[_KEPT_AUTOMATIC:]:
            if f"{PREFIX}{number}" not in used:
                self._shelf.remove(project.uuid, number)


def _output(scratch: Path, task: Task) -> Path:
    return scratch / f"{task.index}.{task.epoch}.npz"
