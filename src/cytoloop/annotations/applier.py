"""Every write of objects passes through here: rows, revisions, counts and generations go together."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, literal, select, update

from cytoloop.core.clock import utc_now
from cytoloop.storage.rows import batches, insert_rows

from .counts import record_difference
from .model import Applied, Layer, LayerChange, NewAnnotation
from .rows import Row, allocate_ids, as_row, box_of_rows, joined_box, new_rows
from .tables import ANNOTATION_COLUMNS, annotation, annotation_revision, change

_LAYER = ANNOTATION_COLUMNS.index("layer_id")
AMENDABLE = ("layer_id", "term_id", "term_score", "status", "details", "locked", "version", "change_id")
"""Columns that say nothing of the place: they are changed where the row lies."""


class Applier:
    """Applies one change, which is undone as one step. It is filed under one layer and may touch others."""

    def __init__(
        self,
        connection: Connection,
        *,
        layer: Layer,
        user_id: int,
        label: str,
        state: str = "done",
    ) -> None:
        self._connection = connection
        self._layer = layer
        self._user_id = user_id
        self._removed: list[Row] = []
        self._added: list[Row] = []
        self.change_id = int(
            connection.execute(
                insert(change)
                .values(
                    at=utc_now(),
                    user_id=user_id,
                    image_id=layer.image_id,
                    layer_id=layer.id,
                    label=label[:100],
                    state=state,
                    first_id=0,
                    created=0,
                )
                .returning(change.c.id)
            ).scalar_one()
        )

    def create(self, creates: Sequence[NewAnnotation]) -> list[int]:
        """Store new objects in the change's own layer; their ids in order."""
        if not creates:
            return []
        first = self._new_ids(len(creates))
        rows = new_rows(
            creates,
            layer_id=self._layer.id,
            creator_id=self._user_id,
            change_id=self.change_id,
            first_id=first,
        )
        self._insert(rows)
        return list(range(first, first + len(creates)))

    def copy(self, rows: Sequence[Mapping[str, Any]], changes: Mapping[str, Any]) -> list[int]:
        """Store copies of rows in the change's own layer, each with its origin as parent; their ids in order."""
        if not rows:
            return []
        first = self._new_ids(len(rows))
        own = {"layer_id": self._layer.id, "creator_id": self._user_id, "version": 1, "change_id": self.change_id}
        copies = [
            as_row({**row, **own, **changes, "id": first + index, "parent_id": row["id"]})
            for index, row in enumerate(rows)
        ]
        self._insert(sorted(copies, key=lambda row: row[1]))
        return list(range(first, first + len(rows)))

    def replace(self, old: dict[int, dict[str, Any]], new: Sequence[dict[str, Any]]) -> None:
        """Put new rows in the place of old ones with the same ids; the old ones are kept as revisions."""
        self._keep_revisions(list(old), "update")
        self._delete([row["id"] for row in new])
        self._removed.extend(as_row(row) for row in old.values())
        self._insert([as_row(row) for row in new])

    def amend(self, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> None:
        """Change what ``AMENDABLE`` names, row by row; the old rows are kept as revisions."""
        if not old:
            return
        self._keep_revisions([row["id"] for row in old], "update")
        key = ("layer_id", "cell", "id")
        statement = (
            update(annotation)
            .where(*(annotation.c[name] == bindparam(f"old_{name}") for name in key))
            .values({name: bindparam(f"new_{name}") for name in AMENDABLE})
        )
        self._connection.execute(
            statement,
            [
                {f"old_{name}": before[name] for name in key} | {f"new_{name}": after[name] for name in AMENDABLE}
                for before, after in zip(old, new, strict=True)
            ],
        )
        self._removed.extend(as_row(row) for row in old)
        self._added.extend(as_row(row) for row in new)

    def remove(self, old: Mapping[int, Mapping[str, Any]]) -> None:
        """Delete rows; they are kept as revisions."""
        self._keep_revisions(list(old), "delete")
        self._delete(list(old))
        self._removed.extend(as_row(row) for row in old.values())

    def restore(self, rows: Sequence[dict[str, Any]]) -> None:
        """Put deleted rows back under their ids."""
        self._insert([as_row(row) for row in rows])
        self._keep_revisions([row["id"] for row in rows], "restore")

    def finish(self, created_ids: list[int] | None = None, versions: dict[int, int] | None = None) -> Applied:
        """Bring the counts of every layer up to date; what the change did."""
        touched = {row[_LAYER] for row in (*self._removed, *self._added)} - {self._layer.id}
        changes = [self._settle(layer_id) for layer_id in (self._layer.id, *sorted(touched))]
        box = joined_box([one.box for one in changes])
        if box is not None:
            values = dict(zip(("x0", "y0", "x1", "y1"), box.as_tuple(), strict=True))
            self._connection.execute(update(change).where(change.c.id == self.change_id).values(**values))
        own = changes[0]
        return Applied(
            change_id=self.change_id,
            layer_id=own.layer_id,
            generation=own.generation,
            created_ids=created_ids or [],
            versions=versions or {},
            box=own.box,
            layers=tuple(changes),
        )

    def _settle(self, layer_id: int) -> LayerChange:
        removed = [row for row in self._removed if row[_LAYER] == layer_id]
        added = [row for row in self._added if row[_LAYER] == layer_id]
        generation = record_difference(self._connection, layer_id, removed, added)
        return LayerChange(layer_id, generation, box_of_rows([*removed, *added]))

    def _new_ids(self, count: int) -> int:
        """The first of ``count`` ids; noted with the change, once, so that undo knows what it made."""
        first = allocate_ids(self._connection, count)
        self._connection.execute(
            update(change).where(change.c.id == self.change_id).values(first_id=first, created=count)
        )
        return first

    def _insert(self, rows: list[Row]) -> None:
        insert_rows(self._connection, annotation, ANNOTATION_COLUMNS, rows)
        self._added.extend(rows)

    def _keep_revisions(self, ids: Sequence[int], op: str) -> None:
        columns = [column.name for column in annotation.columns]
        for batch in batches(ids):
            source = select(
                literal(self.change_id),
                literal(op),
                *(annotation.c[name] for name in columns),
            ).where(annotation.c.id.in_(batch))
            self._connection.execute(insert(annotation_revision).from_select(["by_change_id", "op", *columns], source))

    def _delete(self, ids: Sequence[int]) -> None:
        for batch in batches(ids):
            self._connection.execute(delete(annotation).where(annotation.c.id.in_(batch)))
