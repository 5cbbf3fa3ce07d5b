import math

import numpy as np
import pytest
import shapely
from scipy import ndimage
from skimage.measure import regionprops_table

from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Box
from cytoloop.measurements import objects
from cytoloop.measurements.objects import measure_labels, measure_objects
from cytoloop.measurements.table import ObjectMeasurements

RNG = np.random.default_rng(5)
IMAGE = RNG.integers(0, 4096, (2, 300, 400)).astype(np.uint16)


def read(box: Box) -> np.ndarray:
    assert box == Box(*(float(round(side)) for side in box.as_tuple()))
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= 400
    assert box.y1 <= 300
    return IMAGE[:, int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]


def measured(*geometries: shapely.Geometry, um: tuple[float, float] | None = None) -> ObjectMeasurements:
    return measure_objects(
        list(geometries),
        read,
        extent=(400, 300),
        channels=("DAPI", "Actin"),
        pixel_width_um=um[0] if um else None,
        pixel_height_um=um[1] if um else None,
    )


def value(found: ObjectMeasurements, key: str, row: int = 0) -> float:
    return float(found.values[key][row])


def blobs() -> np.ndarray:
    noise = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=(300, 400)), 6)
    return ndimage.label(noise > 0.02)[0].astype(np.int32)


def test_labels_agree_with_scikit_image() -> None:
    labels = blobs()
    names, found = measure_labels(labels, IMAGE, channels=("a", "b"))
    wanted = regionprops_table(
        labels,
        np.moveaxis(IMAGE, 0, -1),
        properties=[
            "label", "area", "axis_major_length", "axis_minor_length", "eccentricity", "equivalent_diameter_area",
            "perimeter_crofton", "extent", "intensity_mean", "intensity_std", "intensity_min", "intensity_max",
        ],
    )  # fmt: skip
    assert np.array_equal(names, wanted["label"])
    for key, name in {
        "area_px2": "area",
        "major_axis_px": "axis_major_length",
        "minor_axis_px": "axis_minor_length",
        "eccentricity": "eccentricity",
        "equivalent_diameter_px": "equivalent_diameter_area",
        "extent": "extent",
        "mean_0": "intensity_mean-0",
        "mean_1": "intensity_mean-1",
        "std_1": "intensity_std-1",
        "min_0": "intensity_min-0",
        "max_0": "intensity_max-0",
    }.items():
        np.testing.assert_allclose(found.values[key], wanted[name], rtol=1e-6, atol=1e-5, err_msg=key)
    inside = (found.values["box_x0_px"] > 0) & (found.values["box_y0_px"] > 0)
    inside &= (found.values["box_x1_px"] < 400) & (found.values["box_y1_px"] < 300)
    pixel_traced = inside & (found.values["area_px2"] > 30)
    np.testing.assert_allclose(
        found.values["perimeter_px"][pixel_traced], wanted["perimeter_crofton"][pixel_traced], rtol=0.03
    )


def test_quartiles_are_those_of_numpy() -> None:
    labels = blobs()
    names, found = measure_labels(labels, IMAGE, channels=("a", "b"))
    for row, name in enumerate(names[:20].tolist()):
        inside = IMAGE[1][labels == name]
        assert value(found, "median_1", row) == np.median(inside)
        assert value(found, "q25_1", row) == pytest.approx(np.quantile(inside, 0.25))
        assert value(found, "q75_1", row) == pytest.approx(np.quantile(inside, 0.75))
        assert value(found, "sum_1", row) == inside.sum()


def test_a_circle() -> None:
    found = measured(shapely.Point(100, 90).buffer(30, quad_segs=128))
    assert value(found, "area_px2") == pytest.approx(math.pi * 900, rel=1e-3)
    assert value(found, "perimeter_px") == pytest.approx(60 * math.pi, rel=1e-3)
    assert value(found, "feret_max_px") == pytest.approx(60, rel=1e-3)
    assert value(found, "feret_min_px") == pytest.approx(60, rel=1e-3)
    assert value(found, "circularity") == pytest.approx(1, rel=1e-3)
    assert value(found, "solidity") == pytest.approx(1)
    assert value(found, "eccentricity") == pytest.approx(0, abs=0.05)
    assert value(found, "major_axis_px") == pytest.approx(60, rel=5e-3)


