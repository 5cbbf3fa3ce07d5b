"""Fine-tuning as a job: one task for each image cuts out what was annotated, a last one trains."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import ColumnElement, Connection, func, or_, select

from cytoloop import __version__
from cytoloop.annotations.model import Status
from cytoloop.annotations.tables import annotation
from cytoloop.core.errors import ConflictError, InvalidInputError
from cytoloop.jobs import ledger, logbook
from cytoloop.jobs.model import Job, NewJob, Task
from cytoloop.jobs.progress import SHARES
from cytoloop.learning.classical.channels import AUTO
from cytoloop.learning.packages.model import ModelPackage
from cytoloop.learning.packages.model import Task as ModelTask
from cytoloop.learning.packages.reading import checked_name
from cytoloop.learning.registry import MethodRegistry
from cytoloop.projects.images import ProjectImage, project_image_by_id, stored_of
from cytoloop.storage.database import Database
from cytoloop.storage.rows import batches
from cytoloop.workflows.announcing import counted
from cytoloop.workflows.classification.labelled import area_states, is_area, layers_to_learn_from
from cytoloop.workflows.images.library import ImageLibrary
from cytoloop.workflows.models.library import model_named, models
from cytoloop.workflows.training.child import can_train
from cytoloop.workflows.training.folder import work_folder

from .plan import TuningPlan, tuned_configuration
from .shelf import KIND, TunedModels

LEAST_OBJECTS = 4
_HELD_SHARE = 0.2
_SHARES = (0.1, 0.9)
"""Of cutting out what was annotated, and of training: a guess."""
_AT_MOST_OBJECTS = 200_000


@dataclass(frozen=True, slots=True)
class TuningOrder:
    """What to learn from: accepted outlines on these images, of these classes (all where ``None``).

    Areas of the class ``complete_term`` are no objects: everything in them is annotated. The images of
    ``test_images`` are held out; without any, some are chosen.
    """

    start: str
    name: str
    images: Sequence[ProjectImage]
    plan: TuningPlan
    test_images: Sequence[ProjectImage] = ()
    terms: Sequence[int] | None = None
    complete_term: int | None = None
    channel: str = AUTO


@dataclass(frozen=True, slots=True)
class ImageCorrections:
    """Outlines of an image: accepted, not looked at yet, rejected."""

    image: ProjectImage
    accepted: int
    open: int
    rejected: int


def tunable(methods: MethodRegistry) -> list[ModelPackage]:
    """The models from which training can go on."""
    found: list[ModelPackage] = []
    for one in models(methods):
        try:
            _require_objects(one)
            tuned_configuration(one, TuningPlan.model_validate({}), "model")
        except (InvalidInputError, ValueError):
            continue
        found.append(one)
    return found


def _require_objects(package: ModelPackage) -> None:
    if package.spec.task is not ModelTask.INSTANCES:
        raise InvalidInputError(f"{package.name} finds areas, not single objects. Choose a model that finds objects.")


def corrections(connection: Connection, images: Sequence[ProjectImage]) -> list[ImageCorrections]:
    """What there is to learn from on each image that has any outline."""
    states = area_states(connection, layers_to_learn_from(connection, images))
    kinds = (Status.ACCEPTED, Status.PREDICTED, Status.REJECTED)
    return [
        ImageCorrections(one, *(states[one.id][kind] for kind in kinds))
        for one in images
        if one.id in states and states[one.id].total() > 0
    ]


def start_tuning(
    connection: Connection, methods: MethodRegistry, order: TuningOrder, *, project_id: int, user_id: int
) -> Job:
    """Check the order and queue the job.

    Raises
    ------
    NotFoundError, InvalidInputError, ConflictError
        There is no such model or it cannot go on learning, the name is taken, torch is not installed, or there are
        too few accepted outlines.
    """
    if not can_train():
        raise ConflictError("Training needs torch. Install it where the server runs: pip install 'cytoloop[train]'")
    start = model_named(methods, order.start)
    _require_objects(start)
    tuned_configuration(start, order.plan, "model")
    name = checked_name(order.name)
    if name in methods.all():
        raise ConflictError(f"There is a method {name!r} already. Choose another name.")
    counts = _counts(connection, order)
    found = [one for one in order.images if counts[one.id] > 0]
    total = counts.total()
    if total < LEAST_OBJECTS:
        raise InvalidInputError(
            f"There {'is' if total == 1 else 'are'} {counted(total, 'accepted outline')} on these images. "
            f"Accept or draw at least {LEAST_OBJECTS}, better 50."
        )
    if total > _AT_MOST_OBJECTS:
        raise InvalidInputError(
            f"At most {_AT_MOST_OBJECTS:,} outlines can be learnt from; these images have {total:,}."
        )
    held = _held_out(found, order)
    payloads: list[dict[str, Any]] = [{"step": "cut", "image_id": one.id} for one in found]
    payloads.append({"step": "tune", "stage": 1})
    parameters = {
        "start": start.name,
        "name": name,
        "plan": order.plan.model_dump(mode="json"),
        "terms": None if order.terms is None else list(order.terms),
        "complete_term": order.complete_term,
        "channel": order.channel,
        "held": [one.id for one in held],
        "divided": len(found) == 1,
        "cytoloop_version": __version__,
        "inputs": [
            {"image": str(one.uuid), "name": one.name, "sha256": one.stored.sha256} for one in found if one.stored
        ][:500],
        SHARES: _SHARES,
    }
    title = f"Fine-tune {start.title} on {counted(total, 'outline')} of {counted(len(found), 'image')}"
    return ledger.enqueue(connection, NewJob(project_id, KIND, title, user_id, parameters, payloads))


def _held_out(found: Sequence[ProjectImage], order: TuningOrder) -> list[ProjectImage]:
    tested = {one.id for one in order.test_images}
    chosen = [one for one in found if one.id in tested]
    if len(chosen) == len(found) and found:
        raise InvalidInputError("Every image with accepted outlines is held out. Leave at least one to learn from.")
    if chosen or len(found) == 1:
        return chosen
    return list(found[-max(1, round(len(found) * _HELD_SHARE)) :])


def _condition(order_terms: Sequence[int] | None, complete_term: int | None) -> ColumnElement[bool]:
    """Accepted areas that are objects."""
    found = is_area() & (annotation.c.status == int(Status.ACCEPTED))
    if order_terms is not None:
        found &= annotation.c.term_id.in_(list(order_terms))
    if complete_term is not None:
        found &= or_(annotation.c.term_id.is_(None), annotation.c.term_id != complete_term)
    return found


def _counts(connection: Connection, order: TuningOrder) -> Counter[int]:
    """Accepted outlines that are learnt from, by the image's row."""
    image_of = {one.id: one.image_id for one in layers_to_learn_from(connection, order.images)}
    found = Counter[int]()
    query = select(annotation.c.layer_id, func.count()).where(_condition(order.terms, order.complete_term))
    for part in batches(list(image_of)):
        for layer_id, count in connection.execute(
            query.where(annotation.c.layer_id.in_(part)).group_by(annotation.c.layer_id)
        ):
            found[image_of[layer_id]] += count
    return found


