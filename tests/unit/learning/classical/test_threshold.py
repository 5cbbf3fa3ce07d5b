import numpy as np
import pytest

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.classical.threshold import METHOD, ThresholdParameters
from cytoloop.learning.method import Instances, Pixels, parse_parameters
from cytoloop.learning.registry import MethodRegistry
from cytoloop.measurements.scores import score_pair

from .conftest import Discs


def found(array: np.ndarray, *, rgb: bool = False, names: tuple[str, ...] = (), **parameters: object) -> Instances:
    pixels = Pixels(array if array.ndim == 3 else array[..., None], rgb, channel_names=names)
    chosen = ThresholdParameters(**parameters)
    return METHOD.segment(pixels, chosen, METHOD.calibrate(pixels, chosen))


def noisy(image: np.ndarray) -> np.ndarray:
    return image + np.random.default_rng(3).normal(0, 6, image.shape)


def test_is_installed() -> None:
    assert MethodRegistry().all()["threshold"].name == "threshold"


@pytest.mark.parametrize(
    ("dtype", "factor", "shift"),
    [
        ("uint8", 1, 0),
        ("uint16", 400, 0),
        ("int8", 0.5, -60),
        ("float32", 0.001, -7),
        ("float64", 1e6, 0),
        ("int32", 9, 0),
    ],
)
def test_finds_every_disc_whatever_the_dtype(discs: Discs, dtype: str, factor: float, shift: float) -> None:
    result = found((noisy(discs.image) * factor + shift).astype(dtype))
    scores = score_pair(discs.labels, result.labels)
    assert scores.predicted_count == 7
    assert scores.f1(0.8) == 1.0


@pytest.mark.parametrize("algorithm", ["otsu", "li", "triangle", "adaptive"])
def test_every_algorithm_finds_the_discs(discs: Discs, algorithm: str) -> None:
    result = found(noisy(discs.image), algorithm=algorithm)
    assert score_pair(discs.labels, result.labels).f1(0.7) >= 0.85


def test_dark_objects_are_recognised(discs: Discs) -> None:
    dark = 255 - noisy(discs.image)
    assert np.array_equal(found(dark).labels, found(dark, objects="dark").labels)
    assert score_pair(discs.labels, found(dark).labels).f1(0.8) == 1.0


def test_labels_are_consecutive_and_scores_fit(discs: Discs) -> None:
    result = found(noisy(discs.image))
    assert result.labels.dtype == np.int32
    assert np.array_equal(np.unique(result.labels), np.arange(8))
    assert result.scores.shape == (7,)
    assert ((result.scores > 0.3) & (result.scores <= 1)).all()


def test_a_brighter_object_scores_higher(discs: Discs) -> None:
    image = discs.image.copy()
    image[discs.labels == 5] = 240
    result = found(image)
    brightest = result.labels[110, 100]
    assert np.argmax(result.scores) == brightest - 1


@pytest.mark.parametrize("shape", [(3, 3), (1, 1), (1, 40), (0, 0), (5, 0)])
def test_tiny_and_empty_images_give_an_answer(shape: tuple[int, int]) -> None:
    result = found(np.arange(shape[0] * shape[1], dtype=np.uint8).reshape(shape))
    assert result.labels.shape == shape
    assert len(result.scores) == result.labels.max(initial=0)


@pytest.mark.parametrize("value", [0, 255])
def test_constant_images_hold_nothing(value: int) -> None:
    assert found(np.full((50, 60), value, np.uint8)).labels.max() == 0
    assert found(np.full((50, 60, 3), value, np.uint8), rgb=True).labels.max() == 0


def test_nan_is_never_an_object(discs: Discs) -> None:
    image = noisy(discs.image).astype(np.float32)
    image[:, 75:] = np.nan
    image[0, 0] = np.inf
    result = found(image)
    assert result.labels[:, 75:].max() == 0
    assert result.labels.max() == 4
    assert found(np.full((9, 9), np.nan, np.float32)).labels.max() == 0


