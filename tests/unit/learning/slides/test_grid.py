from hypothesis import given
from hypothesis import strategies as st

from cytoloop.core.geometry import Box
from cytoloop.learning.slides.grid import MARGIN_PX, WHOLE_PIXELS, tiles_covering

side = st.integers(1, 30_000)


@given(side, side, st.integers(-500, 2000), st.integers(-500, 2000))
def test_cores_cover_the_region_once_and_reading_stays_in_it(width: int, height: int, x: int, y: int) -> None:
    image = Box(0, 0, width, height)
    region = Box(x, y, x + width, y + height)
    wanted = region.intersection(image)
    tiles = list(tiles_covering(region, image))
    if wanted.is_empty:
        assert tiles == []
        return
    assert sum(one.core.width * one.core.height for one in tiles) == wanted.width * wanted.height
    for tile in tiles:
        assert tile.read.intersection(wanted) == tile.read
        assert tile.core.intersection(tile.read) == tile.core


def test_small_regions_are_one_piece_and_large_ones_have_margins() -> None:
    small = Box(0, 0, 3000, 3000)
    assert [one.read for one in tiles_covering(small, small)] == [small]
    large = Box(0, 0, 8000, 8000)
    assert WHOLE_PIXELS < 8000 * 8000
    first = next(tiles_covering(large, large))
    assert first.read.x1 == first.core.x1 + MARGIN_PX
