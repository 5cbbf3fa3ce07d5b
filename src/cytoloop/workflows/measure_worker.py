"""What a worker process does to measure some objects of a layer."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from cytoloop.core.geometry import Box
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.reading import read_plane
from cytoloop.jobs.worker import Reporter
from cytoloop.measurements.objects import measure_objects
from cytoloop.measurements.table import ObjectMeasurements

from .imagefiles import ImageFiles, open_files

RGB_NAMES = ("Red", "Green", "Blue")


def run(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Measure the objects in ``call["input"]`` (Parquet: id, version, z, t, wkb) into ``call["output"]``."""
    files = ImageFiles.of_call(call)
    objects = pq.read_table(call["input"])
    pyramid = open_files(files, reporter)
    parts: list[pa.Table] = []
    columns: list[dict[str, str]] = []
    try:
        planes = sorted(set(zip(objects["z"].to_pylist(), objects["t"].to_pylist(), strict=True)))
        for number, (z, t) in enumerate(planes):
            reporter.progress(number / len(planes), "Measuring")
            chosen = objects.filter((pc.field("z") == z) & (pc.field("t") == t))
            measured = _measured(pyramid, chosen, z, t)
            columns = [{"key": c.key, "label": c.label, "unit": c.unit} for c in measured.columns]
            parts.append(_as_table(chosen, measured))
    finally:
        pyramid.source.close()
    pq.write_table(pa.concat_tables(parts), call["output"])
    return {"objects": len(objects), "columns": columns}


def _measured(pyramid: Pyramid, objects: pa.Table, z: int, t: int) -> ObjectMeasurements:
    info = pyramid.info

    def read(box: Box) -> NDArray[np.generic]:
        array = read_plane(pyramid.source, box, z=z, t=t)
        if info.rgb:
            return np.moveaxis(array, -1, 0)
        return array[None] if array.ndim == 2 else array

    names = RGB_NAMES if info.rgb else tuple(channel.name for channel in info.channels)
    return measure_objects(
        list(shapely.from_wkb(objects["wkb"].to_pylist())),
        read,
        extent=(info.width, info.height),
        channels=names,
        pixel_width_um=info.pixel_width_um,
        pixel_height_um=info.pixel_height_um,
    )


def _as_table(objects: pa.Table, measured: ObjectMeasurements) -> pa.Table:
    data = {"id": objects["id"], "version": objects["version"]}
    data |= {column.key: pa.array(measured.values[column.key]) for column in measured.columns}
    return pa.table(data)