def test_splitting_and_filling_can_be_switched_off(discs: Discs) -> None:
    image = discs.image.copy()
    image[28:33, 28:33] = 20
    filled, open_ = found(image, smoothing_px=0), found(image, smoothing_px=0, fill_holes=False, split=False)
    assert filled.labels[30, 30] > 0
    assert open_.labels[30, 30] == 0
    assert (filled.labels.max(), open_.labels.max()) == (7, 6)


def test_limits_of_area_and_the_border(discs: Discs) -> None:
    assert found(discs.image, min_area_px2=1_000).labels.max() == 0
    assert found(discs.image, max_area_px2=380).labels.max() == 0
    assert found(discs.image, max_area_px2=1_000).labels.max() == 7
    inside = found(discs.image, remove_border=True)
    assert inside.labels.max() == 6
    assert inside.labels[-1].max() == 0


def test_tiles_with_one_calibration_agree_with_the_whole(discs: Discs) -> None:
    image = noisy(np.tile(discs.image, (2, 2)))[..., None]
    whole, parameters = Pixels(image, rgb=False), ThresholdParameters()
    calibration = METHOD.calibrate(whole, parameters)
    expected = METHOD.segment(whole, parameters, calibration).labels
    tile = METHOD.segment(Pixels(image[:200, :200], rgb=False), parameters, calibration).labels
    assert np.array_equal(tile[:150, :150] > 0, expected[:150, :150] > 0)


def test_the_nuclear_channel_is_chosen_by_name(discs: Discs) -> None:
    noise = np.random.default_rng(0).normal(50, 30, discs.image.shape)
    stack = np.stack([noise, discs.image], axis=-1).astype(np.float32)
    named = found(stack, names=("Actin", "DAPI"))
    assert score_pair(discs.labels, named.labels).f1(0.8) == 1.0
    assert np.array_equal(named.labels, found(stack, channel="1").labels)
    assert np.array_equal(named.labels, found(stack, names=("Actin", "DAPI"), channel="dapi").labels)
    assert np.array_equal(named.labels, found(stack).labels)  # by contrast


def test_an_unknown_channel_is_refused_by_name(discs: Discs) -> None:
    with pytest.raises(InvalidInputError, match="from 0 to 0"):
        found(discs.image, channel="2")
    with pytest.raises(InvalidInputError, match="haematoxylin"):
        found(np.zeros((9, 9, 3), np.uint8), rgb=True, channel="dapi")


def test_stained_sections_show_their_nuclei(discs: Discs) -> None:
    picture = np.full((*discs.image.shape, 3), (235, 190, 215), np.uint8)
    picture[discs.labels > 0] = (90, 60, 150)
    for channel in ("auto", "red", "gray", "haematoxylin"):
        result = found(picture, rgb=True, channel=channel)
        assert score_pair(discs.labels, result.labels).f1(0.8) == 1.0, channel


def test_nuclei_inside_tissue_on_glass_are_found(discs: Discs) -> None:
    picture = np.full((400, 400, 3), 245, np.uint8)
    picture[50:350, 50:350] = (150, 120, 170)
    inner = picture[100:240, 100:250]
    inner[discs.labels > 0] = (70, 50, 140)
    assert found(picture, rgb=True).labels.max() == 7
    assert found(picture, rgb=True, inside_tissue=False, split=False).labels.max() == 1


def test_parameters_are_checked_by_name() -> None:
    with pytest.raises(InvalidInputError, match="smoothing_px"):
        parse_parameters(METHOD, {"smoothing_px": -1})
    with pytest.raises(InvalidInputError, match="smothing"):
        parse_parameters(METHOD, {"smothing": 1})
    with pytest.raises(InvalidInputError, match="largest area"):
        parse_parameters(METHOD, {"min_area_px2": 50, "max_area_px2": 20})


def test_every_parameter_is_described() -> None:
    for method in MethodRegistry().all().values():
        for name, one in method.parameters.model_json_schema()["properties"].items():
            assert one.get("title"), name
            assert one.get("description") or "$ref" in str(one), name
