"""Objects of each state are counted per layer, for the progress of a review."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "status_count",
        sa.Column("layer_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("layer_id", "status"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO status_count (layer_id, status, n) "
        "SELECT layer_id, status, COUNT(*) FROM annotation GROUP BY layer_id, status"
    )


def downgrade() -> None:
    op.drop_table("status_count")
