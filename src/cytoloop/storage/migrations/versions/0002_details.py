"""Objects carry properties, tags and a description, and can be locked."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = ("annotation", "annotation_revision")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("details", sa.Text(), nullable=True))
        op.add_column(
            table,
            sa.Column("locked", sa.Boolean(), nullable=False, server_default=sa.false()),
        )


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "locked")
        op.drop_column(table, "details")
