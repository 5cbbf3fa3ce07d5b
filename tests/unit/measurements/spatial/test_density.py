import numpy as np
import pytest

from cytoloop.measurements.spatial import density


def gaussian_sum(centres: np.ndarray, at: np.ndarray, radius: float) -> np.ndarray:
    squared = ((at[:, None] - centres[None]) ** 2).sum(axis=2)
    return np.exp(-squared / (2 * radius**2)).sum(axis=1) / (2 * np.pi * radius**2)


def test_the_field_is_the_sum_of_gaussians() -> None:
    centres = np.random.default_rng(1).uniform(0, 400, (500, 2))
    field = density(centres, (100, 100), 200, squares=100, radius=20)
    middles = 101 + 2 * np.arange(100)
    at = np.stack([one.ravel() for one in np.meshgrid(middles, middles)], axis=1)
    expected = gaussian_sum(centres, at, 20).reshape(100, 100)
    assert np.abs(field - expected).max() < 0.02 * expected.max()


def test_tiles_beside_each_other_fit_together() -> None:
    centres = np.random.default_rng(2).uniform(0, 400, (500, 2))
    whole = density(centres, (0, 0), 400, squares=64, radius=30)
    right = density(centres, (200, 0), 200, squares=32, radius=30)
    np.testing.assert_allclose(whole[:32, 32:], right)


def test_without_a_radius_it_counts() -> None:
    field = density(np.array([[1.0, 9.0], [1.5, 9.0], [np.nan, 1.0]]), (0, 0), 10, squares=5, radius=0)
    assert field[4, 0] == 2 / 4
    assert field.sum() == 2 / 4


def test_nothing_gives_a_field_of_nothing() -> None:
    assert density(np.empty((0, 2)), (0, 0), 10, squares=4, radius=2).tolist() == np.zeros((4, 4)).tolist()
    with pytest.raises(ValueError, match="squares"):
        density(np.empty((0, 2)), (0, 0), 10, squares=0, radius=2)
