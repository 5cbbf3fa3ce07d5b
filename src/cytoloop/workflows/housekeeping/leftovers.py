"""Files beside the database whose layer, job or project is gone."""

import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import Column, Connection, select

from cytoloop.annotations.tables import layer
from cytoloop.jobs.tables import job
from cytoloop.projects.tables import project
from cytoloop.storage.database import Database
from cytoloop.storage.rows import batches

ARRIVING_S = 24 * 3600.0
"""How young a file must be not to be a leftover: its record may be on the way."""


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Folders: measured tables by layer, comparisons and fine-tuned models by job.

    ``of_projects`` hold classifiers of objects, images and pixels, and landmark detectors, by project.
    """

    database: Database
    measurements: Path
    comparisons: Path
    tuned: Path
    of_projects: Sequence[Path]

    def sweep(self) -> int:
        """Remove what nothing belongs to any more; how many files and folders that were."""
        kept = {
            self.measurements: layer,
            self.comparisons: job,
            self.tuned: job,
            **dict.fromkeys(self.of_projects, project),
        }
        gone = 0
        for folder, table in kept.items():
            found = dict(_named(folder))
            with self.database.read() as connection:
                known = _known(connection, table.c.uuid, [*{*found.values()}])
            for path in (path for path, uuid in found.items() if uuid not in known and _is_old(path)):
                _remove(path)
                gone += 1
        return gone


def _named(folder: Path) -> Iterator[tuple[Path, UUID]]:
    """What a folder holds whose name begins with a UUID; all else is not ours."""
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            yield path, UUID(path.name[:36])
        except ValueError:
            continue


def _known(connection: Connection, column: Column[UUID], uuids: list[UUID]) -> set[UUID]:
    parts = (connection.execute(select(column).where(column.in_(one))).scalars() for one in batches(uuids))
    return {uuid for part in parts for uuid in part}


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > ARRIVING_S
    except FileNotFoundError:
        return False


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
