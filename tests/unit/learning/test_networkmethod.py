"""A model as a method, on every kind of image that people have; the tiny network takes what is bright as objects."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cytoloop.learning.method import Calibration, Instances, Pixels
from cytoloop.learning.networkmethod import NetworkMethod, NetworkParameters, network_methods_in
from cytoloop.learning.refinement import RefinedMethod
from cytoloop.learning.registry import MethodRegistry

from ...tinymodels import package  # noqa: TID252 - tests are no package


@pytest.fixture
def method(tmp_path: Path) -> NetworkMethod:
    return NetworkMethod(package(tmp_path / "models" / "tiny"))


def find(method: NetworkMethod, array: NDArray[np.generic], *, rgb: bool = False, **values: object) -> Instances:
    pixels = Pixels(array if array.ndim == 3 else array[..., None], rgb, channel_names=("GFP", "DAPI", "TRITC"))
    parameters = NetworkParameters.model_validate(values)
    return method.segment(pixels, parameters, method.calibrate(pixels, parameters))


def spots(dtype: str, low: float, high: float, radius: float = 13) -> NDArray[np.generic]:
    y, x = np.mgrid[:160, :200]
    image = np.full((160, 200), low)
    for cy, cx in ((40, 40), (40, 120), (110, 80), (115, 160)):
        image[(y - cy) ** 2 + (x - cx) ** 2 <= radius**2] = high
    return image.astype(dtype)


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [("uint8", 10, 200), ("uint16", 300, 60_000), ("int16", -900, 900), ("float32", -1.5, 2e-3), ("float64", 0, 1e9)],
)
def test_objects_are_found_at_any_depth_and_range(method: NetworkMethod, dtype: str, low: float, high: float) -> None:
    found = find(method, spots(dtype, low, high))

    assert len(found.scores) == 4
    assert found.labels.shape == (160, 200)
    assert found.labels.dtype == np.int32
    assert (found.scores > 0.9).all()


def test_pixels_that_are_no_numbers_do_no_harm(method: NetworkMethod) -> None:
    image = spots("float32", 0, 5)
    image[:4] = np.nan
    image[5, 5], image[6, 6] = np.inf, -np.inf

    found = find(method, image)

    assert len(found.scores) >= 4
    assert (found.labels[:4] == 0).all()


def test_the_range_is_between_the_percentiles_of_the_model(method: NetworkMethod) -> None:
    half = replace(method.package, spec=replace(method.package.spec, low_percentile=0.0, high_percentile=50.0))
    pixels = Pixels(np.arange(101, dtype=np.float32).reshape(1, 101, 1), rgb=False)

    values = NetworkMethod(half).calibrate(pixels, NetworkParameters(channel="0", diameter_px=26)).values

    assert (values["low_0"], values["high_0"]) == (0, 50)


@pytest.mark.parametrize("value", [0, 17, 255])
@pytest.mark.parametrize("shape", [(3, 3), (1, 1), (100, 120), (1, 300)])
def test_a_constant_image_has_no_object(method: NetworkMethod, value: int, shape: tuple[int, int]) -> None:
    found = find(method, np.full(shape, value, np.uint8))

    assert found.labels.shape == shape
    assert len(found.scores) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_image_without_a_number_has_no_object(method: NetworkMethod, bad: float) -> None:
    assert len(find(method, np.full((40, 40), bad, np.float32)).scores) == 0


def test_an_empty_image_is_answered(method: NetworkMethod) -> None:
    assert find(method, np.zeros((0, 7), np.uint8)).labels.shape == (0, 7)


def test_one_object_may_nearly_fill_the_image(method: NetworkMethod) -> None:
    image = np.full((120, 120), 200, np.uint8)
    image[:2] = 10

    found = find(method, image, diameter_px=120)

    assert len(found.scores) == 1
    assert (found.labels > 0).mean() > 0.9


def test_a_very_wide_image_is_seen_in_tiles(method: NetworkMethod) -> None:
    image = np.full((48, 40_000), 10, np.uint8)
    for x in range(100, 40_000, 1000):
        image[12:36, x : x + 24] = 200

    found = find(method, image, diameter_px=26)

    assert len(found.scores) == 40


def test_the_nuclear_channel_is_chosen_by_name_and_others_by_wish(method: NetworkMethod) -> None:
    empty, full = np.full((160, 200), 5, np.uint16), spots("uint16", 5, 900)
    dapi = np.stack([empty, full, empty], axis=-1)

    assert len(find(method, dapi).scores) == 4
    assert len(find(method, dapi, channel="0").scores) == 0
    assert len(find(method, dapi, channel="0+DAPI").scores) == 4


def test_small_and_cut_objects_are_left_out_if_wanted(method: NetworkMethod) -> None:
    image = spots("uint8", 10, 200)
    image[:20, 180:] = 200
    image[80:88, 20:28] = 200

    assert len(find(method, image, diameter_px=26).scores) == 6
    left = find(method, image, diameter_px=26, min_area_px2=100, remove_border=True)
    assert len(left.scores) == 4
    assert left.labels.max() == 4


def test_gaps_in_a_stained_section_are_no_objects(method: NetworkMethod) -> None:
    disc = spots("uint8", 0, 1)[..., None].astype(bool)
    tissue = np.full((160, 200, 3), (200, 120, 170), np.uint8)
    gaps = np.where(disc, np.uint8(255), tissue)

    assert len(find(method, gaps, rgb=True, diameter_px=26).scores) == 0
    assert len(find(method, gaps.mean(axis=2).astype(np.uint8), diameter_px=26).scores) == 4


def test_a_stated_diameter_saves_the_estimate(method: NetworkMethod) -> None:
    image = spots("uint8", 10, 200)
    pixels = Pixels(image[..., None], rgb=False)

    stated = method.calibrate(pixels, NetworkParameters.model_validate({"diameter_px": 40}))
    estimated = method.calibrate(pixels, NetworkParameters.model_validate({}))

    assert "diameter" not in stated.values or stated.values["diameter"] == 40
    assert estimated.values["diameter"] == pytest.approx(26, rel=0.2)


def test_eight_views_give_the_same_clear_objects(method: NetworkMethod) -> None:
    image = spots("uint8", 10, 200)

    assert np.array_equal(find(method, image).labels > 0, find(method, image, tta=True).labels > 0)


class _Rough:
    """Finds squares where discs are, and one where nothing is."""

    name, title, description = "rough", "Rough", ""
    parameters = NetworkParameters

    def calibrate(self, overview: Pixels, parameters: NetworkParameters) -> Calibration:
        return Calibration()

    def segment(self, pixels: Pixels, parameters: NetworkParameters, calibration: Calibration) -> Instances:
        labels = np.zeros(pixels.array.shape[:2], np.int32)
        labels[29:52, 29:52], labels[29:52, 109:132], labels[70:90, 130:150] = 1, 2, 3
        return Instances(labels, np.ones(3))


def test_outlines_follow_a_model_within_the_margin(method: NetworkMethod) -> None:
    pixels = Pixels(spots("uint8", 10, 200)[..., None], rgb=False)
    refined = RefinedMethod(_Rough(), method)
    parameters = NetworkParameters.model_validate({})

    found = refined.segment(pixels, parameters, refined.calibrate(pixels, parameters))

    assert len(found.scores) == 2
    truth = pixels.array[..., 0] == 200
    assert not (found.labels[~truth] > 0).any()


def test_models_of_a_folder_appear_and_disappear_and_bad_ones_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    registry = MethodRegistry(folder)
    assert "tiny" not in registry.all()

    made = package(folder / "tiny")
    (folder / "broken").mkdir()
    (folder / "broken" / "rdf.yaml").write_text("type: [")
    assert registry.by_name("tiny").title == "Tiny nuclei"
    assert "broken" not in registry.all()
    assert set(network_methods_in(folder, shipped=False)) == {"tiny"}

    made.folder.rename(tmp_path / "gone")
    assert "tiny" not in registry.all()
