"""Files that jobs take in or give out: a folder for each job, kept for a day or as long as its project."""

import shutil
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from cytoloop.core.clock import utc_now
from cytoloop.core.errors import NotFoundError
from cytoloop.core.ids import new_uuid
from cytoloop.jobs import ledger
from cytoloop.jobs.model import FINAL_STATES, Job
from cytoloop.storage.database import Database

KEPT = timedelta(days=1)
"""How long after the end of its job a file stays."""
ARRIVING_S = 6 * 3600.0
"""A folder that no job knows after this long was left behind by a request that broke off."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder that holds a folder for each job."""

    folder: Path

    def new_place(self) -> Path:
        """A new folder for what is on its way, before there is a job."""
        path = self.folder / new_uuid().hex
        path.mkdir(parents=True)
        return path

    def place(self, job: UUID) -> Path:
        """The job's folder; it may not be there yet."""
        return self.folder / str(job)

    def keep(self, job: UUID, path: Path, name: str) -> Path:
        """Move a file to the job's folder."""
        target = self.place(job) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
        return target

    def file_of(self, job: Job) -> Path:
        """The file that a job offers, or ``NotFoundError``."""
        kept = job.outputs.get("file")
        if kept is None:
            raise NotFoundError("This job has no file to download: it is none that makes one, or it is not done yet.")
        path = self.place(job.uuid) / kept["name"]
        if not path.is_file():
            raise NotFoundError("The file was kept for a day and is gone now. Export it again.")
        return path

    def sweep(self, database: Database) -> int:
        """Remove what is a day old, and what belongs to jobs that are gone; how many folders that were."""
        if not self.folder.is_dir():
            return 0
        gone = [one for one in self.folder.iterdir() if not self._is_wanted(database, one)]
        for one in gone:
            shutil.rmtree(one, ignore_errors=True)
        return len(gone)

    def _is_wanted(self, database: Database, folder: Path) -> bool:
        try:
            with database.read() as connection:
                job = ledger.job_by_uuid(connection, UUID(folder.name))
        except (ValueError, NotFoundError):
            return time.time() - folder.stat().st_mtime < ARRIVING_S
        if job.state not in FINAL_STATES:
            return True
        return utc_now() - (job.finished_at or job.created_at) < KEPT
