"""A stored pixel classifier at work: tiles, coarse previews, objects, and the method that it is."""

from pathlib import Path

import numpy as np
import pytest

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.classifiers.predictor import Session
from cytoloop.learning.method import Calibration, Pixels, finds_regions
from cytoloop.learning.pixels import predictor as predicting
from cytoloop.learning.pixels.configuration import PixelConfiguration, PixelLearner
from cytoloop.learning.pixels.filters import feature_maps, planes_of
from cytoloop.learning.pixels.method import PixelMethod, PixelParameters, pixel_methods_in
from cytoloop.learning.pixels.objects import objects_of_probability
from cytoloop.learning.pixels.package import PixelPackage, read_pixel_classifier
from cytoloop.learning.pixels.predictor import predictor_of
from cytoloop.learning.registry import MethodRegistry

from .scenes import SIDE, scene, trained


@pytest.fixture(scope="module")
def bands(tmp_path_factory: pytest.TempPathFactory) -> PixelPackage:
    folder = tmp_path_factory.mktemp("pixels") / "v3"
    return trained(folder, PixelConfiguration(trees=20, sigmas_px=(1.0, 3.0)))


def test_tiles_give_what_the_whole_gives(bands: PixelPackage, monkeypatch: pytest.MonkeyPatch) -> None:
    planes = planes_of(scene(3)[0], bands.spec)
    maps = feature_maps(planes, bands.spec)
    rows = np.ascontiguousarray(maps.reshape(len(maps), -1).T)
    whole = Session(bands.weights, "it")(rows, 3).T.reshape(3, SIDE, SIDE)
    for side in (50, 384):
        monkeypatch.setattr(predicting, "TILE_PX", side)
        found = predictor_of(bands.folder).probabilities(planes)
        # a feature that lies on a threshold may fall to the other side, by the last bit of a float
        assert (np.abs(found - whole) > 1e-4).mean() < 0.01
        assert np.abs(found - whole).max() < 0.2


@pytest.mark.parametrize("shape", [(SIDE, SIDE), (37, 61), (1, 9), (2, 2)])
def test_a_coarse_look_is_about_the_same(bands: PixelPackage, shape: tuple[int, int]) -> None:
    planes = planes_of(scene(3)[0], bands.spec)[:, : shape[0], : shape[1]]
    exact = predictor_of(bands.folder).probabilities(planes)
    coarse = predictor_of(bands.folder).probabilities(planes, step=3)
    assert coarse.shape == exact.shape == (3, *shape)
    np.testing.assert_allclose(coarse[:, ::3, ::3], exact[:, ::3, ::3], atol=1e-6)  # these are looked at
    assert np.abs(coarse - exact).mean() < 0.1


def test_objects_are_split_filled_and_left_out_by_size() -> None:
    y, x = np.mgrid[:80, :120]
    two = ((x - 30) ** 2 + (y - 40) ** 2 < 225) | ((x - 56) ** 2 + (y - 40) ** 2 < 225)
    hole = (x - 30) ** 2 + (y - 40) ** 2 < 4
    dot = (x - 100) ** 2 + (y - 10) ** 2 < 9
    probability = np.where((two & ~hole) | dot, 0.9, 0.1).astype(np.float32)

    def count(**changed: object) -> int:
        settings = {"threshold": 0.5, "min_area_px2": 60.0, "fill_holes": True, "split": True} | changed
        return len(objects_of_probability(probability, **settings).scores)  # type: ignore[arg-type]

    assert count() == 2
    assert count(split=False) == 1
    assert count(min_area_px2=5.0) == 3
    assert count(threshold=0.95) == 0
    found = objects_of_probability(probability, threshold=0.5, min_area_px2=60, fill_holes=True, split=True)
    assert found.labels[40, 30] > 0
    assert np.all((found.scores > 0.85) & (found.scores <= 0.9 + 1e-6))
    empty = objects_of_probability(
        np.zeros((5, 5), np.float32), threshold=0.5, min_area_px2=0, fill_holes=True, split=True
    )
    assert (empty.labels.max(), len(empty.scores)) == (0, 0)


