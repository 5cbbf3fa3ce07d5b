"""Objects of overlapping tiles become those of one run without tiles."""

from collections.abc import Iterator, Sequence

import cc3d
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.draw import disk

from cytoloop.annotations.raster import labels_to_polygons, polygons_to_labels
from cytoloop.core.geometry import Box
from cytoloop.learning.slides import grid
from cytoloop.learning.slides.merging import Strips, merged_rows, nothing

CORE, MARGIN = 100, 24


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    for name, value in (("WHOLE_PIXELS", 1000), ("CORE_PX", CORE), ("MARGIN_PX", MARGIN)):
        monkeypatch.setattr(grid, name, value)


def _components(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    return cc3d.connected_components(mask.astype(np.uint8), connectivity=4).astype(np.int32)


def _polygons(labels: NDArray[np.int32], x0: float = 0, y0: float = 0) -> NDArray[np.object_]:
    _, found = labels_to_polygons(labels, x0=x0, y0=y0)
    array = np.empty(len(found), dtype=object)
    array[:] = found
    return array


def _window(mask: NDArray[np.bool_], box: Box) -> NDArray[np.bool_]:
    return mask[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]


def _tiled(mask: NDArray[np.bool_], *, regions: bool = False) -> list[shapely.Geometry]:
    """What tile by tile gives, each tile seeing its own window alone."""
    height, width = mask.shape
    whole = Box(0, 0, width, height)
    tiles = list(grid.tiles_covering(whole, whole))
    assert len(tiles) > 1
    found: list[shapely.Geometry] = []

    def rows() -> Iterator[tuple[float, Strips]]:
        for top in sorted({tile.core.y0 for tile in tiles}):
            row = nothing()
            for number, tile in enumerate(tiles):
                if tile.core.y0 == top:
                    row = row.and_those_of(_strips(tile, number))
            bottom = min(top + CORE, height)
            yield bottom if regions else bottom - MARGIN, row

    def _strips(tile: grid.Tile, number: int) -> Strips:
        seen = tile.core if regions else tile.read
        polygons = _polygons(_components(_window(mask, seen)), seen.x0, seen.y0)
        own = grid.owned(tile, polygons)
        in_strip, cut = grid.shared(tile, polygons)
        if not regions:
            found.extend(polygons[~in_strip & own].tolist())
            polygons, cut, own = polygons[in_strip], cut[in_strip], own[in_strip]
        count = len(polygons)
        return Strips(polygons, np.ones(count), np.full(count, number), cut, own, grid.across(tile, polygons))

    for polygons, scores in merged_rows(rows(), regions=regions):
        assert len(polygons) == len(scores)
        found.extend(polygons.tolist())
    return found


def _as_set(polygons: Sequence[shapely.Geometry]) -> set[bytes]:
    simple = shapely.normalize(shapely.simplify(np.array(polygons, dtype=object), 0.0))
    return set(shapely.to_wkb(simple).tolist())


def _discs(seed: int, size: tuple[int, int], count: int, radius: tuple[int, int]) -> NDArray[np.bool_]:
    """Discs that may touch and overlap: what touches is one object."""
    random = np.random.default_rng(seed)
    mask = np.zeros(size, dtype=bool)
    for _ in range(count):
        at = (random.integers(0, size[0]), random.integers(0, size[1]))
        mask[disk(at, int(random.integers(*radius)), shape=size)] = True
    return mask


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(150, 420), st.integers(150, 420))
def test_objects_smaller_than_the_margin_are_found_exactly_as_without_tiles(seed: int, height: int, width: int) -> None:
    mask = np.zeros((height, width), dtype=bool)
    for polygon in _polygons(_components(_discs(seed, (height, width), 150, (2, 9)))):
        x0, y0, x1, y1 = polygon.bounds
        if max(x1 - x0, y1 - y0) < MARGIN:  # clumps that grew larger are another test's
            mask |= polygons_to_labels([polygon], mask.shape) > 0
    assert _as_set(_tiled(mask)) == _as_set(_polygons(_components(mask)).tolist())


