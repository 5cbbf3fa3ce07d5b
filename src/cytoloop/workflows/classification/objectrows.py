"""Objects on their way to a worker that classifies them."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .labelled import ObjectRow


def write_objects(path: Path, rows: Sequence[ObjectRow]) -> None:
    """Objects for a worker: id, version, shape, z, t, wkb."""
    types = {"id": pa.int64(), "version": pa.int64(), "shape": pa.int64(), "z": pa.int64(), "t": pa.int64()}
    columns = {name: pa.array([getattr(one, name) for one in rows], kind) for name, kind in types.items()}
    pq.write_table(pa.table({**columns, "wkb": pa.array([one.wkb for one in rows], pa.binary())}), path)
