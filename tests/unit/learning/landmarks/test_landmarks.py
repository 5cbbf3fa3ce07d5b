"""Landmark detectors: what they see, how they vote, what they learn from drawn fish, and packages of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.classifiers.predictor import Session
from cytoloop.learning.classifiers.specification import ImageKind
from cytoloop.learning.landmarks.configuration import LandmarkConfiguration
from cytoloop.learning.landmarks.fish import LANDMARKS, drawn_fish
from cytoloop.learning.landmarks.package import NewDetector, read_detector, write_detector
from cytoloop.learning.landmarks.predictor import LandmarkPredictor, asked, load_detector
from cytoloop.learning.landmarks.search import around, everywhere, mode
from cytoloop.learning.landmarks.specification import STAGES, LandmarkSpec, spec_of
from cytoloop.learning.landmarks.training import LandmarkSample, TrainedLandmarks, train_landmarks
from cytoloop.learning.landmarks.trial import require_runnable_detector
from cytoloop.learning.landmarks.views import View, turned, working_planes, working_shape
from cytoloop.learning.landmarks.windows import Scene, feature_count
from cytoloop.learning.leaftables import forest_as_onnx, forests_as_onnx
from cytoloop.learning.method import Pixels
from cytoloop.learning.packages.tabular import KnownClass, NewFiles

NAMES = ("snout", "eye", "tail fork")
SPEC = LandmarkSpec("channels", 1, 160)
QUICK = LandmarkConfiguration.model_validate({"size_px": 160, "trees": 10, "samples": 2000, "views": 3, "folds": 2})
SIZES = ((320, 240), (480, 400), (200, 150))


def sample(seed: int, size: tuple[int, int] | None = None, names: tuple[str, ...] = NAMES) -> LandmarkSample:
    width, height = size or SIZES[seed % len(SIZES)]
    fish = drawn_fish(seed, width, height)
    shape = working_shape(width, height, SPEC.size_px)
    scale = width / shape[0], height / shape[1]
    planes = working_planes(Pixels(fish.image[..., None], rgb=False), SPEC, shape)
    points = [fish.points[name] if name in names else (np.nan, np.nan) for name in NAMES]
    return LandmarkSample(View(planes, np.array(points) / scale), scale, seed, (0.5, 0.5))


@pytest.fixture(scope="module")
def trained() -> TrainedLandmarks:
    return train_landmarks([sample(seed) for seed in range(12)], NAMES, SPEC, QUICK)


def written(folder: Path, trained: TrainedLandmarks, **changes: Any) -> LandmarkPredictor:
    example = np.zeros((2, len(SPEC.names)), np.float32)
    output = asked(Session(trained.weights, "new"), 0, example[:, 1:])
    given: dict[str, Any] = {
        "title": "Fish",
        "landmarks": tuple(KnownClass(name, "#112233") for name in NAMES),
        "spec": SPEC,
        "tolerance_percent": 2.0,
        "files": NewFiles(trained.weights, example, output, "# Fish\n"),
        "record": {"images": 12},
    }
    return load_detector(write_detector(folder / "detector", NewDetector(**{**given, **changes})), threads=1)


def test_drawn_fish_are_the_same_for_the_same_seed_and_lie_in_the_picture() -> None:
    first, again, other = drawn_fish(1), drawn_fish(1), drawn_fish(2)
    assert (first.image == again.image).all()
    assert first.points == again.points != other.points
    assert tuple(first.points) == LANDMARKS
    for seed in range(60):
        places = np.array(list(drawn_fish(seed).points.values()))
        assert (places > 0).all()
        assert (places < (320, 240)).all()
    eye = np.array(first.points["eye"]).astype(int)
    assert first.image[eye[1], eye[0]] < first.image[eye[1], eye[0] + 25]  # dark in a bright body


def test_errors_on_held_out_fish_are_far_below_those_of_the_mean_position(trained: TrainedLandmarks) -> None:
    assert (trained.folds, trained.counts) == (2, (12, 12, 12))
    for one in trained.scores:
        assert one.count == 12
        assert one.median_px is not None
        assert one.mean_px is not None
        assert one.baseline_px is not None
        assert one.median_px < 0.35 * one.baseline_px
        assert one.median_um == pytest.approx(0.5 * one.median_px)
    assert np.mean([one.within or 0 for one in trained.scores]) > 0.7


def test_a_stored_detector_finds_the_landmarks_of_new_fish_of_any_size(
    trained: TrainedLandmarks, tmp_path: Path
) -> None:
    predictor = written(tmp_path, trained)
    errors: list[float] = []
    sure: list[float] = []
    for seed, (width, height) in enumerate((*SIZES, (640, 480)), start=100):
        fish = drawn_fish(seed, width, height)
        found = predictor.landmarks(Pixels(fish.image[..., None], rgb=False), width, height)
        assert [one.landmark for one in found] == [0, 1, 2]
        for one, name in zip(found, NAMES, strict=True):
            errors.append(float(np.hypot(*np.subtract((one.x, one.y), fish.points[name]))) / width)
            sure.append(one.confidence)
    assert np.median(errors) < 0.015
    assert np.median(sure) > 0.7
    noise = np.random.default_rng(0).normal(100, 20, (240, 320, 1)).astype(np.uint8)
    assert max(one.confidence for one in predictor.landmarks(Pixels(noise, rgb=False), 320, 240)) < 0.5


def test_sub_pixel_places_follow_the_picture(trained: TrainedLandmarks, tmp_path: Path) -> None:
    predictor = written(tmp_path, trained)
    fish = drawn_fish(100, 320, 240)
    moved = np.roll(fish.image, 4, axis=1)
    first, second = (
        predictor.landmarks(Pixels(one[..., None], rgb=False), 320, 240)[1].x for one in (fish.image, moved)
    )
    assert second - first == pytest.approx(4, abs=1)


def test_an_image_may_lack_landmarks(trained: TrainedLandmarks) -> None:
    samples = [sample(seed, names=NAMES if seed < 4 else NAMES[:2]) for seed in range(6)]
    found = train_landmarks(samples, NAMES, SPEC, QUICK.model_copy(update={"samples": 400, "trees": 5}))
    assert found.counts == (6, 6, 4)
    assert [one.count for one in found.scores] == [6, 6, 4]


@pytest.mark.parametrize(
    ("samples", "names", "text"),
    [
        ([sample(0), sample(1)], NAMES, "on at least 3 images; on fewer are 'snout' \\(2\\), 'eye' \\(2\\)"),
        ([sample(0), sample(1), sample(2, names=("eye",))], NAMES, "'snout' \\(2\\)"),
    ],
)
def test_too_few_images_are_refused(samples: list[LandmarkSample], names: tuple[str, ...], text: str) -> None:
    with pytest.raises(InvalidInputError, match=text):
        train_landmarks(samples, names, SPEC, QUICK)


def test_a_turned_view_has_its_points_where_the_picture_has_them() -> None:
    planes = np.zeros((1, 61, 81), np.float32)
    planes[0, 20, 30] = 1
    view = View(planes, np.array([[30.5, 20.5], [80.9, 0.1], [np.nan, np.nan]]))
    for degrees, scale in ((0.0, 1.0), (25.0, 1.1), (-90.0, 1.0)):
        other = turned(view, degrees, scale)
        weights = other.planes[0] / other.planes[0].sum()
        rows, columns = np.mgrid[:61, :81]
        middle = float((weights * columns).sum()) + 0.5, float((weights * rows).sum()) + 0.5
        assert other.points[0] == pytest.approx(middle, abs=0.15)
    assert np.isnan(turned(view, 25.0, 1.1).points[1:]).all()  # out of the picture, or never there


def test_windows_do_not_see_brightness() -> None:
    planes = np.random.default_rng(0).normal(0, 0.3, (2, 50, 70)).astype(np.float32)
    points = np.array([[10.0, 10.0], [35.2, 25.7], [69.0, 49.0]])
    first = Scene(planes, 70).windows(points, STAGES[1])
    assert first.shape == (3, feature_count(2))
    assert Scene(planes + 5, 70).windows(points, STAGES[1]) == pytest.approx(first, abs=1e-4)


def test_the_mode_is_where_votes_are_densest() -> None:
    rng = np.random.default_rng(0)
    votes = np.concatenate([rng.normal((30, 40), 1, (60, 2)), rng.uniform(0, 100, (60, 2))])
    assert mode(votes, 3) == pytest.approx((30, 40), abs=0.8)
    scene = Scene(np.zeros((1, 50, 100), np.float32), 100)
    grid = everywhere(scene)
    assert grid.min() > 0
    assert (grid < (100, 50)).all()
    assert np.hypot(*(around(np.array([5.0, 6.0]), 10) - (5, 6)).T).max() <= 10


def test_several_forests_in_one_file_are_each_asked_by_its_number() -> None:
    from sklearn.ensemble import ExtraTreesRegressor

    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 5)).astype(np.float32)
    for count in (1, 2, 3, 7):
        forests = [
            ExtraTreesRegressor(4, random_state=one).fit(features, rng.normal(size=(200, 2))) for one in range(count)
        ]
        session = Session(forests_as_onnx(forests, 5, "displacement"), "forests")
        for number, forest in enumerate(forests):
            given = np.concatenate([np.full((200, 1), number, np.float32), features], axis=1)
            assert session.numbers(given, 2) == pytest.approx(forest.predict(features), abs=1e-5)
    alone = Session(forest_as_onnx(forests[0], 5), "forest").numbers(features, 2)
    assert alone == pytest.approx(forests[0].predict(features), abs=1e-5)


def test_specification_of_images() -> None:
    def kinds(*pairs: tuple[bool, int]) -> list[ImageKind]:
        return [ImageKind("a", rgb, channels, calibrated=False) for rgb, channels in pairs]

    assert spec_of(128, kinds((True, 3))).planes == ("red", "green", "blue")
    assert spec_of(128, kinds((False, 2), (False, 2))).planes == ("channel_0", "channel_1")
    assert spec_of(128, kinds((False, 2), (True, 3))).planes == ("gray",)
    with pytest.raises(InvalidInputError, match="no image"):
        spec_of(128, [])
    spec = spec_of(128, kinds((True, 3)))
    with pytest.raises(InvalidInputError, match="has 2 channels"):
        spec.require_fit(rgb=False, channels=2, width=50, height=50, name="a.tif")
    with pytest.raises(InvalidInputError, match="has 3 x 3 px"):
        spec.require_fit(rgb=True, channels=3, width=3, height=3, name="a.tif")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (("task: landmark-detection", "task: other"), "is no landmark detector"),
        (("name: eye", "name: snout"), "names a landmark twice"),
        (("size_px: 160", "size_px: 100000"), "config.cytoloop.features.size_px"),
        (("tolerance_percent: 2.0", "tolerance_percent: -1"), "config.cytoloop.tolerance_percent"),
    ],
)
def test_a_package_that_is_wrong_says_where(
    trained: TrainedLandmarks, tmp_path: Path, change: tuple[str, str], text: str
) -> None:
    folder = written(tmp_path, trained).package.folder
    path = folder / "bioimageio.yaml"
    assert change[0] in path.read_text()
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(InvalidInputError, match=text):
        read_detector(folder)


def test_a_package_is_tried_out_in_a_process_of_its_own(trained: TrainedLandmarks, tmp_path: Path) -> None:
    folder = written(tmp_path, trained).package.folder
    require_runnable_detector(folder)
    (folder / "weights.onnx").write_bytes(b"nothing")
    with pytest.raises(InvalidInputError):
        require_runnable_detector(folder)