@pytest.mark.parametrize("radius", [30, 45, 80])
def test_an_object_larger_than_the_margins_is_joined_from_its_pieces(radius: int) -> None:
    mask = np.zeros((300, 300), dtype=bool)
    mask[disk((150, 150), radius)] = True
    assert _as_set(_tiled(mask)) == _as_set(_polygons(_components(mask)).tolist())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_regions_of_any_size_are_joined_exactly(seed: int, count: int) -> None:
    mask = _discs(seed, (330, 310), count, (2, 60))
    assert _as_set(_tiled(mask, regions=True)) == _as_set(_polygons(_components(mask)).tolist())


def _two(first: Sequence[shapely.Geometry], second: Sequence[shapely.Geometry], own: list[bool]) -> Strips:
    polygons = np.empty(len(first) + len(second), dtype=object)
    polygons[:] = [*first, *second]
    tile = np.array([0] * len(first) + [1] * len(second))
    count = len(polygons)
    never, always = np.zeros(count, dtype=bool), np.ones(count, dtype=bool)
    return Strips(polygons, np.linspace(0.5, 0.9, count), tile, never, np.array(own), always)


def test_neighbours_that_touch_stay_two() -> None:
    left, right = shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)
    ((polygons, _),) = merged_rows([(100.0, _two([left, right], [left, right], [True, False, False, True]))])
    assert _as_set(polygons.tolist()) == _as_set([left, right])


def test_where_tiles_disagree_one_version_is_kept_whole() -> None:
    """One tile sees one object, the other two: never three, never an overlap."""
    one = shapely.box(0, 0, 20, 10)
    halves = [shapely.box(0, 0, 9, 10), shapely.box(9, 0, 20, 10)]
    ((polygons, scores),) = merged_rows([(100.0, _two([one], halves, [False, True, True]))])
    assert _as_set(polygons.tolist()) == _as_set(halves)
    assert scores.tolist() == pytest.approx([0.7, 0.9])


def test_what_one_tile_alone_found_belongs_to_the_tile_in_whose_core_it_lies() -> None:
    mine, theirs = shapely.box(0, 0, 5, 5), shapely.box(50, 0, 55, 5)
    ((polygons, _),) = merged_rows([(100.0, _two([mine, theirs], [], [True, False]))])
    assert _as_set(polygons.tolist()) == _as_set([mine])


def test_rows_are_given_out_as_soon_as_later_ones_cannot_reach_them() -> None:
    top, bottom = shapely.box(0, 0, 5, 5), shapely.box(0, 95, 5, 105)
    strips = _two([top, bottom], [], [True, True])
    later = nothing()
    given = merged_rows([(50.0, strips), (200.0, later)])
    assert _as_set(next(given)[0].tolist()) == _as_set([top])
    assert _as_set(next(given)[0].tolist()) == _as_set([bottom])


def test_no_objects_at_all() -> None:
    assert list(merged_rows([(10.0, nothing()), (20.0, nothing())])) == []


@pytest.mark.parametrize("regions", [False, True])
def test_what_stays_open_over_many_rows_is_not_compared_with_each(
    monkeypatch: pytest.MonkeyPatch, *, regions: bool
) -> None:
    """Foreground that hangs together over a whole slide: once as rows come, once more where pieces are put together."""
    compared = 0
    intersection = shapely.intersection

    def counting(first: NDArray[np.object_], second: NDArray[np.object_]) -> NDArray[np.object_]:
        nonlocal compared
        compared += len(first)
        return intersection(first, second)

    monkeypatch.setattr(shapely, "intersection", counting)
    rows = 40
    reach = 0 if regions else 60
    pieces = [
        (100.0 * (row + 1), _one(shapely.box(0, 100 * row, 50, 100 * (row + 1) + reach), row)) for row in range(rows)
    ]
    found = [one for polygons, _ in merged_rows(iter(pieces), regions=regions) for one in polygons]

    assert rows - 1 <= compared <= 2 * (rows - 1)
    assert shapely.union_all(found).area == 50 * (100 * rows + reach)


def _one(polygon: shapely.Geometry, tile: int) -> Strips:
    """A piece of an object that the tile's border cuts."""
    yes = np.array([True])
    return Strips(np.array([polygon], dtype=object), np.array([0.9]), np.array([tile]), yes, yes, yes)
