"""The ledger: the truth about jobs and tasks, in SQL. Who may work on a task is in ``claims``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, bindparam, case, func, insert, select, update

from cytoloop.core.clock import utc_now
from cytoloop.core.errors import ConflictError, NotFoundError
from cytoloop.core.ids import new_uuid

from .model import FINAL_STATES, Job, NewJob, Task
from .progress import SHARES, StageCount, progress_of
from .tables import job, task

ROUND = 1000
"""Each retry by a person begins with an epoch that is a multiple of this: so the epoch tells the tries since."""


def _job(row: RowMapping) -> Job:
    return Job(**row)


def enqueue(connection: Connection, new: NewJob) -> Job:
    """Add a job with its tasks."""
    row = (
        connection.execute(
            insert(job)
            .values(
                uuid=new_uuid(),
                project_id=new.project_id,
                kind=new.kind,
                title=new.title[:300],
                state="queued",
                progress=0.0,
                message="Waiting for a free worker",
                tasks_total=len(new.payloads),
                tasks_done=0,
                tasks_failed=0,
                creator_id=new.creator_id,
                created_at=utc_now(),
                parameters=new.parameters,
                outputs=new.outputs,
            )
            .returning(job)
        )
        .mappings()
        .one()
    )
    add_tasks(connection, row["id"], new.payloads)
    recount(connection, row["id"])
    return job_by_id(connection, row["id"])


def add_tasks(connection: Connection, job_id: int, payloads: Sequence[dict[str, Any]]) -> None:
    """Append tasks to a job that has not ended."""
    if not payloads:
        return
    last = connection.execute(select(func.max(task.c.index)).where(task.c.job_id == job_id)).scalar_one()
    rows = [
        {
            "job_id": job_id,
            "index": index,
            "state": "queued",
            "attempt": 0,
            "epoch": 0,
            "not_before": 0.0,
            "payload": payload,
            "stage": payload.get("stage", 0),
        }
        for index, payload in enumerate(payloads, start=0 if last is None else last + 1)
    ]
    connection.execute(insert(task), rows)


def skip_tasks(connection: Connection, job_id: int, indices: Sequence[int]) -> None:
    """Count queued tasks as ended: there is nothing to do for them."""
    if indices:
        connection.execute(
            update(task)
            .where(task.c.job_id == job_id)
            .where(task.c.index == bindparam("skipped"))
            .where(task.c.state == "queued")
            .values(state="skipped"),
            [{"skipped": index} for index in indices],
        )


def job_by_uuid(connection: Connection, uuid: UUID) -> Job:
    row = connection.execute(select(job).where(job.c.uuid == uuid)).mappings().first()
    if row is None:
        raise NotFoundError("There is no such job, or you are not a member of its project.")
    return _job(row)


def job_by_id(connection: Connection, job_id: int) -> Job:
    row = connection.execute(select(job).where(job.c.id == job_id)).mappings().first()
    if row is None:
        raise NotFoundError("The job is not there any more.")
    return _job(row)


def jobs_of_project(connection: Connection, project_id: int, *, before_id: int, limit: int) -> list[Job]:
    """Jobs, newest first, below ``before_id`` (0: from the newest)."""
    query = select(job).where(job.c.project_id == project_id)
    if before_id:
        query = query.where(job.c.id < before_id)
    rows = connection.execute(query.order_by(job.c.id.desc()).limit(limit)).mappings()
    return [_job(row) for row in rows]


def jobs_of_kind(connection: Connection, project_id: int, kind: str) -> list[Job]:
    """All jobs of a kind, newest first."""
    query = select(job).where(job.c.project_id == project_id, job.c.kind == kind)
    return [_job(row) for row in connection.execute(query.order_by(job.c.id.desc())).mappings()]


def stage_counts(connection: Connection, job_id: int) -> dict[int, StageCount]:
    """Tasks of each stage, and how many of them ended, well or not."""
    ended = case((task.c.state.in_(("done", "skipped", "dead")), 1), else_=0)
    query = select(task.c.stage, func.sum(ended).label("ended"), func.count().label("total"))
    rows = connection.execute(query.where(task.c.job_id == job_id).group_by(task.c.stage)).all()
    return {row.stage: StageCount(int(row.ended), row.total) for row in rows}


def recount(connection: Connection, job_id: int) -> bool:
    """Bring the job's counts and stage up to date; returns whether every task has ended."""
    rows = connection.execute(
        select(task.c.state, func.count().label("n"), func.min(task.c.stage).label("stage"))
        .where(task.c.job_id == job_id)
        .group_by(task.c.state)
    ).all()
    counts = {row.state: row.n for row in rows}
    total = sum(counts.values())
    done, dead = counts.get("done", 0) + counts.get("skipped", 0), counts.get("dead", 0)
    waiting = [row.stage for row in rows if row.state in ("queued", "running")]
    values: dict[str, Any] = {"stage": min(waiting)} if waiting else {}
    parameters: dict[str, Any] = connection.execute(select(job.c.parameters).where(job.c.id == job_id)).scalar_one()
    shares = parameters.get(SHARES, ())
    stages = stage_counts(connection, job_id) if shares else {0: StageCount(done + dead, total)}
    connection.execute(
        update(job)
        .where(job.c.id == job_id)
        .values(
            tasks_total=total,
            tasks_done=done,
            tasks_failed=dead,
            progress=progress_of(stages, shares),
            **values,
        )
    )
    return done + dead == total


