"""Crops for networks: size, border, mask, values."""

import numpy as np
import pytest
import shapely

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.classifiers.crops import CropSpec, crops_for, cut_crops, spec_from
from cytoloop.learning.classifiers.specification import FeatureSpec, ImageKind
from cytoloop.learning.normalisation import Range

GRAY = CropSpec("channels", 1, 32, 1.5, own_range=False)


def reader(pixels: np.ndarray):
    return lambda box: pixels[:, int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]


def test_a_crop_holds_the_object_with_its_surroundings_and_says_where_it_is() -> None:
    pixels = np.zeros((1, 100, 100), np.uint16)
    pixels[0, 40:60, 40:60] = 1000
    (crop,) = cut_crops([shapely.box(40, 40, 60, 60)], reader(pixels), (100, 100), GRAY, None)
    assert crop.shape == GRAY.shape == (2, 32, 32)
    inside = crop[1] == 1
    assert inside.mean() == pytest.approx((20 / 30) ** 2, abs=0.05)
    assert crop[0][inside].mean() > 900
    assert crop[0][~inside].mean() < 150


def test_the_images_border_is_continued_and_what_lies_off_it_is_empty() -> None:
    pixels = np.full((1, 20, 20), 7, np.uint8)
    corner, away = cut_crops(
        [shapely.box(-4, -4, 6, 6), shapely.box(50, 50, 60, 60)], reader(pixels), (20, 20), GRAY, None
    )
    assert (corner[0] == 7).all()
    assert (away[0] == 0).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_values_are_brought_to_the_range_of_the_image(dtype: type) -> None:
    pixels = np.array([[[0, 50], [100, 200]]], dtype).repeat(8, 1).repeat(8, 2)
    spec = CropSpec("channels", 1, 32, 1.0, own_range=True)
    (crop,) = cut_crops([shapely.box(0, 0, 16, 16)], reader(pixels), (16, 16), spec, Range(0, 100))
    assert crop[0].min() == 0
    assert crop[0].max() == 1


def test_numbers_that_are_none_become_0() -> None:
    pixels = np.full((1, 16, 16), np.nan, np.float32)
    pixels[0, :8] = np.inf
    for own in (True, False):
        spec = CropSpec("channels", 1, 32, 1.0, own_range=own)
        (crop,) = cut_crops([shapely.box(0, 0, 16, 16)], reader(pixels), (16, 16), spec, Range(0, 1))
        assert np.isfinite(crop).all()


def test_an_object_thinner_than_a_pixel_has_a_mask() -> None:
    pixels = np.zeros((1, 400, 400), np.uint8)
    (crop,) = cut_crops([shapely.box(10, 10, 390, 10.01)], reader(pixels), (400, 400), GRAY, None)
    assert crop[1].sum() >= 1


def test_images_of_several_kinds_are_seen_in_gray() -> None:
    kinds = [ImageKind("a", rgb=True, channels=1, calibrated=False), ImageKind("b", False, 4, calibrated=True)]
    spec = crops_for(kinds, side=64, context=1.5, own_range=True)
    assert (spec.colours, spec.names) == ("gray", ("gray", "mask"))
    four = crops_for(kinds[1:], side=64, context=1.5, own_range=True)
    assert len(four.names) == 5
    with pytest.raises(InvalidInputError, match="images of 4 channels"):
        four.require_fit(kinds[0])


def test_specs_survive_a_file() -> None:
    assert spec_from({"colours": "gray", "channels": 1, "unit": "px", "version": 1}) == FeatureSpec("gray", 1, "px")
    values = {"colours": "rgb", "channels": 3, "side": 64, "context": 1.5, "own_range": True, "version": 1}
    assert spec_from(values) == CropSpec("rgb", 3, 64, 1.5, own_range=True)
