"""Distances between landmarks and angles at them."""

import math

import pytest

from cytoloop.measurements.landmarks import Measure, angle_degrees, columns, distance, measured

LENGTH = Measure("a – b", ("a", "b"))
ANGLE = Measure("a – b – c", ("a", "b", "c"))


def test_distances_in_px_and_um() -> None:
    assert distance((1, 2), (4, 6)) == 5
    assert distance((1, 2), (4, 6), (2, 0.5)) == pytest.approx(math.hypot(6, 2))
    assert measured(LENGTH, {"a": (0, 0), "b": (3, 4)}, None) == (5, None)
    assert measured(LENGTH, {"a": (0, 0), "b": (3, 4)}, (2, 2)) == (5, 10)
    assert measured(LENGTH, {"a": (0, 0)}, (2, 2)) == (None, None)


@pytest.mark.parametrize(
    ("second", "degrees"), [((10, 0), 0), ((10, 10), 45), ((0, 10), 90), ((-10, 0), 180), ((0, -3), 90)]
)
def test_angles_have_no_direction(second: tuple[float, float], degrees: float) -> None:
    assert angle_degrees((5, 0), (0, 0), second) == pytest.approx(degrees)
    assert angle_degrees(second, (0, 0), (5, 0)) == pytest.approx(degrees)


def test_angles_are_those_of_the_specimen_where_pixels_are_not_square() -> None:
    assert angle_degrees((1, 0), (0, 0), (1, 1), (1, math.sqrt(3))) == pytest.approx(60)
    assert measured(ANGLE, {"a": (1, 0), "b": (0, 0), "c": (1, 1)}, (1, math.sqrt(3))) == (pytest.approx(60),)


def test_an_angle_at_a_point_on_itself_is_not_known() -> None:
    assert math.isnan(angle_degrees((1, 1), (1, 1), (2, 2)))
    assert measured(ANGLE, {"a": (1, 1), "b": (1, 1), "c": (2, 2)}, None) == (None,)


def test_columns_are_never_alike() -> None:
    assert columns([LENGTH, ANGLE]) == ["a – b [px]", "a – b [um]", "a – b – c [deg]"]
    assert columns([LENGTH, LENGTH]) == ["a – b [px]", "a – b [um]", "a – b [px] 2", "a – b [um] 2"]
