from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
import tifffile

from cytoloop.annotations.points import RECORD
from cytoloop.jobs.worker import Reporter
from cytoloop.workflows.measurements.worker import run


def test_objects_drawn_or_moved_since_the_job_began_have_their_neighbours(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((100, 100), np.uint8))
    known = np.zeros(3, RECORD)
    known["id"], known["x"], known["y"] = [1, 2, 3], [10, 50, 90], [10, 10, 10]
    np.save(tmp_path / "centres.npy", known)
    places = {2: 30, 7: 70}  # one was moved from x = 50, one is new
    objects = {
        "id": list(places),
        "version": [1, 1],
        "z": [0, 0],
        "t": [0, 0],
        "wkb": [shapely.to_wkb(shapely.box(x - 2, 8, x + 2, 12)) for x in places.values()],
    }
    pq.write_table(pa.table(objects), tmp_path / "in.parquet")
    files = {"original": str(tmp_path / "a.tif"), "prepared": None, "series": 0, "blob": None}
    wanted = {"sets": ["neighbours"], "neighbour_px": 25.0}
    call = {"input": str(tmp_path / "in.parquet"), "output": str(tmp_path / "out.parquet"), "features": wanted}
    run({**files, **call, "centres": str(tmp_path / "centres.npy")}, Reporter(lambda _: None))
    found = pq.read_table(tmp_path / "out.parquet")
    assert found["neighbour_1_px"].to_pylist() == pytest.approx([20, 20])
    assert found["neighbour_2_px"].to_pylist() == pytest.approx([40, 40])
    assert found["neighbours_near"].to_pylist() == [1, 1]
