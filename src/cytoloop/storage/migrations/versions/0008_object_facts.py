"""The blocks of objects hold all their numbers: lists of very many objects are made without reading rows."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

# the records as they were when this was written; the program's own may change later
POINTS = (("id", "<i8"), ("term", "<i8"), ("x", "<f8"), ("y", "<f8"), ("area", "<f8")) + (
    ("z", "<i4"),
    ("t", "<i4"),
    ("status", "i1"),
)
FACTS = (("kind", "i1"), ("version", "<i4"), ("creator", "<i8"), ("score", "<f8"), ("term_score", "<f8")) + (
    ("x0", "<f8"),
    ("y0", "<f8"),
    ("x1", "<f8"),
    ("y1", "<f8"),
)
AT_A_TIME = 100_000
SOURCE = (
    "SELECT layer_id, cell, id, COALESCE(term_id, 0), cx, cy, area, z, t, status, "
    "kind, version, creator_id, score, term_score, x0, y0, x1, y1 FROM annotation "
    "WHERE layer_id > :layer OR (layer_id = :layer AND (cell > :cell OR (cell = :cell AND id > :id))) "
    f"ORDER BY layer_id, cell, id LIMIT {AT_A_TIME}"
)


def upgrade() -> None:
    op.add_column("point_block", sa.Column("facts", sa.LargeBinary(), nullable=False, server_default=""))
    connection = op.get_bind()
    # both are packed anew: only so are they sure to be in the same order
    connection.execute(sa.text("DELETE FROM point_block"))
    after = {"layer": -1, "cell": 0, "id": 0}
    open_block = None
    while rows := connection.execute(sa.text(SOURCE), after).all():
        *finished, open_block = _blocks(rows, open_block)
        _write(connection, finished)
        after = {"layer": rows[-1][0], "cell": rows[-1][1], "id": rows[-1][2]}
    _write(connection, [open_block] if open_block else [])


def _blocks(rows, before):
    """Packed blocks (key, points, facts), in order; the last may go on in the next rows."""
    import numpy as np

    found = [before] if before else []
    width = 2 + len(POINTS)
    points = np.array([tuple(row[2:width]) for row in rows], np.dtype(list(POINTS)))
    facts = np.array([_known(row[width:]) for row in rows], np.dtype(list(FACTS)))
    keys = [(row[0], row[1]) for row in rows]
    start = 0
    for end in range(1, len(keys) + 1):
        if end < len(keys) and keys[end] == keys[start]:
            continue
        block = (keys[start], points[start:end].tobytes(), facts[start:end].tobytes())
        if found and found[-1][0] == keys[start]:
            _, first, second = found.pop()
            block = (keys[start], first + block[1], second + block[2])
        found.append(block)
        start = end
    return found


def _known(facts):
    """Scores that are not there are not numbers."""
    return tuple(float("nan") if value is None else value for value in facts)


def _write(connection, blocks) -> None:
    if blocks:
        connection.execute(
            sa.text("INSERT INTO point_block (layer_id, cell, points, facts) VALUES (:layer, :cell, :points, :facts)"),
            [
                {"layer": layer, "cell": cell, "points": points, "facts": facts}
                for (layer, cell), points, facts in blocks
            ],
        )


def downgrade() -> None:
    op.drop_column("point_block", "facts")
