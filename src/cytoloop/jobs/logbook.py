"""What jobs tell about themselves, line by line."""

from sqlalchemy import Connection, insert, select

from cytoloop.core.clock import utc_now
from cytoloop.core.errors import NotFoundError

from .model import LogLevel, LogLine
from .tables import job_event


def add_log(connection: Connection, job_id: int, level: LogLevel, text: str) -> LogLine:
    """Append a line to the job's log."""
    row = (
        connection.execute(
            insert(job_event)
            .values(job_id=job_id, at=utc_now(), level=level, text=text[:4000])
            .returning(job_event.c.id, job_event.c.at, job_event.c.level, job_event.c.text)
        )
        .mappings()
        .one()
    )
    return LogLine(**row)


def log_of(connection: Connection, job_id: int, *, after: int, limit: int = 1000) -> list[LogLine]:
    """Lines after one, oldest first."""
    rows = connection.execute(
        select(job_event.c.id, job_event.c.at, job_event.c.level, job_event.c.text)
        .where(job_event.c.job_id == job_id)
        .where(job_event.c.id > after)
        .order_by(job_event.c.id)
        .limit(limit)
    ).mappings()
    return [LogLine(**row) for row in rows]


def log_line(connection: Connection, line_id: int) -> LogLine:
    """One line of a job's log."""
    query = select(job_event.c.id, job_event.c.at, job_event.c.level, job_event.c.text).where(job_event.c.id == line_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFoundError("The line is not there any more.")
    return LogLine(**row)
