"""Jobs and tasks as frozen values, and what a kind of job has to bring along."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol
from uuid import UUID

from sqlalchemy import Connection

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
FINAL_STATES = ("done", "failed", "cancelled")
LogLevel = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Job:
    """A job: one request of a user, made of tasks."""

    id: int
    uuid: UUID
    project_id: int
    kind: str
    title: str
    state: JobState
    progress: float
    message: str
    error: str | None
    tasks_total: int
    tasks_done: int
    tasks_failed: int
    creator_id: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    parameters: dict[str, Any]
    outputs: dict[str, Any]
    stage: int = 0
    """Tasks of this stage and below may run."""


@dataclass(frozen=True, slots=True)
class Task:
    """A part of a job that one worker does in one go. ``epoch`` counts claims: it fences late results."""

    job_id: int
    index: int
    attempt: int
    epoch: int
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be queued: JSON-ready parameters, and a payload for each task.

    A payload's ``stage`` (0 if there is none) says what it waits for: every task of a lower stage has to end first.
    """

    project_id: int
    kind: str
    title: str
    creator_id: int
    parameters: dict[str, Any]
    payloads: Sequence[dict[str, Any]]
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a job's log."""

    id: int
    at: datetime
    level: LogLevel
    text: str


class JobKind(Protocol):
    """What a kind of job does; ``workflows`` provides one for each kind.

    The work itself, ``function``, runs in a worker process that has no database: it gets the prepared call
    and a scratch folder, and returns a small JSON receipt.
    """

    name: str
    function: str
    """``module:function``; called as ``function(call, reporter)`` in a worker."""

    def prepare(self, job: Job, task: Task, scratch: Path) -> dict[str, Any]:
        """The call for the worker; may read the database and write files into ``scratch``."""
        ...

    def finish_task(
        self,
        connection: Connection,
        job: Job,
        task: Task,
        receipt: dict[str, Any],
        scratch: Path,
    ) -> None:
        """Write the task's results, in the transaction that marks it done: exactly once."""
        ...

    def task_failed(self, connection: Connection, job: Job, task: Task, error: str) -> None:
        """The task will not be tried again."""
        ...

    def finish_job(self, connection: Connection, job: Job, scratch: Path) -> str:
        """Every task has ended, or the job was cancelled; in the transaction that ends the job.

        Returns what was done, in a few words for people, such as "149 objects found".
        """
        ...
