"""What jobs that train have in common: where a package comes from, and its way to the shelf."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection

from cytoloop import __version__
from cytoloop.core.clock import utc_now
from cytoloop.jobs import ledger
from cytoloop.jobs.model import Job
from cytoloop.projects.images import ProjectImage
from cytoloop.projects.store import Project, project_by_id

_MOST_NAMED = 500


class Shelf(Protocol):
    """Numbered versions of a project's packages."""

    def add(self, project: UUID, source: Path) -> int:
        """Take in the package in a folder; its number."""
        ...


def origin(project: Project, job: Job, images: Iterable[ProjectImage | None]) -> dict[str, Any]:
    """Facts for the record of what a job trains: where, when, from which files. ``None``: an image that is gone."""
    found = (one for one in images if one is not None)
    data = [{"name": one.name, "sha256": one.stored.sha256} for one in found if one.stored is not None]
    return {
        "project": project.name,
        "job": str(job.uuid),
        "trained_at": utc_now().isoformat(timespec="seconds"),
        "cytoloop_version": __version__,
        "data": data[:_MOST_NAMED],
    }


def put_on_shelf(
    connection: Connection, job: Job, package: Path, receipt: dict[str, Any], *, shelf: Shelf, output: str
) -> None:
    """Keep a trained package; the job's outputs tell its number, by the name ``output``, and what the worker told."""
    outputs = dict(ledger.job_by_id(connection, job.id).outputs)
    if package.is_dir():  # not when this write is done again
        outputs[output] = shelf.add(project_by_id(connection, job.project_id).uuid, package)
    ledger.set_outputs(connection, job.id, {**outputs, **receipt})
