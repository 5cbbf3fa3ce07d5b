"""A run is a step of the history, which takes its layer away and brings it back."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ADDED = (("layer", "removed"), ("change", "whole_layer"))


def upgrade() -> None:
    for table, name in ADDED:
        op.add_column(table, sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    for table, name in ADDED:
        op.drop_column(table, name)
