"""The tables of this package."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import Uuid

from cytoloop.storage.database import metadata
from cytoloop.storage.types import UtcDateTime

Id = BigInteger().with_variant(Integer, "sqlite")
"""Integer keys: SQLite numbers rows by itself only for INTEGER."""

user = Table(
    "user_account",
    metadata,
    Column("id", Id, primary_key=True),
    Column("username", String(100), nullable=False, unique=True),
    Column("display_name", String(200), nullable=False),
    Column("password_hash", String(300)),
    Column("is_admin", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("secret_digest", String(64), primary_key=True),
    Column("user_id", ForeignKey("user_account.id", ondelete="CASCADE"), nullable=False),
    Column("csrf_token", String(100), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Id, primary_key=True),
    Column(
        "user_id",
        ForeignKey("user_account.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("name", String(100), nullable=False),
    Column("secret_digest", String(64), nullable=False, unique=True),
    Column("scope", String(10), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime),
)

ontology = Table(
    "ontology",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(200), nullable=False),
)

term = Table(
    "term",
    metadata,
    Column("id", Id, primary_key=True),
    Column(
        "ontology_id",
        ForeignKey("ontology.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("name", String(100), nullable=False),
    Column("color", String(7), nullable=False),
    Column("hotkey", String(1)),
    Column("parent_id", ForeignKey("term.id", ondelete="SET NULL")),
    Column("position", Integer, nullable=False),
    UniqueConstraint("ontology_id", "name", name="uq_term_name"),
)

project = Table(
    "project",
    metadata,
    Column("id", Id, primary_key=True),
    Column("uuid", Uuid, nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("ontology_id", ForeignKey("ontology.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

membership = Table(
    "membership",
    metadata,
    Column("project_id", ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "user_id",
        ForeignKey("user_account.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
    Column("role", String(20), nullable=False),
)

# which classes of a project are landmarks, and which distances and angles between them are measured
landmark_plan = Table(
    "landmark_plan",
    metadata,
    Column("project_id", ForeignKey("project.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("term_ids", JSON, nullable=False),
    Column("measures", JSON, nullable=False),
)

image = Table(
    "image",
    metadata,
    Column("id", Id, primary_key=True),
    Column("content_key", String(80), nullable=False, unique=True),
    Column("sha256", String(64), nullable=False),
    Column("original", Text, nullable=False),
    Column("prepared", Text),
    Column("in_place", Boolean, nullable=False),
    Column("series", Integer, nullable=False),
    Column("info", JSON, nullable=False),
    Column("display", JSON, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

project_image = Table(
    "project_image",
    metadata,
    Column("id", Id, primary_key=True),
    Column("uuid", Uuid, nullable=False, unique=True),
    Column("project_id", ForeignKey("project.id", ondelete="CASCADE"), nullable=False),
    Column("image_id", ForeignKey("image.id"), index=True),
    Column("name", String(300), nullable=False),
    Column("state", String(20), nullable=False),
    Column("error", Text),
    Column("size_bytes", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_project_image_order", "project_id", "position", "id"),
)

upload = Table(
    "upload",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project_id", ForeignKey("project.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", ForeignKey("user_account.id", ondelete="CASCADE"), nullable=False),
    Column("filename", String(300), nullable=False),
    Column("relative_path", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("offset_bytes", BigInteger, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("state", String(20), nullable=False),
    Column("error", Text),
    Column("image_ids", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

image_term = Table(
    "image_term",
    metadata,
    Column("project_image_id", ForeignKey("project_image.id", ondelete="CASCADE"), primary_key=True),
    Column("term_id", ForeignKey("term.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("term_score", Double),
    Column("user_id", ForeignKey("user_account.id", ondelete="SET NULL")),
    Column("changed_at", UtcDateTime, nullable=False),
)
"""The class of a whole image; ``term_score`` is the probability that a program gave, null where a person did."""
