import numpy as np
import pytest
from scipy.spatial import cKDTree

from cytoloop.core.errors import InvalidInputError, UnavailableError
from cytoloop.measurements.exploring import projecting
from cytoloop.measurements.exploring.projecting import principal_components, tsne, umap


def blobs(each: int = 40, features: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """``(3 each, features)``: three clouds far from each other, and whose each row is."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 12, (3, features))
    truth = np.repeat(np.arange(3), each)
    return centres[truth] + rng.normal(size=(3 * each, features)), truth


def neighbours_alike(places: np.ndarray, truth: np.ndarray) -> float:
    """Share of objects whose nearest other lies in the same cloud."""
    _, near = cKDTree(places).query(places, 2)
    return float((truth[near[:, 1]] == truth).mean())


def test_principal_components_are_those_of_the_covariance() -> None:
    values, _ = blobs()
    found = principal_components(values)
    centred = values - values.mean(axis=0)
    lengths, axes = np.linalg.eigh(np.cov(centred.T))
    expected = centred @ axes[:, ::-1][:, :2]
    signs = np.sign((expected * found.places).sum(axis=0))
    np.testing.assert_allclose(found.places, expected * signs, atol=1e-8)
    np.testing.assert_allclose(found.shares, lengths[::-1][:2] / lengths.sum())


def test_one_measurement_has_one_component() -> None:
    found = principal_components(np.arange(9.0)[:, None])
    assert found.shares == (1.0, 0.0)
    assert (found.places[:, 1] == 0).all()
    assert abs(np.corrcoef(found.places[:, 0], np.arange(9))[0, 1]) == pytest.approx(1)


@pytest.mark.parametrize("method", [tsne, umap])
def test_clouds_stay_apart_and_a_seed_gives_the_same_again(method: projecting.Projection) -> None:
    values, truth = blobs()
    found = method(values, seed=3)
    assert found.places.shape == (120, 2)
    assert neighbours_alike(found.places, truth) > 0.97
    np.testing.assert_array_equal(method(values, seed=3).places, found.places)


@pytest.mark.parametrize("method", [tsne, umap])
def test_of_very_many_a_random_part_is_placed(method: projecting.Projection) -> None:
    values, _ = blobs()
    found = method(values, most=50)
    assert found.used == 50
    assert int(np.isfinite(found.places).all(axis=1).sum()) == 50
    assert int(np.isnan(found.places).all(axis=1).sum()) == 70


@pytest.mark.parametrize("method", [principal_components, tsne, umap])
def test_five_objects_are_enough_and_one_is_not(method: projecting.Projection) -> None:
    rng = np.random.default_rng(5)
    assert np.isfinite(method(rng.normal(size=(5, 3))).places).all()
    with pytest.raises(InvalidInputError, match="1 object with measurements: too few"):
        method(rng.normal(size=(1, 3)))


def test_many_measurements_are_reduced_first() -> None:
    values, truth = blobs(features=80)
    assert neighbours_alike(tsne(values).places, truth) > 0.97


def test_without_its_library_umap_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projecting, "has_umap", lambda: False)
    with pytest.raises(UnavailableError, match=r"cytoloop\[umap\]"):
        umap(np.zeros((9, 2)))
