"""Comparisons on drawn discs, and rows that become methods."""

from pathlib import Path

import numpy as np
import orjson
import pytest
import tifffile

from cytoloop.core.errors import ConflictError, InvalidInputError
from cytoloop.exchange.report.contactsheet import write_contact_sheet
from cytoloop.learning.preprocessing import parse_steps
from cytoloop.learning.registry import MethodRegistry
from cytoloop.workflows.comparison import comparing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    y, x = np.mgrid[:80, :120]
    labels = np.zeros((80, 120), np.uint16)
    for number, column in enumerate((25, 60, 95), start=1):
        labels[(y - 40) ** 2 + (x - column) ** 2 < 121] = number
    (tmp_path / "truth").mkdir()
    tifffile.imwrite(tmp_path / "truth" / "a.labels.tif", labels)
    tifffile.imwrite(tmp_path / "a.tif", (20 + 150 * (labels > 0)).astype(np.uint8))
    tifffile.imwrite(tmp_path / "b & <i>.tif", np.zeros((3, 3), np.uint8))
    return tmp_path


def rows(*names: str) -> list[comparing.Row]:
    return comparing.rows_of(MethodRegistry(), names, {"none": (), "median3": parse_steps("median3")})


def test_a_comparison_is_written_and_a_row_becomes_a_method(folder: Path) -> None:
    registry = MethodRegistry(folder / "models")
    truth = comparing.truth_files(folder / "truth", [folder / "a.tif"])
    chosen = rows("threshold", "gvf")
    cells = comparing.compare_files([folder / "a.tif"], chosen, registry, truth=truth)
    content = orjson.loads(comparing.write_comparison(folder / "out", chosen, cells).read_bytes())
    assert [(one["row"], one["objects"]) for one in content["rows"]] == [(1, 3), (2, 3), (3, 3), (4, 3)]
    assert all(one["f1"] == 1 and one["median_diameter_px"] == pytest.approx(22, abs=1.5) for one in content["rows"])
    row = comparing.row_in(folder / "out", 2)
    assert row == chosen[1]
    comparing.save_row(registry, row, name="best", title="Best")
    assert "median" in registry.by_name("best").description
    with pytest.raises(ConflictError, match="best"):
        comparing.save_row(registry, row, name="best", title="Best")


def test_the_sheet_holds_all_it_shows_and_escapes_names(folder: Path) -> None:
    paths = [folder / "a.tif", folder / "b & <i>.tif"]
    chosen = rows("threshold")
    cells = comparing.compare_files(paths, chosen, MethodRegistry(), pictures=2)
    content = orjson.loads(comparing.write_comparison(folder, chosen, cells).read_bytes())
    sheet = write_contact_sheet(
        folder / "compare.html", content["rows"], [[one.picture for one in row] for row in cells]
    )
    text = sheet.read_text()
    assert "b &amp; &lt;i&gt;.tif" in text
    assert "<i>.tif" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert text.count("data:image/jpeg") == 4


def test_bad_input_is_told(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match="no label image for b"):
        comparing.truth_files(folder / "truth", [folder / "b & <i>.tif"])
    with pytest.raises(InvalidInputError, match="no folder"):
        comparing.truth_files(folder / "nowhere", [])
    tifffile.imwrite(folder / "truth" / "a.labels.tif", np.zeros((9, 7), np.uint8))
    truth = comparing.truth_files(folder / "truth", [folder / "a.tif"])
    with pytest.raises(InvalidInputError, match="7 x 9 px"):
        comparing.compare_files([folder / "a.tif"], rows("threshold"), MethodRegistry(), truth=truth)
    with pytest.raises(InvalidInputError, match="no comparison"):
        comparing.row_in(folder, 1)
    with pytest.raises(InvalidInputError, match="rows"):
        comparing.rows_of(MethodRegistry(), [], {"none": ()})
    with pytest.raises(InvalidInputError, match="small letters"):
        comparing.save_row(MethodRegistry(folder), rows("threshold")[0], name="../x", title="x")
    with pytest.raises(InvalidInputError, match="no row"):
        comparing.Row.from_json({"method": "threshold"})


def test_a_projection_that_an_image_has_no_planes_for_is_a_cell_with_an_error(folder: Path) -> None:
    steps = comparing.checked_steps([{"kind": "projection", "z_to": 4}])
    chosen = comparing.rows_of(MethodRegistry(), ["threshold"], {"max": steps})
    cells = comparing.compare_files([folder / "a.tif"], chosen, MethodRegistry())
    assert "along z" in str(cells[0][0].error)
