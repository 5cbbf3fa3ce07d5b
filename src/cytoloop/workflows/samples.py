"""The sample project: bundled real images, and the main job done on one of them."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Connection

from cytoloop.annotations import layers as layer_store
from cytoloop.core.errors import ConflictError
from cytoloop.jobs import ledger
from cytoloop.jobs.model import FINAL_STATES, Job
from cytoloop.learning.registry import MethodRegistry
from cytoloop.projects import images as image_records
from cytoloop.projects import ontologies, store
from cytoloop.projects.images import ProjectImage
from cytoloop.projects.store import Project
from cytoloop.storage.database import Database
from cytoloop.workflows.images.importing import ImportItem, start_import
from cytoloop.workflows.measurements.measuring import start_measurement
from cytoloop.workflows.segmentation.segmenting import SegmentOrder, start_segmentation

NAME = "Sample project"
DESCRIPTION = (
    "Real images to try things on: fluorescence nuclei, an H&E slide with a pyramid, "
    "a 16-bit image of three channels, and a time series."
)
TERMS = (("Nucleus", "#56b4e9"), ("Mitosis", "#d55e00"), ("Debris", "#f0e442"))
WAIT_S = 600.0
Tell = Callable[[str], None]


def sample_project(connection: Connection, paths: Sequence[Path], *, user_id: int) -> Project:
    """The user's sample project; made with its classes, its images queued for import, unless it is there."""
    for project in store.projects_owned(connection, user_id, NAME):
        return project
    project = store.create_project(connection, name=NAME, description=DESCRIPTION, owner_id=user_id)
    for name, color in TERMS:
        ontologies.create_term(connection, project.ontology_id, name=name, color=color)
    items = [ImportItem(path, path.name) for path in paths]
    start_import(connection, items, project_id=project.id, user_id=user_id)
    return project


def running_imports(database: Database, project: Project) -> list[Job]:
    """Jobs of the project that have not ended."""
    with database.read() as connection:
        jobs = ledger.jobs_of_project(connection, project.id, before_id=0, limit=100)
    return [one for one in jobs if one.state not in FINAL_STATES]


def main_job(
    database: Database,
    methods: MethodRegistry,
    project: Project,
    *,
    user_id: int,
    wake: Callable[[], None],
    tell: Tell,
) -> None:
    """Segment the first sample with all defaults and measure what was found; tells the numbers."""
    with database.read() as connection:
        images = image_records.project_images(connection, project.id, limit=100)
        term = ontologies.terms_of(connection, project.ontology_id)[0]
    first = next(one for one in images if one.state == "ready")
    order = SegmentOrder("nuclei", {}, [first], term_id=term.id)
    job = database.write(
        lambda connection: start_segmentation(connection, methods, order, project_id=project.id, user_id=user_id)
    )
    wake()
    wait_for(database, job, tell)
    _measure_and_tell(database, project, first, job, user_id=user_id, wake=wake, tell=tell)


def _measure_and_tell(
    database: Database,
    project: Project,
    image: ProjectImage,
    job: Job,
    *,
    user_id: int,
    wake: Callable[[], None],
    tell: Tell,
) -> None:
    with database.read() as connection:
        layers = layer_store.layers_of_run(connection, job.uuid)
        counts = layer_store.term_counts(connection, [one.id for one in layers])
    tell(f"{image.name}: {sum(sum(one.values()) for one in counts.values())} nuclei found")
    measured = database.write(
        lambda connection: start_measurement(connection, layers, project_id=project.id, user_id=user_id)
    )
    wake()
    wait_for(database, measured, tell)


def wait_for(database: Database, job: Job, tell: Tell) -> None:
    """Wait until a job has ended. Raises ``ConflictError`` with its error when it failed."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        with database.read() as connection:
            now = ledger.job_by_id(connection, job.id)
        if now.state in FINAL_STATES:
            tell(f"{now.title}: {now.message.lower()}")
            if now.state != "done" or now.error:
                raise ConflictError(f"{now.title} failed: {now.error or now.message}")
            return
        time.sleep(0.1)
    raise ConflictError(f"{job.title} did not end within {WAIT_S:.0f} s.")
