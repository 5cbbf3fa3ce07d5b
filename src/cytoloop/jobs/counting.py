"""How many jobs and tasks there are, and whether any."""

from sqlalchemy import Connection, func, select

from .model import FINAL_STATES
from .tables import job, task

JOB_STATES = ("queued", "running", "done", "failed", "cancelled")
TASK_STATES = ("queued", "running", "done", "skipped", "dead", "cancelled")


def states(connection: Connection) -> dict[str, dict[str, int]]:
    """``{"jobs": {state: number}, "tasks": {state: number}}``, every state named."""
    counts: dict[str, dict[str, int]] = {}
    for name, table, every in (("jobs", job, JOB_STATES), ("tasks", task, TASK_STATES)):
        found = connection.execute(select(table.c.state, func.count()).group_by(table.c.state))
        counts[name] = {**dict.fromkeys(every, 0), **{row.state: row[1] for row in found}}
    return counts


def any_unfinished(connection: Connection, kind: str) -> bool:
    """Whether a job of this kind runs or waits."""
    wanted = select(job.c.id).where(job.c.kind == kind).where(job.c.state.not_in(FINAL_STATES)).limit(1)
    return connection.execute(wanted).first() is not None