def test_a_circle_traced_along_pixel_edges_is_round_too() -> None:
    y, x = np.mgrid[:300, :400]
    labels = ((y - 150) ** 2 + (x - 200) ** 2 < 40**2).astype(np.int32)
    _, found = measure_labels(labels, IMAGE, channels=("a", "b"))
    assert value(found, "perimeter_px") == pytest.approx(80 * math.pi, rel=0.01)
    assert value(found, "circularity") == pytest.approx(1, abs=0.02)


def test_a_rectangle() -> None:
    found = measured(shapely.box(10, 20, 50, 30))
    assert value(found, "area_px2") == 400
    assert value(found, "perimeter_px") == 100
    assert value(found, "feret_max_px") == pytest.approx(math.hypot(40, 10))
    assert value(found, "feret_min_px") == pytest.approx(10)
    assert value(found, "extent") == 1
    assert value(found, "orientation_deg") == pytest.approx(0)
    assert [value(found, f"box_{side}_px") for side in ("x0", "y0", "x1", "y1")] == [10, 20, 50, 30]
    assert value(found, "mean_0") == pytest.approx(IMAGE[0, 20:30, 10:50].mean())
    assert value(found, "sum_1") == IMAGE[1, 20:30, 10:50].sum()


def test_orientation_is_counter_clockwise_on_screen() -> None:
    rising = shapely.LineString([(50, 100), (100, 50)]).buffer(5)
    assert value(measured(rising), "orientation_deg") == pytest.approx(45, abs=1)
    assert value(measured(shapely.box(10, 20, 20, 60)), "orientation_deg") == pytest.approx(90)


def test_a_ring_has_two_edges_and_no_middle() -> None:
    ring = shapely.box(20, 20, 60, 60).difference(shapely.box(30, 30, 50, 50))
    found = measured(ring)
    assert value(found, "area_px2") == 1200
    assert value(found, "convex_area_px2") == 1600
    assert value(found, "solidity") == 0.75
    inside = IMAGE[0, 20:60, 20:60].astype(float)
    assert value(found, "sum_0") == inside.sum() - inside[10:30, 10:30].sum()
    slanted = (
        shapely.Point(150, 150).buffer(40, quad_segs=64).difference(shapely.Point(150, 150).buffer(20, quad_segs=64))
    )
    assert value(measured(slanted), "perimeter_px") == pytest.approx(120 * math.pi, rel=1e-3)


def test_micrometres_allow_for_pixels_that_are_not_square() -> None:
    found = measured(shapely.box(10, 20, 50, 30), um=(0.5, 2.0))  # 20 x 20 um
    assert value(found, "area_um2") == 400
    assert value(found, "area_px2") == 400
    assert value(found, "perimeter_um") == 80
    assert value(found, "feret_max_um") == pytest.approx(20 * math.sqrt(2))
    assert value(found, "circularity") == pytest.approx(math.pi / 4)
    assert value(found, "eccentricity") == pytest.approx(0, abs=0.15)
    square = measured(shapely.box(10, 20, 50, 30), um=(0.5, 0.5))
    assert value(square, "area_um2") == pytest.approx(100)
    assert value(square, "major_axis_um") == pytest.approx(value(square, "major_axis_px") / 2)
    assert "area_um2" not in measured(shapely.box(1, 1, 5, 5)).values


def test_overlapping_objects_are_measured_by_themselves() -> None:
    shapes = [shapely.box(10 + 7 * n, 10, 40 + 7 * n, 40) for n in range(6)] + [shapely.box(12, 12, 20, 20)]
    together = measured(*shapes)
    for row, one in enumerate(shapes):
        alone = measured(one)
        for key in alone.values:
            np.testing.assert_allclose(value(together, key, row), value(alone, key), rtol=1e-9, atol=1e-6, err_msg=key)


