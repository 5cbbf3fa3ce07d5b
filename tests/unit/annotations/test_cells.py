import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cytoloop.annotations.cells import MAX_LEVEL, cell_keys, key_center, key_level, key_ranges
from cytoloop.core.geometry import Box

corner = st.floats(-300, 200_000, allow_nan=False)
side = st.floats(0, 60_000, allow_nan=False)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x, y = draw(corner), draw(corner)
    return Box(x, y, x + draw(side), y + draw(side))


@given(boxes(), boxes())
def test_a_window_reads_the_cell_of_every_box_that_touches_it(box: Box, window: Box) -> None:
    key = int(cell_keys(np.array([box.as_tuple()]))[0])
    touches = box.x0 <= window.x1 and box.x1 >= window.x0 and box.y0 <= window.y1 and box.y1 >= window.y0
    found = any(low <= key <= high for low, high in key_ranges(window, range(MAX_LEVEL + 1)))
    assert found or not touches


def test_small_boxes_live_on_the_finest_level_and_large_ones_higher() -> None:
    keys = cell_keys(np.array([[0, 0, 20, 20], [0, 0, 513, 10], [0, 0, 4096, 4096]], float))
    assert [key_level(int(key)) for key in keys] == [0, 1, 3]


def test_the_centre_of_a_cell_is_inside_it() -> None:
    keys = cell_keys(np.array([[600, 1100, 620, 1120]], float))
    assert key_center(keys).tolist() == [[768.0, 1280.0]]


def test_a_window_over_the_largest_image_stays_one_condition() -> None:
    """Engines refuse conditions of a thousand parts."""
    assert len(key_ranges(Box(0, 0, 1e7, 1e7), range(MAX_LEVEL + 1))) < 400
