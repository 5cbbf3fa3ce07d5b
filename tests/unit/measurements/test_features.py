"""Further measurements against their sources, on whole pictures and on hard objects."""

import json
import math

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from skimage.measure import regionprops

from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Box
from cytoloop.measurements.features import computing
from cytoloop.measurements.features.catalogue import NAMES, Wanted
from cytoloop.measurements.features.computing import feature_columns, measure_features
from cytoloop.measurements.objects import label_outlines
from cytoloop.measurements.table import ObjectMeasurements

from .cellprofiler import REFERENCE, cells, picture


def measured(
    geometries: list[object], image: NDArray[np.generic], wanted: Wanted, **more: object
) -> ObjectMeasurements:
    def read(box: Box) -> NDArray[np.generic]:
        return image[:, int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]

    names = ["DAPI", "GFP", "RFP"][: len(image)]
    extent = (image.shape[2], image.shape[1])
    return measure_features(geometries, read, extent=extent, channels=names, wanted=wanted, **more)


def reference() -> dict[str, NDArray[np.float64]]:
    return {key: np.array(values) for key, values in json.loads(REFERENCE.read_text()).items()}


def test_values_are_those_of_cellprofiler_on_the_whole_picture() -> None:
    _, outlines = label_outlines(cells())
    found = measured(outlines, picture(), Wanted(("moments", "texture", "granularity", "colocalisation"))).values
    theirs = reference()
    for degree, repetition in ((0, 0), (2, 2), (5, 3), (9, 1), (9, 9)):
        key = f"ernike_{degree}_{repetition}"
        mine, expected = found[f"z{key}"], theirs[f"Z{key}"]
        assert mine == pytest.approx(expected, abs=0.006), key
        # the circle is the smallest here; there it is a little larger for two of the nine
        assert np.isclose(mine, expected, rtol=1e-6, atol=1e-9).sum() >= 7, key
    for channel in (0, 1):
        for our, name in (("entropy", "Entropy"), ("contrast", "Contrast"), ("information_measure_2", "InfoMeas2")):
            directions = [theirs[f"{name}_3_0{one}_256.{channel}"] for one in range(4)]
            assert found[f"texture_{our}_{channel}"] == pytest.approx(np.mean(directions, axis=0), rel=1e-6), name
        for step in (1, 2, 5):
            expected = theirs[f"Granularity_{step}.{channel}"]
            assert found[f"granularity_{step}_{channel}"] == pytest.approx(expected, rel=1e-6, abs=1e-9), step
    pairs = {
        "pearson": "Pearson",
        "slope": "Slope",
        "manders_1": "Manders_1",
        "manders_2": "Manders_2",
        "rwc_1": "RWC_1",
    }
    pairs |= {"rwc_2": "RWC_2", "overlap": "Overlap", "k_1": "K_1", "k_2": "K_2"}
    for our, name in pairs.items():
        assert found[f"{our}_0_1"] == pytest.approx(theirs[f"Correlation_{name}"], rel=1e-6), name


def test_radial_distribution_is_near_that_of_cellprofiler() -> None:
    """Which measures the way to the centre around corners and in steps of the grid."""
    _, outlines = label_outlines(cells())
    found = measured(outlines, picture(), Wanted(("radial",))).values
    theirs = reference()
    for channel in (0, 1):
        for one in (1, 2, 3, 4):
            for our, name in (("fraction", "FracAtD"), ("mean", "MeanFrac")):
                expected = theirs[f"RadialDistribution_{name}_{one}of4.{channel}"]
                assert found[f"radial_{our}_{one}_{channel}"] == pytest.approx(expected, abs=0.06), (our, one)