class FineTuneKind:
    """The job kind "fine-tune"."""

    name = KIND
    function = "cytoloop.workflows.finetuning.worker:run"

    def __init__(self, database: Database, library: ImageLibrary, tuned: TunedModels) -> None:
        self._database = database
        self._library = library
        self._tuned = tuned

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """The call: an image with its marks, or the folder of all pairs."""
        data = str(scratch / "data")
        if task.payload["step"] == "tune":
            models_folder = self._tuned.methods.models
            return {
                "step": "tune",
                "data": data,
                "work": str(work_folder(scratch)),
                "output": str(_output(scratch, task)),
                "models": None if models_folder is None else str(models_folder),
                "held_stems": [f"{_stem(one)}-" for one in job.parameters["held"]],
                "title": job.parameters["name"],
                **{name: job.parameters[name] for name in ("start", "name", "plan")},
            }
        with self._database.read() as connection:
            image = project_image_by_id(connection, task.payload["image_id"])
            objects = scratch / f"{task.index}.{task.epoch}.parquet"
            pq.write_table(_marks_table(connection, image, job), objects)
        return {
            **self._library.files(stored_of(image)).as_call(),
            "step": "cut",
            "objects": str(objects),
            "output": data,
            "stem": _stem(image.id),
            "unmarked": job.parameters["plan"]["unmarked"],
            **{name: job.parameters[name] for name in ("channel", "divided")},
        }

    def finish_task(self, connection: Connection, job: Job, task: Task, receipt: dict[str, Any], scratch: Path) -> None:
        """Keep the model with its report."""
        if task.payload["step"] == "tune":
            self._tuned.put(job.uuid, _output(scratch, task))
            ledger.set_outputs(connection, job.id, {**ledger.job_by_id(connection, job.id).outputs, **receipt})

    def task_failed(self, connection: Connection, job: Job, task: Task, error: str) -> None:
        """An image that cannot be read is not learnt from."""
        if task.payload["step"] == "cut":
            logbook.add_log(connection, job.id, "warning", "One image was left out; see the error.")

    def finish_job(self, connection: Connection, job: Job, scratch: Path) -> str:
        """What it scored before and after."""
        outputs = ledger.job_by_id(connection, job.id).outputs
        if "held_out" not in outputs:
            return "No model was made"
        if outputs["before"] is None:
            return "A model without scores: nothing was held out"
        held = counted(outputs["held_out"], "held-out picture")
        return f"DSB score {outputs['before']:.3f} before, {outputs['after']:.3f} after, on {held}"


def _stem(image_id: int) -> str:
    return f"i{image_id}"


def _output(scratch: Path, task: Task) -> Path:
    return scratch / f"tuned-{task.epoch}"


def _marks_table(connection: Connection, image: ProjectImage, job: Job) -> pa.Table:
    """Columns z, t, role, wkb: see ``material.Marks``."""
    layers = [one.id for one in layers_to_learn_from(connection, [image])]
    complete = job.parameters["complete_term"]
    accepted = annotation.c.status == int(Status.ACCEPTED)
    roles = {
        "object": _condition(job.parameters["terms"], complete),
        "empty": is_area(rejected=True) & (annotation.c.status == int(Status.REJECTED)),
    }
    if complete is not None:
        roles["complete"] = is_area() & accepted & (annotation.c.term_id == complete)
    rows: list[tuple[int, int, str, bytes]] = []
    for role, condition in roles.items():
        query = (
            select(annotation.c.z, annotation.c.t, annotation.c.geom)
            .where(annotation.c.layer_id.in_(layers))
            .where(condition)
            .order_by(annotation.c.id)
        )
        rows += [(z, t, role, wkb) for z, t, wkb in connection.execute(query)]
    return pa.table(
        {
            "z": pa.array([one[0] for one in rows], pa.int64()),
            "t": pa.array([one[1] for one in rows], pa.int64()),
            "role": pa.array([one[2] for one in rows], pa.string()),
            "wkb": pa.array([one[3] for one in rows], pa.binary()),
        }
    )
