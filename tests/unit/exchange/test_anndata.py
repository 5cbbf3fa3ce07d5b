import io

import anndata
import h5py
import numpy as np
import pytest

from cytoloop.exchange.anndata import Matrix, write_h5ad

# anndata's own warnings about itself and its libraries are not ours
pytestmark = pytest.mark.filterwarnings("ignore")


def written(matrix: Matrix, tmp_path) -> anndata.AnnData:
    write_h5ad(matrix, tmp_path / "a.h5ad")
    return anndata.read_h5ad(tmp_path / "a.h5ad")


def test_anndata_reads_what_was_written(tmp_path) -> None:
    values = np.array([[1, 2.5], [np.nan, 4], [5, 6]], np.float32)
    matrix = Matrix(
        values,
        ["11", "12", "13"],
        ["area_um2", "mean_0"],
        {"class": ["Bright", None, "Bright"], "id": np.array([11, 12, 13]), "image": ["a", "b", "c"]},
        {"label": ["Area", "Mean DAPI"], "unit": ["um^2", ""]},
        {"spatial": np.array([[1.0, 2], [3, 4], [5, 6]])},
        {"spatial_unit": "px"},
    )
    found = written(matrix, tmp_path)
    np.testing.assert_array_equal(found.X, values)
    assert found.X.dtype == np.float32
    assert found.obs_names.tolist() == ["11", "12", "13"]
    assert found.var_names.tolist() == ["area_um2", "mean_0"]
    assert found.obs["class"].tolist()[::2] == ["Bright", "Bright"]
    assert found.obs["class"].isna().tolist() == [False, True, False]
    assert found.obs["class"].dtype == "category"
    assert found.obs["id"].tolist() == [11, 12, 13]
    assert found.obs["image"].tolist() == ["a", "b", "c"]
    assert found.var["unit"].tolist() == ["um^2", ""]
    np.testing.assert_array_equal(found.obsm["spatial"], matrix.places["spatial"])
    assert found.uns["spatial_unit"] == "px"


def test_no_objects_and_no_measurements(tmp_path) -> None:
    empty = Matrix(np.zeros((0, 0), np.float32), [], [], {"class": []}, {}, {"spatial": np.zeros((0, 2))})
    found = written(empty, tmp_path)
    assert (found.shape, list(found.obs.columns)) == ((0, 0), ["class"])


def test_it_goes_into_memory_too() -> None:
    buffer = io.BytesIO()
    write_h5ad(Matrix(np.ones((1, 1), np.float32), ["a"], ["b"], {}, {}), buffer)
    with h5py.File(buffer) as file:
        assert dict(file.attrs) == {"encoding-type": "anndata", "encoding-version": "0.1.0"}
