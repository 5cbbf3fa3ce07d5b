"""Which classes of a project are landmarks, and which distances and angles between them are measured."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "landmark_plan",
        sa.Column(
            "project_id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            sa.ForeignKey("project.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("term_ids", sa.JSON(), nullable=False),
        sa.Column("measures", sa.JSON(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("landmark_plan")
