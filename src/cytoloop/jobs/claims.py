"""Claims: who may work on a task, and until when.

A claim raises the task's ``epoch``; its result is accepted only at that epoch, in the same transaction
that writes what it found. So a worker that was thought dead and comes back changes nothing.
"""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from cytoloop.core.clock import utc_now
from cytoloop.core.errors import ConflictError

from .ledger import ROUND, hold_job, job_by_id
from .model import Job, Task
from .tables import job, task

MAX_ATTEMPTS = 3
LEASE_S = 60.0
BACKOFF_S = 2.0
MAX_CLAIMS = 50
"""Claims and their losses since a person asked for the last try.

A task that more than some twenty servers ended under may be why they did."""
EVERYONE = ""
"""All owners, where an owner is asked for."""


class LostClaimError(ConflictError):
    """The task was taken by someone else since; its result is not wanted."""

    code = "lost_claim"


def claim(connection: Connection, owner: str) -> tuple[Job, Task] | None:
    """Take the next task. Tasks of the same rank in different jobs take turns, so no job starves."""
    row = (
        connection.execute(
            select(task)
            .join(job, job.c.id == task.c.job_id)
            .where(task.c.state == "queued")
            .where(task.c.not_before <= time.time())
            .where(job.c.state.in_(["queued", "running"]))
            .where(task.c.stage <= job.c.stage)
            .order_by(task.c.index, task.c.job_id)
            .limit(1)
            .with_for_update(of=task, skip_locked=True)
        )
        .mappings()
        .first()
    )
    if row is None:
        return None
    _update_task(
        connection,
        row["job_id"],
        row["index"],
        state="running",
        attempt=row["attempt"] + 1,
        epoch=row["epoch"] + 1,
        owner=owner,
        lease_until=time.time() + LEASE_S,
    )
    connection.execute(
        update(job)
        .where(job.c.id == row["job_id"])
        .where(job.c.state == "queued")
        .values(state="running", started_at=utc_now(), message="Running")
    )
    claimed = Task(
        row["job_id"],
        row["index"],
        row["attempt"] + 1,
        row["epoch"] + 1,
        row["payload"],
    )
    return job_by_id(connection, row["job_id"]), claimed


def renew(connection: Connection, tasks: Sequence[Task]) -> list[Task]:
    """Extend the leases of tasks that are still at work; those whose claim was lost."""
    return [
        one
        for one in tasks
        if not connection.execute(
            update(task)
            .where(task.c.job_id == one.job_id)
            .where(task.c.index == one.index)
            .where(task.c.epoch == one.epoch)
            .values(lease_until=time.time() + LEASE_S)
        ).rowcount
    ]


def check_claim(connection: Connection, one: Task) -> None:
    """Raise ``LostClaimError`` unless the task is still running under this claim.

    Holds job and task to the end of the transaction: meanwhile nobody can take the claim away or count the job's tasks.
    """
    hold_job(connection, one.job_id)
    current = connection.execute(
        select(task.c.epoch, task.c.state)
        .where(task.c.job_id == one.job_id)
        .where(task.c.index == one.index)
        .with_for_update()
    ).first()
    if current is None or current.epoch != one.epoch or current.state != "running":
        raise LostClaimError("The task was cancelled or taken by another worker.")


def finish_task(connection: Connection, one: Task) -> None:
    """Mark a task done. Call ``check_claim`` first, in the same transaction."""
    _update_task(connection, one.job_id, one.index, state="done", owner=None, lease_until=None)


def fail_task(connection: Connection, one: Task, error: str, *, again: bool) -> bool:
    """Give a task back for another try, or up; returns whether it will be tried again."""
    retry = again and one.attempt < MAX_ATTEMPTS
    _update_task(
        connection,
        one.job_id,
        one.index,
        state="queued" if retry else "dead",
        not_before=time.time() + BACKOFF_S * 2 ** (one.attempt - 1) if retry else 0.0,
        owner=None,
        lease_until=None,
        error=error[:2000],
    )
    return retry


def recover(connection: Connection, owner: str | None = None) -> int:
    """Queue again the running tasks of an owner, or of ``EVERYONE`` (when the only dispatcher begins).

    Returns how many. ``owner`` None means every running task whose lease has passed. It is not the task's fault that
    its dispatcher went, so that try does not count; but see ``is_lost_too_often``.
    """
    condition = task.c.state == "running"
    if owner is None:
        condition &= task.c.lease_until < time.time()
    elif owner != EVERYONE:
        condition &= task.c.owner == owner
    return connection.execute(
        update(task)
        .where(condition)
        .values(state="queued", owner=None, lease_until=None, epoch=task.c.epoch + 1, attempt=task.c.attempt - 1)
    ).rowcount


def is_lost_too_often(claimed: Task) -> bool:
    """Whether the task's dispatchers ended so often while it was at work that it may be the reason."""
    return claimed.epoch % ROUND > MAX_CLAIMS


def _update_task(connection: Connection, job_id: int, index: int, **values: Any) -> None:
    connection.execute(update(task).where(task.c.job_id == job_id).where(task.c.index == index).values(**values))
