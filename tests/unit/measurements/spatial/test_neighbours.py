import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from cytoloop.measurements.spatial import histogram, nearest_distances, summarise

places = npst.arrays(
    np.float64,
    st.tuples(st.integers(0, 30), st.just(2)),
    elements=st.floats(-1e5, 1e5, width=32) | st.just(np.nan) | st.just(np.inf),
)


def brute(origins: np.ndarray, targets: np.ndarray, *, same: bool) -> list[float]:
    found = []
    for i, origin in enumerate(origins):
        others = [other for j, other in enumerate(targets) if not (same and i == j) and np.isfinite(other).all()]
        known = [np.hypot(*(origin - other)) for other in others] if np.isfinite(origin).all() else []
        found.append(min(known) if known else np.nan)
    return found


@given(places, places)
def test_each_origin_finds_its_nearest_target(origins: np.ndarray, targets: np.ndarray) -> None:
    np.testing.assert_allclose(nearest_distances(origins, targets), brute(origins, targets, same=False))


@given(places)
def test_among_themselves_objects_do_not_find_themselves(origins: np.ndarray) -> None:
    np.testing.assert_allclose(nearest_distances(origins, origins, same=True), brute(origins, origins, same=True))


def test_two_on_one_spot_are_at_distance_zero() -> None:
    assert nearest_distances(np.zeros((2, 2)), np.zeros((2, 2)), same=True).tolist() == [0, 0]


def test_a_summary_leaves_out_what_is_not_known() -> None:
    found = summarise(np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.nan]), reach=2.0)
    assert (found.count, found.minimum, found.median, found.maximum, found.mean) == (5, 1, 3, 5, 3)
    assert (found.first_quartile, found.third_quartile, found.within) == (2, 4, 2)
    none = summarise(np.array([np.nan]), reach=1.0)
    assert (none.count, none.median, none.within) == (0, None, 0)


def test_the_histogram_holds_every_distance() -> None:
    distances = np.append(np.linspace(0, 10, 500), [1e6, np.nan])
    edges, counts = histogram(distances)
    assert (len(edges), sum(counts)) == (31, 501)
    assert edges[-1] == pytest.approx(9.96, abs=0.05)
    assert histogram(np.array([np.nan])) == ([], [])
    assert sum(histogram(np.zeros(4))[1]) == 4
