"""From scribbles to labelled pixels, and their features tile by tile."""

import numpy as np
import shapely

from cytoloop.core.geometry import Box
from cytoloop.learning.pixels.configuration import Filter
from cytoloop.learning.pixels.filters import feature_maps
from cytoloop.learning.pixels.sampling import (
    LabelledPixels,
    Scribbles,
    labelled_pixels,
    pixel_samples,
    sampled,
    with_width,
)
from cytoloop.learning.pixels.specification import PixelSpec

EXTENT = Box(0, 0, 40, 30)


def found(*outlines: shapely.Geometry, classes: tuple[int, ...], width: float = 3) -> dict[tuple[int, int], int]:
    wide = with_width(outlines, width)
    pixels = labelled_pixels(Scribbles(list(wide), np.array(classes), np.arange(len(classes)) + 7), EXTENT)
    return {
        (x, y): one for x, y, one in zip(pixels.columns.tolist(), pixels.rows.tolist(), pixels.classes, strict=True)
    }


def test_lines_and_points_have_a_width_and_areas_are_as_drawn() -> None:
    line = found(shapely.LineString([(5, 10.5), (15, 10.5)]), classes=(0,))
    assert {y for _, y in line} == {9, 10, 11}
    assert {(x, 10) for x in range(5, 15)} <= set(line)
    point = found(shapely.Point(20.5, 20.5), classes=(1,))
    assert {(20, 20), (19, 20), (21, 20), (20, 19), (20, 21)} <= set(point)
    assert set(point.values()) == {1}
    area = found(shapely.box(2, 2, 6, 5), classes=(0,), width=50)
    assert set(area) == {(x, y) for x in range(2, 6) for y in range(2, 5)}


def test_the_newest_scribble_counts_where_they_overlap() -> None:
    both = found(shapely.box(0, 0, 10, 10), shapely.box(5, 0, 12, 10), classes=(0, 1))
    assert both[4, 3] == 0
    assert both[5, 3] == both[11, 3] == 1
    assert len(both) == 120


def test_what_is_off_the_image_is_no_pixel_and_what_is_thin_is_one() -> None:
    assert found(shapely.box(100, 100, 120, 120), classes=(0,)) == {}
    half = found(shapely.box(35, 25, 60, 60), classes=(0,))
    assert set(half) == {(x, y) for x in range(35, 40) for y in range(25, 30)}
    assert len(found(shapely.box(10.6, 10.6, 10.7, 10.7), classes=(0,))) >= 1


def test_features_of_tiles_are_those_of_the_whole() -> None:
    rng = np.random.default_rng(1)
    picture = rng.normal(100, 20, (2, 700, 1300)).astype(np.float32)
    extent = Box(0, 0, 1300, 700)
    spec = PixelSpec("channels", 2, (0.7, 2.0), tuple(Filter))
    rows, columns = rng.integers(0, 700, 300), rng.integers(0, 1300, 300)
    rows[:4], columns[:4] = (0, 0, 699, 699), (0, 1299, 0, 1299)
    pixels = LabelledPixels(rows, columns, rng.integers(0, 2, 300), np.arange(300))
    asked: list[Box] = []

    def read(box: Box) -> np.ndarray:
        asked.append(box)
        return picture[:, int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]

    samples = pixel_samples(pixels, pixels, read, extent, spec, 2)
    order = np.argsort(samples.groups)
    np.testing.assert_array_equal(samples.truth[order], pixels.classes)
    whole = feature_maps(picture, spec)[:, rows, columns].T
    np.testing.assert_allclose(samples.features[order], whole, atol=1e-2)
    assert len(asked) == 6
    assert all(0 <= one.x0 < one.x1 <= 1300 and 0 <= one.y0 < one.y1 <= 700 for one in asked)


def test_patches_know_the_classes_around_them() -> None:
    picture = np.arange(30 * 40, dtype=np.float32).reshape(1, 30, 40)
    spec = PixelSpec("channels", 1, (1.0,), (Filter.GAUSSIAN,), patch_px=8)
    block = labelled_pixels(Scribbles([shapely.box(10, 10, 20, 14)], np.array([1]), np.array([3])), EXTENT)
    one = LabelledPixels(np.array([12, 0]), np.array([15, 0]), np.array([1, 0]), np.array([3, 4]))
    samples = pixel_samples(
        block, one, lambda box: picture[:, int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)], EXTENT, spec, 2
    )
    assert samples.middles is not None
    at = samples.groups.tolist().index(3)
    np.testing.assert_array_equal(samples.features[at].reshape(8, 8), picture[0, 8:16, 11:19])
    assert samples.middles[at].reshape(4, 4).tolist() == [[1] * 4] * 4  # rows 10 to 13, all inside
    corner = 1 - at
    assert samples.middles[corner].tolist() == [-1] * 16
    assert samples.features[corner].reshape(8, 8)[:4, :4].tolist() == [[0.0] * 4] * 4  # the last pixel goes on


def test_a_limit_draws_from_each_class() -> None:
    pixels = LabelledPixels(np.arange(100), np.arange(100), np.array([0] * 95 + [1] * 5), np.zeros(100, int))
    few = sampled(pixels, 10, np.random.default_rng(0))
    assert np.bincount(few.classes).tolist() == [10, 5]
