"""The tables of this package. ``ANNOTATION_COLUMNS`` is the order of every bulk statement."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    false,
)
from sqlalchemy.types import Uuid

from cytoloop.storage.database import metadata
from cytoloop.storage.types import UtcDateTime

Id = BigInteger().with_variant(Integer, "sqlite")

layer = Table(
    "layer",
    metadata,
    Column("id", Id, primary_key=True),
    Column("uuid", Uuid, nullable=False, unique=True),
    Column("image_id", ForeignKey("project_image.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("creator_id", ForeignKey("user_account.id"), nullable=False),
    Column("run_id", Uuid),
    Column("generation", BigInteger, nullable=False),
    Column("measurements", JSON),
    Column("created_at", UtcDateTime, nullable=False),
    # taken away by undo of the run that made it; kept as long as redo may bring it back
    Column("removed", Boolean, nullable=False, server_default=false()),
    Index("ix_layer_image", "image_id", "id"),
)


def _object_columns() -> list[Column[object]]:
    """What is known of one object; the same in its row and in its revisions."""
    return [
        Column("term_id", BigInteger),
        Column("creator_id", BigInteger, nullable=False),
        Column("status", SmallInteger, nullable=False),
        Column("kind", SmallInteger, nullable=False),
        Column("z", Integer, nullable=False),
        Column("t", Integer, nullable=False),
        Column("x0", Double, nullable=False),
        Column("y0", Double, nullable=False),
        Column("x1", Double, nullable=False),
        Column("y1", Double, nullable=False),
        Column("cx", Double, nullable=False),
        Column("cy", Double, nullable=False),
        Column("area", Double, nullable=False),
        Column("geom", LargeBinary, nullable=False),
        Column("score", Double),
        Column("parent_id", BigInteger),
        Column("version", Integer, nullable=False),
        Column("change_id", BigInteger, nullable=False),
        Column("details", Text),
        Column("locked", Boolean, nullable=False, server_default=false()),
        # how sure a program is of the class; null where a person gave it or has agreed
        Column("term_score", Double),
    ]


# The key is the place: objects of one window lie together on disk. No foreign key to the layer:
# checking it would cost a look-up a row; the layer's store deletes its objects itself.
annotation = Table(
    "annotation",
    metadata,
    Column("layer_id", BigInteger, primary_key=True),
    Column("cell", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    *_object_columns(),
    Index("ux_annotation_id", "id", unique=True),
    sqlite_with_rowid=False,
)
ANNOTATION_COLUMNS = tuple(column.name for column in annotation.columns)

annotation_revision = Table(
    "annotation_revision",
    metadata,
    Column("by_change_id", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("op", String(10), nullable=False),
    Column("layer_id", BigInteger, nullable=False),
    Column("cell", BigInteger, nullable=False),
    *_object_columns(),
    Index("ix_revision_annotation", "id", "by_change_id"),
)

change = Table(
    "change",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("image_id", BigInteger, nullable=False),
    Column("layer_id", BigInteger, nullable=False),
    Column("label", String(100), nullable=False),
    Column("state", String(10), nullable=False),
    Column("first_id", BigInteger, nullable=False),
    Column("created", Integer, nullable=False),
    Column("undo_change_id", BigInteger),
    Column("x0", Double),
    Column("y0", Double),
    Column("x1", Double),
    Column("y1", Double),
    # the step is that its layer came to be: it is taken back as a whole, not object by object
    Column("whole_layer", Boolean, nullable=False, server_default=false()),
    Index("ix_change_undo", "image_id", "user_id", "state", "id"),
    Index("ix_change_layer", "layer_id", "id"),
)

stat = Table(
    "stat",
    metadata,
    Column("layer_id", BigInteger, primary_key=True),
    Column("cell", BigInteger, primary_key=True),
    Column("term_id", BigInteger, primary_key=True),
    Column("n", Integer, nullable=False),
    sqlite_with_rowid=False,
)

status_count = Table(
    "status_count",
    metadata,
    Column("layer_id", BigInteger, primary_key=True),
    Column("status", SmallInteger, primary_key=True),
    Column("n", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

tile_version = Table(
    "tile_version",
    metadata,
    Column("layer_id", BigInteger, primary_key=True),
    Column("ty", Integer, primary_key=True),
    Column("tx", Integer, primary_key=True),
    Column("n", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# the objects of a cell once more, packed by ``points.py``: a million are read without their outlines
point_block = Table(
    "point_block",
    metadata,
    Column("layer_id", BigInteger, primary_key=True),
    Column("cell", BigInteger, primary_key=True),
    Column("points", LargeBinary, nullable=False),
    Column("facts", LargeBinary, nullable=False, server_default=""),
    sqlite_with_rowid=False,
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("user_id", BigInteger, primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("layer_id", BigInteger, nullable=False),
    Column("answer", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

id_block = Table(
    "id_block",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("next", BigInteger, nullable=False),
)