def test_the_method_finds_a_class_by_name_or_all_but_the_background(bands: PixelPackage) -> None:
    method = PixelMethod(bands, 3)
    pixels, truth = scene(8)
    settings = {"split": False, "min_area_px2": 500, "smoothing_px": 3}
    for wanted, kinds in (("stripes", [2]), ("ROUGH", [1]), ("any", [1, 2])):
        found = method.segment(pixels, PixelParameters(found=wanted, **settings), Calibration())
        assert ((found.labels > 0) == np.isin(truth, kinds)).mean() > 0.85
    with pytest.raises(InvalidInputError, match="has no class 'nuclei'"):
        method.calibrate(pixels, PixelParameters(found="nuclei"))
    assert not finds_regions(method)


def test_pixels_of_another_kind_or_size_are_refused(bands: PixelPackage) -> None:
    method = PixelMethod(bands, 3)
    with pytest.raises(InvalidInputError, match="has 2 channels, but the pixel classifier learnt from images of 1"):
        method.calibrate(Pixels(np.zeros((9, 9, 2)), rgb=False), PixelParameters())
    with pytest.raises(InvalidInputError, match="is an RGB image"):
        method.segment(Pixels(np.zeros((9, 9, 3), np.uint8), rgb=True), PixelParameters(), Calibration())
    spec = bands.spec.__class__(**{**{n: getattr(bands.spec, n) for n in bands.spec.__slots__}, "pixel_um": 0.5})
    spec.require_fit(rgb=False, channels=1, pixel_um=0.6, name="it")
    with pytest.raises(InvalidInputError, match=r"Choose an analysis at 0.5 µm a pixel"):
        spec.require_fit(rgb=False, channels=1, pixel_um=1.0, name="it")
    empty = method.segment(Pixels(np.zeros((0, 9, 1)), rgb=False), PixelParameters(), Calibration())
    assert empty.labels.shape == (0, 9)


def test_a_folder_of_versions_is_a_list_of_methods(bands: PixelPackage, caplog: pytest.LogCaptureFixture) -> None:
    folder = bands.folder.parent
    (folder / "v4").mkdir(exist_ok=True)
    assert list(pixel_methods_in(folder)) == ["pixels:3"]
    assert "v4 is left out" in caplog.text
    registry = MethodRegistry().with_pixels(folder)
    assert registry.by_name("pixels:3").title == "Pixel classifier v3"
    assert MethodRegistry.of_call(registry.as_call()).by_name("pixels:3").name == "pixels:3"
    assert "pixels:3" not in MethodRegistry().all()
    assert pixel_methods_in(folder / "nowhere") == {}


def test_a_package_is_read_as_it_was_written(bands: PixelPackage) -> None:
    again = read_pixel_classifier(bands.folder)
    assert again == bands
    text = (bands.folder / "bioimageio.yaml").read_text()
    assert "task: pixel-classification" in text
    example = np.load(bands.folder / "test_input.npy")
    told = np.load(bands.folder / "test_output.npy")
    np.testing.assert_allclose(Session(bands.weights, "it")(example, 3), told, atol=1e-6)


def test_windows_see_regions_at_the_edge_too(tmp_path: Path) -> None:
    configuration = PixelConfiguration(learner=PixelLearner.PATCHES, trees=10, patch_px=12, regions=True)
    package = trained(tmp_path / "v1", configuration)
    assert finds_regions(PixelMethod(package, 1))
    pixels, truth = scene(6)
    planes = planes_of(pixels, package.spec)
    found = predictor_of(package.folder).probabilities(planes)
    np.testing.assert_allclose(found.sum(axis=0), 1, atol=1e-4)
    assert (found.argmax(axis=0)[:, -4:] == truth[:, -4:]).mean() > 0.6
    assert predictor_of(package.folder).probabilities(planes[:, :5, :7]).shape == (3, 5, 7)
