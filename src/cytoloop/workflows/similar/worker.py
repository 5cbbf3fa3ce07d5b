"""What a worker process does to compute vectors of objects."""

from typing import Any

import numpy as np
import pyarrow.parquet as pq
import shapely

from cytoloop.core.geometry import Plane
from cytoloop.jobs.worker import Reporter
from cytoloop.workflows.classification.shelf import Features, write_features
from cytoloop.workflows.images.files import ImageFiles, open_files

from .vectors import AT_ONCE, plane_vectors, vector_spec


def run(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Vectors of the objects in ``call["input"]`` (Parquet: id, shape, z, t, wkb) into ``call["output"]``."""
    table = pq.read_table(call["input"])
    values = np.full((len(table), vector_spec().width), np.nan, np.float32)
    if len(table):
        pyramid = open_files(ImageFiles.of_call(call), reporter)
        try:
            done = 0
            places = np.stack([table["z"].to_numpy(), table["t"].to_numpy()], axis=1)
            for z, t in np.unique(places, axis=0).tolist():
                rows = np.flatnonzero((places == (z, t)).all(axis=1))
                for start in range(0, len(rows), AT_ONCE):
                    chosen = rows[start : start + AT_ONCE]
                    outlines = list(shapely.from_wkb(table["wkb"].take(chosen).to_pylist()))
                    values[chosen] = plane_vectors(pyramid, outlines, Plane(z, t))
                    done += len(chosen)
                    reporter.progress(done / len(table), "Looking at objects")
        finally:
            pyramid.source.close()
    ids, shapes = (table[name].to_numpy().astype(np.int64) for name in ("id", "shape"))
    write_features(call["output"], Features(ids, shapes, values))
    return {"objects": len(table)}
