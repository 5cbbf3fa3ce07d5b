"""Exports of sets as jobs: the objects go to a worker in a file, and the packed set waits on the shelf."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, select

from cytoloop.annotations.layers import layers_of_image
from cytoloop.annotations.model import Layer, Status
from cytoloop.annotations.tables import annotation
from cytoloop.core.clock import utc_now
from cytoloop.core.errors import InvalidInputError, NotFoundError
from cytoloop.exchange.sets.registry import set_named
from cytoloop.jobs import ledger
from cytoloop.jobs.model import Job, NewJob, Task
from cytoloop.projects import ontologies
from cytoloop.projects.images import ProjectImage, project_image_by_id
from cytoloop.projects.store import Project, project_by_id
from cytoloop.storage.database import Database
from cytoloop.workflows.announcing import counted
from cytoloop.workflows.images.library import ImageLibrary
from cytoloop.workflows.shelf import KEPT, Shelf

from .downloads import file_name
from .exchanging import exchange_image
from .export_sets import MOST_IMAGES, Selection, is_chosen, new_stem
from .objectfile import ObjectWriter, Row

KIND = "export"


def start_export(
    connection: Connection,
    project: Project,
    set_name: str,
    selection: Selection,
    *,
    downsample: float,
    crop_px: int,
    user_id: int,
) -> Job:
    """Check the order and queue the job. Raises ``InvalidInputError`` where there is no such set or no image."""
    set_named(set_name)
    if not selection.images:
        raise InvalidInputError("There is nothing to export: the project has no such images.")
    if len(selection.images) > MOST_IMAGES:
        raise InvalidInputError(f"At most {MOST_IMAGES:,} images are written at once. Choose fewer.")
    parameters = {
        "set": set_name,
        "downsample": downsample,
        "crop_px": crop_px,
        "layers": list(selection.layers),
        "classes": list(selection.classes),
        "predictions": selection.with_predictions,
        "images": len(selection.images),
    }
    new = NewJob(
        project_id=project.id,
        kind=KIND,
        title=f"Export {set_name} of {counted(len(selection.images), 'image')}",
        creator_id=user_id,
        parameters=parameters,
        payloads=[{"image_ids": [one.id for one in selection.images]}],
    )
    return ledger.enqueue(connection, new)


class ExportKind:
    """The job kind "export"."""

    name = KIND
    function = "cytoloop.workflows.exchange.export_worker:run"

    def __init__(self, database: Database, library: ImageLibrary, shelf: Shelf) -> None:
        self._database = database
        self._library = library
        self._shelf = shelf

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """Write objects and facts of the images into files; say what to make of them."""
        stem = f"{task.index}.{task.epoch}"
        objects, order, output = (scratch / f"{stem}.{end}" for end in ("parquet", "json", "zip"))
        with self._database.read() as connection:
            ontology_id = project_by_id(connection, job.project_id).ontology_id
            terms = {one.id: (one.name, one.color) for one in ontologies.terms_of(connection, ontology_id)}
            images = self._gathered(connection, job, task, terms, objects)
        chosen = job.parameters["classes"]
        names = [name for name, _ in terms.values() if not chosen or name in chosen]
        facts = {name: job.parameters[name] for name in ("set", "downsample", "crop_px")}
        order.write_bytes(orjson.dumps({**facts, "classes": names, "images": images}))
        return {"order": str(order), "objects": str(objects), "output": str(output)}

    def _gathered(
        self, connection: Connection, job: Job, task: Task, terms: dict[int, tuple[str, str]], path: Path
    ) -> list[dict[str, Any]]:
        """Write the objects; what is known of each image that has some."""
        found: list[dict[str, Any]] = []
        taken: set[str] = set()
        writer = ObjectWriter(path)
        try:
            for image in _present(connection, task.payload["image_ids"]):
                rows = _rows(connection, image, job.parameters, terms)
                if rows:
                    writer.write(rows)
                    found.append(self._facts(image, new_stem(image, taken)))
        finally:
            writer.close()
        return found

    def _facts(self, image: ProjectImage, stem: str) -> dict[str, Any]:
        assert image.stored is not None  # _present left the others out
        return {
            "id": image.id,
            "stem": stem,
            "facts": asdict(exchange_image(image)),
            "files": self._library.files(image.stored).as_call(),
            "channels": image.stored.display.get("channels", []),
        }

    def finish_task(self, connection: Connection, job: Job, task: Task, receipt: dict[str, Any], scratch: Path) -> None:
        """Put the packed set on the shelf."""
        project = project_by_id(connection, job.project_id)
        name = file_name(f"{project.name} {job.parameters['set']}", "zip")
        path = self._shelf.keep(job.uuid, scratch / f"{task.index}.{task.epoch}.zip", name)
        until = (utc_now() + KEPT).isoformat()
        file = {"name": name, "size_bytes": path.stat().st_size, "until": until}
        ledger.set_outputs(connection, job.id, {"file": file, "files": receipt["files"]})

    def task_failed(self, connection: Connection, job: Job, task: Task, error: str) -> None:
        """Nothing was kept; the job tells the error."""

    def finish_job(self, connection: Connection, job: Job, scratch: Path) -> str:
        """How much there is to download."""
        outputs = ledger.job_by_id(connection, job.id).outputs
        if "file" not in outputs:
            return "No file was made"
        return f"{counted(outputs['files'], 'file')} to download, {outputs['file']['size_bytes'] / 1e6:,.1f} MB"


def _present(connection: Connection, ids: Sequence[int]) -> Iterator[ProjectImage]:
    """Those of the images that are still there and imported."""
    for image_id in ids:
        try:
            image = project_image_by_id(connection, image_id)
        except NotFoundError:
            continue
        if image.stored is not None:
            yield image


def _rows(
    connection: Connection, image: ProjectImage, parameters: dict[str, Any], terms: dict[int, tuple[str, str]]
) -> list[Row]:
    """The chosen objects as they lie in the table: their outlines are not looked at here."""
    selection = Selection([image], parameters["layers"], parameters["classes"], parameters["predictions"])
    layers: list[Layer] = [one for one in layers_of_image(connection, image.id) if is_chosen(one, selection)]
    c = annotation.c
    facts = (c.status, c.score, c.z, c.t, c.id, c.parent_id, c.details, c.locked, c.term_score)
    query = (
        select(c.geom, c.kind, c.term_id, *facts)
        .where(c.layer_id.in_([one.id for one in layers]))
        .where(c.status != int(Status.REJECTED))
        .order_by(c.layer_id, c.id)
    )
    if not selection.with_predictions:
        query = query.where(c.status != int(Status.PREDICTED))
    rows: list[Row] = []
    for geom, kind, term_id, *known in connection.execute(query):
        name, color = terms.get(term_id, (None, None)) if term_id is not None else (None, None)
        if not selection.classes or (name or "unclassified") in selection.classes:
            rows.append((image.id, geom, kind, name, color, *known))
    return rows
