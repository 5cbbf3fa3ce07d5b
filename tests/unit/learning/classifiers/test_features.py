"""Features of drawn objects."""

import math

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Box
from cytoloop.learning.classifiers.features import object_features
from cytoloop.learning.classifiers.specification import FeatureSpec, ImageKind, spec_for

GRAY = FeatureSpec("channels", 1, "px")


def features(picture: NDArray[np.generic], shapes: list[shapely.Geometry], spec: FeatureSpec = GRAY, **options: object):
    def read(box: Box) -> NDArray[np.generic]:
        x0, y0, x1, y1 = (int(one) for one in box.as_tuple())
        assert 0 <= x0 < x1 <= picture.shape[2]
        assert 0 <= y0 < y1 <= picture.shape[1]
        return picture[:, y0:y1, x0:x1]

    extent = (picture.shape[2], picture.shape[1])
    found = object_features(shapes, read, extent=extent, spec=spec, **options)  # type: ignore[arg-type]
    assert found.dtype == np.float32
    assert found.shape == (len(shapes), len(spec.names))
    return [dict(zip(spec.names, row.tolist(), strict=True)) for row in found]


def test_a_square_has_its_size_its_gray_value_and_the_contrast_to_what_is_around() -> None:
    picture = np.full((1, 64, 64), 100, np.uint16)
    picture[0, 20:30, 20:40] = 60_000
    (one,) = features(picture, [shapely.box(20, 20, 40, 30)])
    assert (one["area"], one["perimeter"], one["extent"]) == (200, 60, 1)
    assert (one["channel_0_mean"], one["channel_0_std"], one["channel_0_max"]) == (60_000, 0, 60_000)
    assert one["channel_0_ring_mean"] == 100
    assert one["channel_0_contrast"] == 59_900
    assert sum(one[f"channel_0_pattern_{number}"] for number in range(10)) == pytest.approx(1)


def test_rough_and_smooth_objects_differ_in_texture_and_not_in_mean() -> None:
    rng = np.random.default_rng(0)
    picture = np.full((1, 64, 128), 128.0)
    picture[0, 10:50, 70:110] += rng.normal(0, 30, (40, 40))
    smooth, rough = features(
        picture.clip(0, 255).astype(np.uint8), [shapely.box(10, 10, 50, 50), shapely.box(70, 10, 110, 50)]
    )
    assert abs(smooth["channel_0_mean"] - rough["channel_0_mean"]) < 3
    assert rough["channel_0_gradient_1_mean"] > smooth["channel_0_gradient_1_mean"] + 3
    assert smooth["channel_0_pattern_8"] > rough["channel_0_pattern_8"]


def test_the_same_object_has_the_same_features_alone_and_among_others() -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 4000, (1, 300, 300)).astype(np.uint16)
    shapes = [shapely.box(x, y, x + 13, y + 9) for x in range(40, 260, 40) for y in range(40, 260, 40)]
    together = features(picture, shapes)
    for number in (0, 7, len(shapes) - 1):
        (alone,) = features(picture, [shapes[number]])
        for name, value in alone.items():
            assert value == pytest.approx(together[number][name], rel=1e-4, abs=1e-4), name


def test_objects_off_the_image_tiny_and_degenerate_ones_have_what_is_defined() -> None:
    picture = np.full((1, 32, 32), 7, np.uint8)
    shapes = [
        shapely.box(100, 100, 110, 110),
        shapely.box(-5, -5, 5, 5),
        shapely.box(3.6, 3.6, 3.9, 3.9),
        shapely.Point(4, 4),
        shapely.LineString([(1, 1), (9, 9)]),
    ]
    outside, partly, tiny, point, line = features(picture, shapes)
    assert outside["area"] == 100
    assert math.isnan(outside["channel_0_mean"])
    assert partly["channel_0_mean"] == 7
    assert tiny["channel_0_mean"] == 7
    assert math.isnan(point["area"])
    assert point["channel_0_mean"] == 7
    assert line["channel_0_mean"] == 7
    assert features(picture, []) == []


