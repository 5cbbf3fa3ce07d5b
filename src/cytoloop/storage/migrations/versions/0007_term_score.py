"""How sure a program is of an object's class; a class that a person gave has none."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    for table in ("annotation", "annotation_revision"):
        op.add_column(table, sa.Column("term_score", sa.Double(), nullable=True))
        # what runs found and nobody has touched has its class from the run
        op.execute(
            f"UPDATE {table} SET term_score = COALESCE(score, 1) "
            "WHERE status = 1 AND term_id IS NOT NULL AND version = 1"
        )


def downgrade() -> None:
    for table in ("annotation_revision", "annotation"):
        op.drop_column(table, "term_score")
