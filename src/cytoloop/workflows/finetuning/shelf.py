"""Fine-tuned models: a folder for each job, with the model, its report and pictures; kept among the models or not."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from cytoloop.core.errors import ConflictError, InvalidInputError, NotFoundError
from cytoloop.jobs.model import Job
from cytoloop.learning.method import Method
from cytoloop.learning.packages.reading import checked_name, read_package
from cytoloop.learning.registry import MethodRegistry
from cytoloop.workflows.models.library import remove_model

from .report import REPORT, SIDES, TuningReport
from .worker import PACKAGE

KIND = "fine-tune"
_KEPT_AS = "kept-as"
MOST_MODELS = 300
"""In the folder of models; a limit, since those who manage a project may add some."""


@dataclass(frozen=True, slots=True)
class TunedModels:
    """The folder of results by job, and the methods among which models are kept."""

    folder: Path
    methods: MethodRegistry

    def place(self, job: UUID) -> Path:
        """The folder of a job."""
        return self.folder / str(job)

    def put(self, job: UUID, output: Path) -> None:
        """Take in what a worker wrote; nothing where that was done before."""
        if output.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(self.place(job), ignore_errors=True)
            shutil.move(output, self.place(job))

    def report(self, job: Job) -> TuningReport:
        """What the job did, or ``NotFoundError``."""
        path = self._checked(job) / REPORT
        if not path.is_file():
            raise NotFoundError("There is no result of this training: it is not done yet, or it failed.")
        return TuningReport.read(path)

    def picture(self, job: Job, number: int, side: str) -> Path:
        """A picture (JPEG) of a held-out image, from 1, ``before`` or ``after``."""
        path = self._checked(job) / f"{side}-{number}.jpg"
        if side not in SIDES or not path.is_file():
            raise NotFoundError(f"This training has no picture {number} {side[:20]}.")
        return path

    def kept_as(self, job: Job) -> str | None:
        """The name under which the model is kept among the methods, if it is."""
        path = self._checked(job) / _KEPT_AS
        name = path.read_text() if path.is_file() else None
        return name if name in self.methods.all() else None

    def keep(self, job: Job, name: str) -> Method:
        """Keep the model under a name, for everybody on this server.

        Raises
        ------
        ConflictError
            The name is taken, or there are too many models.
        """
        self.report(job)
        models = self.methods.models
        if models is None:
            raise InvalidInputError("There is no folder for models; set one by the home folder.")
        chosen = checked_name(name)
        if self.kept_as(job) is not None:
            raise ConflictError(f"The model is kept as {self.kept_as(job)} already.")
        if chosen in self.methods.all():
            raise ConflictError(f"There is a method {chosen!r} already. Choose another name.")
        models.mkdir(parents=True, exist_ok=True)
        if sum(1 for _ in models.iterdir()) >= MOST_MODELS:
            raise ConflictError(f"There are {MOST_MODELS} models already. Remove some that nobody needs.")
        staging = models / f".{job.uuid}"
        shutil.rmtree(staging, ignore_errors=True)
        shutil.copytree(self.place(job.uuid) / PACKAGE, staging / chosen)
        read_package(staging / chosen)
        try:
            (staging / chosen).rename(models / chosen)
        except OSError as error:
            raise ConflictError(f"There is a folder {chosen!r} among the models already. Use another name.") from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        (self.place(job.uuid) / _KEPT_AS).write_text(chosen)
        return self.methods.by_name(chosen)

    def take_back(self, job: Job) -> None:
        """Remove the model from the methods; the result stays, so that it can be kept again."""
        name = self.kept_as(job)
        if name is None:
            raise NotFoundError("The model of this training is not kept.")
        remove_model(self.methods, name)
        (self.place(job.uuid) / _KEPT_AS).unlink(missing_ok=True)

    def _checked(self, job: Job) -> Path:
        if job.kind != KIND:
            raise NotFoundError(f"The job {job.title!r} trained no model.")
        return self.place(job.uuid)
