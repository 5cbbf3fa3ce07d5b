"""Tasks that wait for something that does not answer now, such as an object store."""

import time

from sqlalchemy import Connection, select, update

from .model import Task
from .tables import task

OUTAGE_S = 10.0
"""How long a task waits before it looks again whether what it needs answers."""


def postpone(connection: Connection, one: Task, reason: str) -> bool:
    """Give a task back until what it needs answers again. This try does not count; whether the reason is a new one.

    Call ``claims.check_claim`` first, in the same transaction.
    """
    its_row = (task.c.job_id == one.job_id) & (task.c.index == one.index)
    known = connection.execute(select(task.c.error).where(its_row)).scalar_one()
    values = {"attempt": one.attempt - 1, "not_before": time.time() + OUTAGE_S, "error": reason[:2000]}
    connection.execute(update(task).where(its_row).values(state="queued", owner=None, lease_until=None, **values))
    return known != reason[:2000]
