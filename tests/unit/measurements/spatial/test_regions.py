import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from cytoloop.measurements.spatial import members, region_table

# whole numbers, so that many centres lie exactly on borders
centres = npst.arrays(np.float64, st.tuples(st.integers(0, 40), st.just(2)), elements=st.integers(-5, 25))


@st.composite
def regions(draw: st.DrawFn) -> shapely.Geometry:
    corner = st.tuples(st.integers(-5, 25), st.integers(-5, 25))
    shape = shapely.MultiPoint(draw(st.lists(corner, min_size=3, max_size=8))).convex_hull
    return shape.difference(shapely.box(5, 5, 9, 9)) if draw(st.booleans()) else shape


@given(centres, st.lists(regions(), max_size=4))
def test_members_are_those_that_the_region_touches(points: np.ndarray, chosen: list[shapely.Geometry]) -> None:
    for region, rows in zip(chosen, members(points, chosen), strict=True):
        assert rows.tolist() == [i for i, point in enumerate(points) if region.intersects(shapely.Point(point))]


@given(centres, st.lists(regions(), max_size=4), st.randoms())
def test_the_table_counts_each_object_by_class(points: np.ndarray, chosen: list[shapely.Geometry], random) -> None:
    classes = np.array([random.randrange(3) for _ in points], np.int64)
    areas = np.array([random.randrange(100) for _ in points], np.float64)
    table = region_table(points, classes, areas, chosen)
    touching = [[region.intersects(shapely.Point(point)) for point in points] for region in chosen]
    for column, term in enumerate(table.classes):
        mine = classes == term
        for row, inside in enumerate(touching):
            assert table.counts[row, column] == (mine & inside).sum()
            assert table.areas[row, column] == areas[mine & inside].sum()
        anywhere = np.any(touching, axis=0) if touching else np.zeros(len(points), bool)
        assert table.inside[column] == (mine & anywhere).sum()
        assert table.outside[column] == (mine & ~anywhere).sum()


def test_overlapping_regions_each_count_an_object_and_together_once() -> None:
    table = region_table(np.array([[5.0, 5.0]]), np.array([7]), np.array([3.0]), [shapely.box(0, 0, 6, 6)] * 2)
    assert table.counts.tolist() == [[1], [1]]
    assert (table.inside.tolist(), table.outside.tolist()) == ([1], [0])


def test_a_region_without_area_has_no_density_and_no_ratio() -> None:
    table = region_table(
        np.array([[5.0, 5.0]]), np.array([7]), np.array([3.0]), [shapely.Polygon(), shapely.box(0, 0, 10, 10)]
    )
    assert np.isnan(table.densities[0, 0])
    assert np.isnan(table.area_ratios[0, 0])
    assert (table.densities[1, 0], table.area_ratios[1, 0]) == (0.01, 0.03)


def test_centres_that_are_not_finite_lie_in_no_region() -> None:
    points = np.array([[np.nan, 1.0], [1.0, np.inf], [1.0, 1.0]])
    assert [one.tolist() for one in members(points, [shapely.box(0, 0, 2, 2)])] == [[2]]


def test_nothing_at_all_gives_empty_tables() -> None:
    table = region_table(np.empty((0, 2)), np.empty(0, np.int64), np.empty(0), [shapely.box(0, 0, 1, 1)])
    assert table.counts.shape == (1, 0)
    assert region_table(np.zeros((3, 2)), np.zeros(3, np.int64), np.zeros(3), []).outside.tolist() == [3]


@pytest.mark.parametrize("hole", [True, False])
def test_holes_hold_nothing_but_their_border(hole: bool) -> None:
    outer = shapely.box(0, 0, 10, 10)
    region = outer.difference(shapely.box(2, 2, 8, 8)) if hole else outer
    found = members(np.array([[5.0, 5.0], [2.0, 5.0], [1.0, 1.0]]), [region])[0]
    assert found.tolist() == ([1, 2] if hole else [0, 1, 2])