def test_radial_distribution_of_known_pictures() -> None:
    flat = np.full((1, 80, 80), 30_000, np.uint16)
    disc = shapely.Point(40, 40).buffer(30)
    found = measured([disc], flat, Wanted(("radial",))).values
    assert sum(found[f"radial_fraction_{ring}_0"][0] for ring in (1, 2, 3, 4)) == pytest.approx(1)
    assert [found[f"radial_mean_{ring}_0"][0] for ring in (1, 2, 3, 4)] == pytest.approx([1] * 4)
    assert [found[f"radial_cv_{ring}_0"][0] for ring in (1, 2, 3, 4)] == pytest.approx([0] * 4, abs=1e-9)
    # of a disc the place is the share of the radius, so that ring n of 4 holds (2n - 1) / 16 of the area
    shares = [found[f"radial_fraction_{ring}_0"][0] for ring in (1, 2, 3, 4)]
    assert shares == pytest.approx([1 / 16, 3 / 16, 5 / 16, 7 / 16], abs=0.03)


def test_hu_moments_are_those_of_scikit_image() -> None:
    labels = cells()
    _, outlines = label_outlines(labels)
    found = measured(outlines, picture()[:1], Wanted(("moments",))).values
    theirs = np.array([one.moments_hu for one in regionprops(labels)])
    for number in range(7):
        assert found[f"hu_{number + 1}"] == pytest.approx(theirs[:, number], rel=1e-6, abs=1e-12)


def test_binary_patterns_are_shares_and_tell_stripes_from_noise() -> None:
    rng = np.random.default_rng(2)
    image = rng.integers(0, 65535, (1, 60, 120)).astype(np.uint16)
    image[0, :, 60:] = np.where(np.arange(60) % 8 < 4, 1000, 60000)[None, :]
    found = measured([shapely.box(5, 5, 55, 55), shapely.box(65, 5, 115, 55)], image, Wanted(("texture",))).values
    shares = np.array([found[f"lbp_{one}_0"] for one in range(10)])
    assert shares.sum(axis=0) == pytest.approx([1, 1])
    assert shares[9, 0] > 0.2 > 0.1 > shares[9, 1]


def test_granularity_finds_the_size_of_grains() -> None:
    fine, coarse = np.zeros((400, 400)), np.zeros((400, 400))
    fine[::8, ::8] = coarse[::64, ::64] = 1
    y, x = np.mgrid[-16:17, -16:17]
    disc = (y**2 + x**2 <= 12**2).astype(float)
    from scipy.signal import fftconvolve

    grains = [fftconvolve(fine, disc[13:20, 13:20], "same") > 0.5, fftconvolve(coarse, disc, "same") > 0.5]
    small, large = (
        measured(
            [shapely.box(60, 60, 340, 340)], (one[None] * 60000).astype(np.uint16), Wanted(("granularity",))
        ).values
        for one in grains
    )
    weights = np.arange(1, 17)
    middle = [
        float(np.sum(weights * [v[f"granularity_{n}_0"][0] for n in weights])
              / np.sum([v[f"granularity_{n}_0"][0] for n in weights]))
        for v in (small, large)
    ]  # fmt: skip
    assert middle[0] < middle[1]


def test_a_ring_is_what_lies_around_and_no_other_object() -> None:
    image = np.full((1, 60, 100), 10, np.uint8)
    image[0, 20:40, 20:40] = 200
    image[0, 15:45, 46:80] = 90
    objects = [shapely.box(20, 20, 40, 40), shapely.box(46, 15, 80, 45)]
    found = measured(objects, image, Wanted(("ring",), ring_px=4)).values
    assert found["ring_mean_0"].tolist() == [10, 10]
    assert found["ring_std_0"].tolist() == [0, 0]
    assert found["ring_ratio_0"].tolist() == [20, 9]
    alone = measured(objects[:1], image, Wanted(("ring",), ring_px=10)).values
    assert alone["ring_mean_0"][0] > 10, "without the neighbour its pixels are surroundings"


def test_overlapping_objects_are_measured_each_by_itself() -> None:
    image = picture()
    objects = [shapely.box(20, 20, 60, 60), shapely.box(40, 40, 80, 90), shapely.box(41, 41, 79, 89)]
    wanted = Wanted(("moments", "texture", "radial", "colocalisation"))
    together = measured(objects, image, wanted).values
    for number, one in enumerate(objects):
        alone = measured([one], image, wanted).values
        for key, values in alone.items():
            assert together[key][number] == pytest.approx(values[0], nan_ok=True, rel=1e-9), key