def test_points_and_lines() -> None:
    found = measured(shapely.Point(7.5, 9.9), shapely.LineString([(10.5, 20.5), (13.5, 24.5)]))
    assert value(found, "mean_0") == IMAGE[0, 9, 7]
    assert value(found, "std_0") == 0
    assert math.isnan(value(found, "area_px2"))
    assert value(found, "length_px", 1) == 5
    assert math.isnan(value(found, "perimeter_px", 1))
    along = [IMAGE[0, int(20.5 + 0.8 * step), int(10.5 + 0.6 * step)] for step in range(6)]
    assert value(found, "mean_0", 1) == pytest.approx(np.mean(along))


def test_undefined_numbers_are_nan() -> None:
    found = measured(shapely.box(500, 500, 510, 510), shapely.box(395, 295, 405, 305), shapely.box(5.1, 5.1, 5.2, 5.2))
    assert math.isnan(value(found, "mean_0"))
    assert math.isnan(value(found, "major_axis_px"))
    assert value(found, "area_px2") == 100
    assert value(found, "sum_0", 1) == IMAGE[0, 295:, 395:].sum()
    assert value(found, "mean_0", 2) == IMAGE[0, 5, 5]  # holds no pixel's centre
    assert math.isnan(value(found, "eccentricity", 2))


def test_pixels_that_are_no_numbers_are_left_out() -> None:
    image = np.ones((1, 20, 20), np.float32)
    image[0, 5, 5], image[0, 6, 6] = np.nan, np.inf
    _, found = measure_labels(np.ones((20, 20), np.int32), image, channels=("a",))
    assert value(found, "mean_0") == 1
    assert value(found, "sum_0") == 398


def test_no_objects_and_no_channels() -> None:
    assert measured().values["mean_0"].shape == (0,)
    plain = measure_objects(
        [shapely.box(0, 0, 3, 3)],
        lambda box: np.zeros((0, int(box.height), int(box.width))),
        extent=(9, 9),
        channels=(),
        pixel_width_um=None,
        pixel_height_um=None,
    )
    assert "mean_0" not in plain.values
    assert value(plain, "area_px2") == 9


def test_columns_are_values_with_labels() -> None:
    found = measured(shapely.box(0, 0, 3, 3), um=(1, 1))
    assert [one.key for one in found.columns] == list(found.values)
    by_key = {one.key: one for one in found.columns}
    assert (by_key["mean_1"].label, by_key["area_um2"].unit) == ("Mean Actin", "µm²")


@pytest.mark.parametrize("limit", [600, 5_000, 40_000])
def test_reads_are_bounded_and_change_nothing(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    centers = RNG.uniform(20, 280, (60, 2))
    shapes = [shapely.Polygon(np.c_[x + 14 * np.cos(angle), y + 9 * np.sin(angle)]) for x, y in centers]
    shapes.append(shapely.box(5, 5, 390, 290))
    expected = measured(*shapes)
    monkeypatch.setattr(objects, "MAX_READ_PIXELS", limit)
    sizes: list[float] = []

    def watched(box: Box) -> np.ndarray:
        sizes.append(box.width * box.height)
        return read(box)

    found = measure_objects(
        shapes, watched, extent=(400, 300), channels=("DAPI", "Actin"), pixel_width_um=None, pixel_height_um=None
    )
    assert max(sizes) * 2 <= max(limit, 2 * 400)
    for key, numbers in expected.values.items():
        np.testing.assert_allclose(found.values[key], numbers, rtol=1e-6, atol=1e-6, err_msg=key)


def test_neighbours_are_read_together() -> None:
    shapes = [shapely.box(x, y, x + 8, y + 8) for x in range(0, 390, 10) for y in range(0, 290, 10)]
    calls: list[Box] = []

    def counted(box: Box) -> np.ndarray:
        calls.append(box)
        return read(box)

    measure_objects(shapes, counted, extent=(400, 300), channels=("a", "b"), pixel_width_um=None, pixel_height_um=None)
    assert len(calls) == 1


def test_labels_and_image_must_agree() -> None:
    with pytest.raises(InvalidInputError, match="4 x 3 px and the image 400 x 300 px"):
        measure_labels(np.zeros((3, 4), np.int32), IMAGE, channels=("a", "b"))
