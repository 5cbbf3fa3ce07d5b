"""Tables of what is known of objects, kept in blocks of ids: to remember a few objects never writes all anew."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_BLOCK_BITS = 14
"""Ids of a block differ only in so many of their last bits; 16,384 rows of 400 bytes are 6.5 MB."""


@dataclass(frozen=True, slots=True)
class IdBlocks:
    """A folder of Arrow files, one for each block of ids; tables have a column ``id`` and any others.

    A file is replaced whole, so a reader sees a block before or after a change. A damaged one is as one that is not
    there: what is remembered can be computed again.
    """

    folder: Path

    def keep(self, table: pa.Table) -> None:
        """Remember rows; those of the same ids are replaced."""
        ids = table["id"].to_numpy()
        for block in np.unique(ids >> _BLOCK_BITS).tolist():
            fresh = table.filter(pa.array(ids >> _BLOCK_BITS == block))
            path = self._path(block)
            known = _table_in(path)
            if known is not None and known.schema == fresh.schema:
                stays = ~np.isin(known["id"].to_numpy(), fresh["id"].to_numpy())
                fresh = pa.concat_tables([known.filter(pa.array(stays)), fresh])
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".part")
            with pa.OSFile(str(partial), "wb") as sink, pa.ipc.new_file(sink, fresh.schema) as writer:
                writer.write_table(fresh.combine_chunks())
            partial.replace(path)

    def rows_of(self, ids: NDArray[np.int64]) -> pa.Table | None:
        """The rows of these ids that there are, in any order; ``None`` where there are none."""
        found: list[pa.Table] = []
        for block in np.unique(ids >> _BLOCK_BITS).tolist():
            table = _table_in(self._path(block))
            if table is not None:
                found.append(table.filter(pa.array(np.isin(table["id"].to_numpy(), ids))))
        return pa.concat_tables(found) if found else None

    def tables(self) -> Iterator[pa.Table]:
        """Every block, the lowest ids first; the files are mapped, not read."""
        for path in sorted(self.folder.glob("*.arrow")):
            table = _table_in(path)
            if table is not None:
                yield table

    def _path(self, block: int) -> Path:
        return self.folder / f"{block:010}.arrow"


def _table_in(path: Path) -> pa.Table | None:
    try:
        with pa.memory_map(str(path)) as source:
            return pa.ipc.open_file(source).read_all()
    except (OSError, pa.ArrowException):
        return None