def test_colours_have_their_stains_and_channels_stay_apart() -> None:
    rgb = np.full((3, 40, 40), 240, np.uint8)
    rgb[:, 10:20, 10:20] = np.array([80, 60, 150], np.uint8)[:, None, None]
    (blue,) = features(
        rgb, [shapely.box(10, 10, 20, 20)], spec_for([ImageKind("a", rgb=True, channels=3, calibrated=False)])
    )
    assert (blue["red_mean"], blue["green_mean"], blue["blue_mean"]) == (80, 60, 150)
    assert blue["haematoxylin_contrast"] > 0.05
    two = np.stack([np.full((40, 40), 5, np.uint16), np.full((40, 40), 50_000, np.uint16)])
    (one,) = features(two, [shapely.box(10, 10, 20, 20)], FeatureSpec("channels", 2, "px"))
    assert (one["channel_0_mean"], one["channel_1_mean"]) == (5, 50_000)
    (gray,) = features(two, [shapely.box(10, 10, 20, 20)], FeatureSpec("gray", 1, "px"))
    assert gray["gray_mean"] == pytest.approx(25_002.5)


def test_sizes_in_micrometres_do_not_depend_on_the_resolution() -> None:
    spec = FeatureSpec("channels", 1, "um")
    fine, coarse = np.zeros((1, 80, 80), np.uint8), np.zeros((1, 40, 40), np.uint8)
    (one,) = features(fine, [shapely.box(20, 20, 40, 40)], spec, pixel_um=(0.25, 0.25))
    (other,) = features(coarse, [shapely.box(10, 10, 20, 20)], spec, pixel_um=(0.5, 0.5))
    for name in ("area", "perimeter", "feret_max", "equivalent_diameter"):
        assert one[name] == pytest.approx(other[name])


def test_pixels_that_are_no_numbers_do_not_spread_to_other_objects() -> None:
    picture = np.full((1, 64, 64), 3.0, np.float32)
    picture[0, 50:60, 50:60] = np.nan
    whole, broken = features(picture, [shapely.box(5, 5, 15, 15), shapely.box(50, 50, 60, 60)])
    assert whole["channel_0_mean"] == 3
    assert whole["channel_0_gradient_1_mean"] == 0
    assert math.isnan(broken["channel_0_mean"])


@pytest.mark.parametrize(
    ("images", "wanted"),
    [
        ([(True, 1, True)], ("rgb", 3, "um")),
        ([(False, 4, True), (False, 4, False)], ("channels", 4, "px")),
        ([(False, 1, True), (True, 1, True)], ("gray", 1, "um")),
        ([(False, 40, True)], ("gray", 1, "um")),
    ],
)
def test_the_richest_features_that_all_images_have(
    images: list[tuple[bool, int, bool]], wanted: tuple[str, int, str]
) -> None:
    kinds = [ImageKind("a", rgb=rgb, channels=channels, calibrated=calibrated) for rgb, channels, calibrated in images]
    found = spec_for(kinds)
    assert (found.colours, found.channels, found.unit) == wanted
    for one in kinds:
        found.require_fit(one)
    assert len(set(found.names)) == len(found.names)
    assert all(name.isidentifier() for name in found.names)


def test_images_that_do_not_fit_are_refused_by_name() -> None:
    uncalibrated = ImageKind("cells.tif", rgb=False, channels=2, calibrated=False)
    with pytest.raises(InvalidInputError, match=r"cells\.tif has no pixel size"):
        FeatureSpec("channels", 2, "um").require_fit(uncalibrated)
    with pytest.raises(InvalidInputError, match=r"cells\.tif has 2 channels.*images of 3 channels"):
        FeatureSpec("channels", 3, "px").require_fit(uncalibrated)
    with pytest.raises(InvalidInputError, match="trained on RGB images"):
        FeatureSpec("rgb", 3, "px").require_fit(uncalibrated)
    with pytest.raises(InvalidInputError):
        spec_for([])
