"""Comparisons as jobs: each row is a task; its picture and numbers are kept in a folder of the job."""

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from cytoloop import __version__
from cytoloop.core.errors import ConflictError, InvalidInputError, NotFoundError
from cytoloop.core.geometry import Box
from cytoloop.jobs import ledger
from cytoloop.jobs.model import Job, NewJob, Task
from cytoloop.learning.preprocessing import parse_steps
from cytoloop.learning.registry import MethodRegistry
from cytoloop.projects.images import ProjectImage, project_image_by_id, stored_of
from cytoloop.projects.store import project_by_id
from cytoloop.storage.database import Database
from cytoloop.workflows.announcing import counted
from cytoloop.workflows.images.library import ImageLibrary
from cytoloop.workflows.pixels.shelf import PixelShelf

from .comparing import WINDOW_PX, Row, rows_of

KIND = "compare"


@dataclass(frozen=True, slots=True)
class CompareOrder:
    """What to compare: methods by name, preprocessing by short names, a region (px) of one plane or all of it."""

    methods: Sequence[str]
    steps: Sequence[str]
    image: ProjectImage
    region: BaseGeometry | None = None
    z: int = 0
    t: int = 0


@dataclass(frozen=True, slots=True)
class RowResult:
    """One row of a comparison, with what is known of it by now: ``numbers`` is ``None`` while it waits."""

    number: int
    row: Row
    numbers: dict[str, Any] | None


def start_comparison(
    connection: Connection, methods: MethodRegistry, order: CompareOrder, *, project_id: int, user_id: int
) -> Job:
    """Check the order and queue the job."""
    image = order.image
    if image.stored is None or image.state != "ready":
        raise ConflictError(f"{image.name} is not imported yet. Wait for it, or choose another.")
    info = image.stored.info
    for axis, wanted in (("z", order.z), ("t", order.t)):
        if wanted >= info[f"size_{axis}"]:
            raise InvalidInputError(
                f"{image.name} has {info[f'size_{axis}']} planes along {axis}; there is no number {wanted}."
            )
    box = _box(order.region, Box(0, 0, info["width"], info["height"]))
    rows = rows_of(methods, order.methods, {name: parse_steps(name) for name in order.steps})
    return ledger.enqueue(
        connection,
        NewJob(
            project_id=project_id,
            kind=KIND,
            title=f"Compare {counted(len(rows), 'way')} on {image.name}",
            creator_id=user_id,
            parameters={
                "rows": [one.as_json() for one in rows],
                "box": box.as_tuple(),
                "z": order.z,
                "t": order.t,
                "cytoloop_version": __version__,
                "inputs": [{"image": str(image.uuid), "name": image.name, "sha256": image.stored.sha256}],
            },
            payloads=[{"image_id": image.id, "number": number} for number in range(1, len(rows) + 1)],
        ),
    )


def _box(region: BaseGeometry | None, image: Box) -> Box:
    """The region's box inside the image, in whole px; the middle of a large one."""
    box = image
    if region is not None:
        if region.is_empty or not region.intersects(shapely.box(*image.as_tuple())):
            raise InvalidInputError("The region does not touch the image.")
        x0, y0, x1, y1 = region.bounds
        box = Box(math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1)).intersection(image)
    if box.is_empty:
        raise InvalidInputError("The region holds no pixel of the image. Choose a larger one.")
    w, h = min(box.width, WINDOW_PX), min(box.height, WINDOW_PX)
    x, y = box.x0 + (box.width - w) // 2, box.y0 + (box.height - h) // 2
    return Box(x, y, x + w, y + h)


class CompareKind:
    """The job kind "compare". ``folder`` holds a folder of results for each job."""

    name = KIND
    function = "cytoloop.workflows.comparison.worker:run"

    def __init__(
        self, database: Database, library: ImageLibrary, methods: MethodRegistry, pixels: PixelShelf, folder: Path
    ) -> None:
        self._pixels = pixels
        self._database = database
        self._library = library
        self._methods = methods
        self._folder = folder

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """The call: where the image is, the row, where the results go."""
        with self._database.read() as connection:
            image = project_image_by_id(connection, task.payload["image_id"])
            project = project_by_id(connection, job.project_id)
        return {
            **self._methods.with_pixels(self._pixels.of_project(project.uuid)).as_call(),
            **self._library.files(stored_of(image)).as_call(),
            **{name: job.parameters[name] for name in ("box", "z", "t")},
            "row": job.parameters["rows"][task.payload["number"] - 1],
            "name": image.name,
            "output": str(_output(scratch, task)),
        }

    def finish_task(self, connection: Connection, job: Job, task: Task, receipt: dict[str, Any], scratch: Path) -> None:
        """Keep the picture and the numbers; the numbers come last, as the sign that both are there."""
        folder = self._folder / str(job.uuid)
        folder.mkdir(parents=True, exist_ok=True)
        for ending in (".jpg", ".json"):
            found = _output(scratch, task).with_suffix(ending)
            if found.exists():  # not when this write is done again
                shutil.move(found, folder / f"{task.payload['number']}{ending}")

    def task_failed(self, connection: Connection, job: Job, task: Task, error: str) -> None:
        """The row tells the error in place of its numbers."""
        folder = self._folder / str(job.uuid)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{task.payload['number']}.json").write_bytes(orjson.dumps({"error": error}))

    def finish_job(self, connection: Connection, job: Job, scratch: Path) -> str:
        """How many rows there are to choose from."""
        done = sum(one.numbers is not None and not one.numbers.get("error") for one in results(self._folder, job))
        return f"{counted(done, 'row')} to choose from"


def _output(scratch: Path, task: Task) -> Path:
    return scratch / f"{task.index}-{task.epoch}.json"


def results(folder: Path, job: Job) -> list[RowResult]:
    """Every row of a comparison, as far as it is done. Raises ``NotFoundError`` where the job is none."""
    return [
        RowResult(number, Row.from_json(row), _numbers(folder / str(job.uuid) / f"{number}.json"))
        for number, row in enumerate(_rows(job), start=1)
    ]


def result_row(job: Job, number: int) -> Row:
    """One row, counted from 1."""
    rows = _rows(job)
    if not 1 <= number <= len(rows):
        raise NotFoundError(f"The comparison has rows 1 to {len(rows)}; there is no row {number}.")
    return Row.from_json(rows[number - 1])


def result_picture(folder: Path, job: Job, number: int) -> Path:
    """The picture of a row (JPEG)."""
    result_row(job, number)
    path = folder / str(job.uuid) / f"{number}.jpg"
    if not path.is_file():
        raise NotFoundError(f"Row {number} has no picture yet. Wait until it is done.")
    return path


def _rows(job: Job) -> list[dict[str, Any]]:
    if job.kind != KIND:
        raise NotFoundError(f"The job {job.title!r} is no comparison.")
    return job.parameters["rows"]


def _numbers(path: Path) -> dict[str, Any] | None:
    try:
        return orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
