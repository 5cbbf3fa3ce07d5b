"""The places of objects are kept once more, packed by cell, for counts and questions over very many of them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

# the records as they were when this was written; the program's own may change later
RECORD = (("id", "<i8"), ("term", "<i8"), ("x", "<f8"), ("y", "<f8"), ("area", "<f8")) + (
    ("z", "<i4"),
    ("t", "<i4"),
    ("status", "i1"),
)
AT_A_TIME = 100_000
SOURCE = (
    "SELECT layer_id, cell, id, COALESCE(term_id, 0), cx, cy, area, z, t, status FROM annotation "
    "WHERE layer_id > :layer OR (layer_id = :layer AND (cell > :cell OR (cell = :cell AND id > :id))) "
    f"ORDER BY layer_id, cell, id LIMIT {AT_A_TIME}"
)


def upgrade() -> None:
    op.create_table(
        "point_block",
        sa.Column("layer_id", sa.BigInteger(), nullable=False),
        sa.Column("cell", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("layer_id", "cell"),
        sqlite_with_rowid=False,
    )
    connection = op.get_bind()
    after = {"layer": -1, "cell": 0, "id": 0}
    open_block: tuple[tuple[int, int], bytes] | None = None
    while rows := connection.execute(sa.text(SOURCE), after).all():
        *finished, open_block = _blocks(rows, open_block)
        _write(connection, finished)
        after = {"layer": rows[-1][0], "cell": rows[-1][1], "id": rows[-1][2]}
    _write(connection, [open_block] if open_block else [])


def _blocks(rows, before):
    """Packed blocks by (layer, cell), in order; the last may go on in the next rows."""
    import numpy as np

    found = [before] if before else []
    records = np.array([tuple(row[2:]) for row in rows], np.dtype(list(RECORD)))
    keys = [(row[0], row[1]) for row in rows]
    start = 0
    for end in range(1, len(keys) + 1):
        if end < len(keys) and keys[end] == keys[start]:
            continue
        content = records[start:end].tobytes()
        if found and found[-1][0] == keys[start]:
            content = found.pop()[1] + content
        found.append((keys[start], content))
        start = end
    return found


def _write(connection, blocks) -> None:
    if blocks:
        connection.execute(
            sa.text("INSERT INTO point_block (layer_id, cell, points) VALUES (:layer, :cell, :points)"),
            [{"layer": layer, "cell": cell, "points": points} for (layer, cell), points in blocks],
        )


def downgrade() -> None:
    op.drop_table("point_block")
