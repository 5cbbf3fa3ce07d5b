"""Tasks have stages: those of a later one wait until the earlier ones have ended."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("job", sa.Column("stage", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("task", sa.Column("stage", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("task", "stage")
    op.drop_column("job", "stage")
