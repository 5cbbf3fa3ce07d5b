"""The class of a whole image, given by a person or suggested by a classifier."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "image_term",
        sa.Column("project_image_id", key, sa.ForeignKey("project_image.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("term_id", key, sa.ForeignKey("term.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("term_score", sa.Double(), nullable=True),
        sa.Column("user_id", key, sa.ForeignKey("user_account.id", ondelete="SET NULL"), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("image_term")
