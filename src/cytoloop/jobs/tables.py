"""The tables of this package."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)
from sqlalchemy.types import Uuid

from cytoloop.storage.database import metadata
from cytoloop.storage.types import UtcDateTime

Id = BigInteger().with_variant(Integer, "sqlite")

job = Table(
    "job",
    metadata,
    Column("id", Id, primary_key=True),
    Column("uuid", Uuid, nullable=False, unique=True),
    Column("project_id", ForeignKey("project.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("title", String(300), nullable=False),
    Column("state", String(20), nullable=False),
    Column("progress", Double, nullable=False),
    Column("message", Text, nullable=False),
    Column("error", Text),
    Column("tasks_total", Integer, nullable=False),
    Column("tasks_done", Integer, nullable=False),
    Column("tasks_failed", Integer, nullable=False),
    Column("stage", Integer, nullable=False, server_default="0"),
    Column("creator_id", ForeignKey("user_account.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("parameters", JSON, nullable=False),
    Column("outputs", JSON, nullable=False),
    Index("ix_job_project", "project_id", "id"),
    Index("ix_job_state", "state", "id"),
)

task = Table(
    "task",
    metadata,
    Column("job_id", ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
    Column("index", Integer, primary_key=True),
    Column("state", String(20), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("owner", String(100)),
    Column("lease_until", Double),
    Column("not_before", Double, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("error", Text),
    Column("stage", Integer, nullable=False, server_default="0"),
    Index("ix_task_claim", "state", "not_before"),
)

job_event = Table(
    "job_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("job_id", ForeignKey("job.id", ondelete="CASCADE"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("level", String(10), nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_job_event", "job_id", "id"),
)
