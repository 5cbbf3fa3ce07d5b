"""Stacks that a pipeline makes one plane of, where pixels are read."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from cytoloop.exchange.labels import read_label_stack
from cytoloop.learning.preprocessing import Pipeline, write_pipeline
from cytoloop.learning.preprocessing.steps import checked_steps
from cytoloop.workflows.segmentation.batch import BatchOrder, segment_file


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """Three planes, a disc in each at another place."""
    y, x = np.mgrid[:60, :120]
    planes = [10 + 90 * ((y - 30) ** 2 + (x - column) ** 2 < 81) for column in (20, 60, 100)]
    path = tmp_path / "stack.ome.tif"
    tifffile.imwrite(path, np.stack(planes).astype(np.uint16), metadata={"axes": "ZYX"})
    return path


def order(folder: Path, step: dict[str, Any], z: int | None) -> BatchOrder:
    steps = checked_steps([{"kind": "projection", **step}])
    write_pipeline(Pipeline(name="flat", title="Flat", steps=steps, method="threshold"), folder)
    return BatchOrder("flat", {}, folder, z=z, models=folder)


@pytest.mark.parametrize("z", [0, None])
def test_a_projection_sees_all_planes(stack: Path, tmp_path: Path, z: int | None) -> None:
    outcome = segment_file(stack, order(tmp_path, {"how": "max"}, z))
    assert (outcome.error, outcome.objects) == (None, 3)
    assert np.squeeze(read_label_stack(outcome.files[0])).shape == (60, 120)


def test_a_range_of_planes(stack: Path, tmp_path: Path) -> None:
    assert segment_file(stack, order(tmp_path, {"how": "sum", "z_from": 1, "z_to": 2}, 0)).objects == 2


def test_planes_that_are_not_there_are_told(stack: Path, tmp_path: Path) -> None:
    assert "3 along z" in str(segment_file(stack, order(tmp_path, {"z_to": 7}, 0)).error)
