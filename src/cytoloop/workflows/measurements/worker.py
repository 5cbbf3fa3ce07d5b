"""What a worker process does to measure some objects of a layer."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from cytoloop.core.geometry import Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.jobs.worker import Reporter
from cytoloop.measurements.features.catalogue import Wanted
from cytoloop.measurements.table import ObjectMeasurements
from cytoloop.workflows.images.files import ImageFiles, open_files

from .plane import measure_plane


def run(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Measure the objects in ``call["input"]`` (Parquet: id, version, z, t, wkb) into ``call["output"]``."""
    files = ImageFiles.of_call(call)
    objects = pq.read_table(call["input"])
    pyramid = open_files(files, reporter)
    wanted = Wanted.from_parameters(call.get("features", {}))
    centres = np.load(call["centres"], allow_pickle=False) if call.get("centres") else None
    parts: list[pa.Table] = []
    columns: list[dict[str, str]] = []
    try:
        planes = sorted(set(zip(objects["z"].to_pylist(), objects["t"].to_pylist(), strict=True)))
        for number, (z, t) in enumerate(planes):
            reporter.progress(number / len(planes), "Measuring")
            chosen = objects.filter((pc.field("z") == z) & (pc.field("t") == t))
            measured = _measured(pyramid, chosen, Plane(z, t), wanted, centres)
            columns = [{"key": c.key, "label": c.label, "unit": c.unit} for c in measured.columns]
            parts.append(_as_table(chosen, measured))
    finally:
        pyramid.source.close()
    pq.write_table(pa.concat_tables(parts), call["output"])
    return {"objects": len(objects), "columns": columns}


def _measured(
    pyramid: Pyramid, objects: pa.Table, plane: Plane, wanted: Wanted, centres: NDArray[np.void] | None
) -> ObjectMeasurements:
    geometries = list(shapely.from_wkb(objects["wkb"].to_pylist()))
    near = None
    if centres is not None:
        # the centres were written when the job began: what was drawn or moved since counts as it is now
        here = centres[(centres["z"] == plane.z) & (centres["t"] == plane.t)]
        others = here[~np.isin(here["id"], objects["id"].to_numpy())]
        own = shapely.get_coordinates(shapely.centroid(geometries))
        near = own, np.concatenate([own, np.stack([others["x"], others["y"]], axis=1)])
    return measure_plane(pyramid.source, pyramid.info, geometries, plane, wanted, near)


def _as_table(objects: pa.Table, measured: ObjectMeasurements) -> pa.Table:
    data = {"id": objects["id"], "version": objects["version"]}
    data |= {column.key: pa.array(measured.values[column.key]) for column in measured.columns}
    return pa.table(data)
