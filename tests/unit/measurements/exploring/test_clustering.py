import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from cytoloop.core.errors import InvalidInputError
from cytoloop.measurements.exploring.clustering import Method, by_size, find_clusters
from cytoloop.measurements.exploring.outliers import Measure, unusualness


def clouds() -> tuple[np.ndarray, np.ndarray]:
    """Three clouds of 80, 50 and 20 rows."""
    rng = np.random.default_rng(2)
    truth = np.repeat([0, 1, 2], [80, 50, 20])
    centres = np.array([[0, 0, 0, 0], [15, 0, 5, 0], [0, 15, 0, 9]], float)
    return centres[truth] + rng.normal(size=(150, 4)), truth


@pytest.mark.parametrize("method", list(Method))
def test_clouds_are_found_with_their_number_and_the_largest_is_the_first(method: Method) -> None:
    values, truth = clouds()
    found = find_clusters(values, method)
    assert found.count == 3
    assert adjusted_rand_score(truth, found.labels) > 0.9
    counts = np.bincount(found.labels, minlength=4)[1:]
    assert counts.tolist() == sorted(counts.tolist(), reverse=True)
    assert found.silhouette > 0.7


@pytest.mark.parametrize("method", [Method.KMEANS, Method.MIXTURE])
def test_as_many_as_asked_for(method: Method) -> None:
    values, _ = clouds()
    assert find_clusters(values, method, count=5).count == 5


def test_what_lies_alone_belongs_to_no_cluster() -> None:
    values, _ = clouds()
    found = find_clusters(np.concatenate([values, [[60.0, -60, 60, -60]]]), Method.HDBSCAN)
    assert found.labels[-1] == 0


def test_equal_objects_are_no_clusters_and_no_failure() -> None:
    found = find_clusters(np.zeros((30, 3)), Method.MIXTURE)
    assert found.count == 1
    assert np.isnan(found.silhouette)


def test_of_very_many_a_random_part_takes_part_in_hdbscan() -> None:
    values, _ = clouds()
    found = find_clusters(values, Method.HDBSCAN, most=100)
    assert int((found.labels == -1).sum()) == 50


@pytest.mark.parametrize("count", [1, 150, 51])
def test_an_impossible_number_is_refused(count: int) -> None:
    values, _ = clouds()
    with pytest.raises(InvalidInputError, match="Choose 2 to 50"):
        find_clusters(values, Method.KMEANS, count=count)


def test_too_few_objects_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="too few"):
        find_clusters(np.zeros((2, 2)), Method.KMEANS)


def test_labels_by_size() -> None:
    assert by_size(np.array([4, 4, 0, -1, -2, 4, 0])).tolist() == [1, 1, 2, 0, -1, 1, 2]


@pytest.mark.parametrize("measure", list(Measure))
def test_the_odd_one_is_the_most_unusual(measure: Measure) -> None:
    values = np.random.default_rng(3).normal(size=(200, 5))
    values[17] = [8, -7, 9, 0, 8]
    found = unusualness(values, measure)
    assert int(found.argmax()) == 17
    assert found[17] > 1.3 * np.median(found)


def test_distance_is_the_root_mean_square() -> None:
    values = np.zeros((6, 2))
    values[2] = [3, 4]
    assert unusualness(values, Measure.DISTANCE)[2] == pytest.approx(np.sqrt(12.5))


def test_the_forest_is_that_of_scikit_learn() -> None:
    from sklearn.ensemble import IsolationForest

    values = np.random.default_rng(4).normal(size=(60, 3))
    reference = IsolationForest(n_estimators=200, random_state=9).fit(values)
    np.testing.assert_allclose(unusualness(values, Measure.FOREST, seed=9), -reference.score_samples(values))