def end_job(connection: Connection, job_id: int, *, state: str, message: str, error: str | None) -> None:
    """The job has come to its end."""
    connection.execute(
        update(job)
        .where(job.c.id == job_id)
        .values(
            state=state,
            message=message,
            error=error,
            finished_at=utc_now(),
            progress=1.0,
        )
    )


def first_error(connection: Connection, job_id: int) -> str | None:
    """The error of the first task that was given up."""
    return connection.execute(
        select(task.c.error)
        .where(task.c.job_id == job_id)
        .where(task.c.state == "dead")
        .order_by(task.c.index)
        .limit(1)
    ).scalar_one_or_none()


def set_outputs(connection: Connection, job_id: int, outputs: dict[str, Any]) -> None:
    """Record what the job made."""
    connection.execute(update(job).where(job.c.id == job_id).values(outputs=outputs))


def set_progress(connection: Connection, job_id: int, progress: float, message: str) -> None:
    """Show how far the job is."""
    connection.execute(
        update(job)
        .where(job.c.id == job_id)
        .where(job.c.state == "running")
        .values(progress=progress, message=message[:500])
    )


def cancel(connection: Connection, job_id: int) -> bool:
    """Cancel a job that has not ended; returns whether it had not."""
    changed = connection.execute(
        update(job)
        .where(job.c.id == job_id)
        .where(job.c.state.not_in(FINAL_STATES))
        .values(state="cancelled", message="Cancelled", finished_at=utc_now())
    ).rowcount
    if changed:
        connection.execute(
            update(task)
            .where(task.c.job_id == job_id)
            .where(task.c.state.in_(["queued", "running"]))
            .values(state="cancelled", owner=None, lease_until=None, epoch=task.c.epoch + 1)
        )
    return bool(changed)


def hold_job(connection: Connection, job_id: int) -> None:
    """Nobody else counts or ends the job's tasks until the transaction ends."""
    connection.execute(select(job.c.id).where(job.c.id == job_id).with_for_update())


def retry(connection: Connection, job_id: int) -> None:
    """Run again what was given up or cancelled. Raises ``ConflictError`` while the job runs."""
    hold_job(connection, job_id)
    current = job_by_id(connection, job_id)
    if current.state not in ("failed", "cancelled") and current.tasks_failed == 0:
        raise ConflictError("Only a job that failed or was cancelled can be retried.")
    connection.execute(
        update(task)
        .where(task.c.job_id == job_id)
        .where(task.c.state.in_(["dead", "cancelled"]))
        .values(
            state="queued",
            attempt=0,
            not_before=0.0,
            error=None,
            epoch=task.c.epoch - task.c.epoch % ROUND + ROUND,
        )
    )
    connection.execute(
        update(job)
        .where(job.c.id == job_id)
        .values(
            state="queued",
            message="Waiting to be retried",
            error=None,
            finished_at=None,
        )
    )
    recount(connection, job_id)


def payloads(connection: Connection, job_id: int) -> list[dict[str, Any]]:
    """What the job's tasks were given, in their order."""
    return list(
        connection.execute(select(task.c.payload).where(task.c.job_id == job_id).order_by(task.c.index)).scalars()
    )


def done_tasks(connection: Connection, job_id: int, *, stage: int) -> list[Task]:
    """Tasks of a stage that have been done (not those skipped or given up), in their order."""
    rows = connection.execute(
        select(task.c.job_id, task.c.index, task.c.attempt, task.c.epoch, task.c.payload)
        .where(task.c.job_id == job_id)
        .where(task.c.stage == stage)
        .where(task.c.state == "done")
        .order_by(task.c.index)
    )
    return [Task(*row) for row in rows]


def unfinished(connection: Connection, *, ended_after: datetime) -> set[UUID]:
    """Jobs that run, wait, or were left with tasks to be tried again since a point in time."""
    later = (job.c.finished_at > ended_after) & ((job.c.state != "done") | (job.c.tasks_failed > 0))
    found = connection.execute(select(job.c.uuid).where(job.c.state.not_in(FINAL_STATES) | later))
    return set(found.scalars())