def test_neighbours_are_found_among_all_objects() -> None:
    everyone = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 10.0], [100.0, 0.0]])
    squares = [shapely.box(x - 1, y - 1, x + 1, y + 1) for x, y in everyone[:2]]
    image = np.zeros((1, 20, 120), np.uint8)
    wanted = Wanted(("neighbours",), neighbour_px=8)
    found = measured(squares, image, wanted, centres=(everyone[:2], everyone)).values
    assert found["neighbour_1_px"].tolist() == [5, 5]
    assert found["neighbour_2_px"] == pytest.approx([10, math.hypot(3, 6)])
    assert found["neighbours_near"].tolist() == [1, 2]
    assert found["neighbour_angle_deg"][0] == pytest.approx(math.degrees(math.atan2(3, 4)))
    alone = measured(squares[:1], image, wanted).values
    assert np.isnan(alone["neighbour_1_px"]).all()
    assert np.isnan(alone["neighbour_angle_deg"]).all()
    assert alone["neighbours_near"].tolist() == [0]


HARD = {
    "one pixel": (shapely.box(10, 10, 11, 11), np.full((3, 40, 40), 7, np.uint8)),
    "a thread": (shapely.box(5, 5, 35, 6), np.full((3, 40, 40), 7, np.uint8)),
    "black": (shapely.box(5, 5, 30, 30), np.zeros((3, 40, 40), np.uint8)),
    "off the image": (shapely.box(50, 50, 60, 60), np.zeros((3, 40, 40), np.uint8)),
    "the whole image": (shapely.box(0, 0, 40, 40), np.random.default_rng(0).integers(0, 255, (3, 40, 40)).astype("u1")),
    "a line": (shapely.LineString([(5, 5), (30, 30)]), np.zeros((3, 40, 40), np.uint8)),
    "a point": (shapely.Point(5, 5), np.zeros((3, 40, 40), np.uint8)),
    "not numbers": (shapely.box(5, 5, 30, 30), np.full((3, 40, 40), np.nan, np.float32)),
    "smaller than a pixel": (shapely.box(10.1, 10.1, 10.2, 10.2), np.full((3, 40, 40), 7, np.uint8)),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", HARD)
def test_hard_objects_give_every_column(name: str) -> None:
    geometry, image = HARD[name]
    found = measured([geometry, shapely.box(2, 2, 20, 20)], image, Wanted(NAMES))
    assert [one.key for one in found.columns] == list(found.values)
    assert {len(values) for values in found.values.values()} == {2}
    assert found.columns == feature_columns(NAMES, ("DAPI", "GFP", "RFP"))


def test_an_object_too_large_to_be_read_at_once_has_no_further_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing, "MAX_PIXELS", 500)
    objects = [shapely.box(0, 0, 100, 100), shapely.box(10, 10, 20, 20)]
    found = measured(objects, picture()[:1], Wanted(("radial",))).values["radial_mean_1_0"]
    assert np.isnan(found[0])
    assert np.isfinite(found[1])


def test_the_full_scale_is_that_of_the_camera_where_it_is_given() -> None:
    image = (picture()[:1] // 16).astype(np.uint16)  # twelve bits
    objects = [shapely.box(20, 20, 80, 80)]
    coarse = measured(objects, image, Wanted(("texture",))).values["texture_sum_average_0"]
    fine = measured(objects, image, Wanted(("texture",), full_scale=4095)).values["texture_sum_average_0"]
    assert fine[0] == pytest.approx(16 * coarse[0], rel=0.1)


@pytest.mark.parametrize(
    "wrong", [{"sets": ("shape",)}, {"ring_px": 0}, {"ring_px": 101}, {"neighbour_px": 0}, {"full_scale": -1.0}]
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        Wanted(**wrong)
