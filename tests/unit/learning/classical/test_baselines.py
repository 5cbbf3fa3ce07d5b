"""What every classical baseline must get right, and what is particular to each."""

from typing import Any

import numpy as np
import pytest

from cytoloop.learning.classical.gvf import gradient_vector_flow
from cytoloop.learning.classical.propagation import propagated
from cytoloop.learning.method import Instances, Method, Pixels, parse_parameters
from cytoloop.learning.registry import MethodRegistry
from cytoloop.measurements.scores import score_pair

from .conftest import Discs, draw_discs

NAMES = ("gvf", "active-contour", "region-growing", "propagation")


@pytest.fixture(params=NAMES)
def method(request: pytest.FixtureRequest) -> Method:
    return MethodRegistry().by_name(request.param)


def found(
    method: Method, array: np.ndarray, *, rgb: bool = False, names: tuple[str, ...] = (), **given: Any
) -> Instances:
    pixels = Pixels(array if array.ndim == 3 else array[..., None], rgb, channel_names=names)
    parameters = parse_parameters(method, given)
    return method.segment(pixels, parameters, method.calibrate(pixels, parameters))


def noisy(image: np.ndarray) -> np.ndarray:
    return image + np.random.default_rng(3).normal(0, 2, image.shape)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_finds_the_discs_also_those_that_touch(method: Method, discs: Discs, dtype: str) -> None:
    result = found(method, noisy(discs.image).astype(dtype))
    assert score_pair(discs.labels, result.labels).f1(0.7) == 1.0
    assert np.array_equal(np.unique(result.labels), np.arange(8))
    assert result.scores.shape == (7,)
    assert ((result.scores >= 0) & (result.scores <= 1)).all()


@pytest.mark.parametrize("radius", [4.0, 30.0, 70.0])
def test_finds_objects_of_any_size(method: Method, radius: float) -> None:
    drawn = draw_discs([(100, 105), (100, 300)], radius, (200, 400))
    given = {"tolerance": 0.5, "smoothing_px": 0.5} if method.name == "region-growing" else {}
    assert score_pair(drawn.labels, found(method, noisy(drawn.image), **given).labels).f1(0.7) == 1.0


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (3, 3), (1, 40), (40, 60)])
@pytest.mark.parametrize("value", [0.0, 7.0, np.nan, np.inf])
def test_constant_and_tiny_images_hold_nothing(method: Method, shape: tuple[int, int], value: float) -> None:
    result = found(method, np.full(shape, value, np.float32))
    assert result.labels.shape == shape
    assert result.labels.max(initial=0) == 0


def test_three_pixels_a_side_give_an_answer(method: Method) -> None:
    assert found(method, np.arange(9, dtype=np.uint8).reshape(3, 3)).labels.shape == (3, 3)
    one = np.zeros((3, 3), np.uint8)
    one[1, 1] = 200
    assert found(method, one, min_area_px2=0, smoothing_px=0).labels.shape == (3, 3)


def test_pixels_that_are_no_numbers_are_no_objects(method: Method, discs: Discs) -> None:
    image = noisy(discs.image).astype(np.float32)
    image[0:6, 60:70] = np.nan
    image[90:95, 50:55] = np.inf
    image[90:95, 60:65] = -np.inf
    labels = found(method, image).labels
    assert score_pair(discs.labels, labels).f1(0.7) == 1.0


def test_one_object_that_fills_nearly_all(method: Method) -> None:
    image = np.full((60, 60), 200, np.uint8)
    image[0, :] = 10
    labels = found(method, image, objects="bright").labels
    assert labels.max() >= 1
    assert (labels[5:] > 0).mean() > 0.95


def test_stained_sections_show_their_nuclei(method: Method, discs: Discs) -> None:
    picture = np.full((*discs.image.shape, 3), (235, 190, 215), np.uint8)
    picture[discs.labels > 0] = (90, 60, 150)
    assert score_pair(discs.labels, found(method, picture, rgb=True).labels).f1(0.7) == 1.0


def test_many_channels_of_16_bit(method: Method, discs: Discs) -> None:
    noise = np.random.default_rng(0).normal(500, 30, discs.image.shape)
    stack = np.stack([noise, noisy(discs.image) * 400], axis=-1).astype(np.uint16)
    given = {"cell_channel": "DAPI"} if method.name == "propagation" else {}
    result = found(method, stack, names=("Actin", "DAPI"), **given)
    assert score_pair(discs.labels, result.labels).f1(0.7) == 1.0


def test_the_field_points_inwards_also_where_the_object_is_flat() -> None:
    drawn = draw_discs([(20, 20)], 12, (41, 41))
    field = gradient_vector_flow(drawn.image.astype(np.float32))
    assert field[0, 14, 20] > 0 > field[0, 26, 20]
    assert field[1, 20, 14] > 0 > field[1, 20, 26]
    assert not gradient_vector_flow(np.ones((5, 5), np.float32)).any()


def test_contours_move_to_the_edge_and_do_not_overlap(discs: Discs) -> None:
    method = MethodRegistry().by_name("active-contour")
    for energy in ("regions", "edges"):
        labels = found(method, noisy(discs.image), energy=energy).labels
        assert score_pair(discs.labels, labels).f1(0.7) == 1.0, energy


def test_a_higher_tolerance_takes_in_darker_pixels(discs: Discs) -> None:
    method = MethodRegistry().by_name("region-growing")
    y, x = np.mgrid[:80, :80]
    cone = np.clip(200 - 5 * np.hypot(y - 40, x - 40), 10, None)
    areas = [(found(method, cone, tolerance=one).labels > 0).sum() for one in (0.1, 0.3, 0.6)]
    assert areas[0] < areas[1] < areas[2]


def cells() -> tuple[np.ndarray, np.ndarray]:
    """Two cells ``(60, 100)`` with a common border at column 45, nuclei not in their middles."""
    truth = np.zeros((60, 100), np.int32)
    truth[10:50, 5:45] = 1
    truth[10:50, 46:95] = 2
    body = np.where(truth > 0, 100.0, 5.0)
    body[10:50, 45] = 40.0
    nuclei = np.full((60, 100), 5.0)
    nuclei[22:36, 12:26] = 200
    nuclei[22:36, 50:64] = 200
    return truth, np.stack([nuclei, body], axis=-1)


def test_each_nucleus_gets_its_cell() -> None:
    truth, image = cells()
    method = MethodRegistry().by_name("propagation")
    labels = found(method, image.astype(np.uint16), names=("DAPI", "Actin"), smoothing_px=0).labels
    assert score_pair(truth, labels).f1(0.85) == 1.0
    near = found(method, image.astype(np.uint16), names=("DAPI", "Actin"), reach_px=5).labels
    assert 0 < (near > 0).sum() < (labels > 0).sum()
    colours = np.zeros((60, 100, 3), np.uint8)
    colours[..., 2], colours[..., 1] = image[..., 0], image[..., 1]
    painted = found(method, colours, rgb=True, channel="blue", smoothing_px=0).labels
    assert score_pair(truth, painted).f1(0.85) == 1.0


def test_regularisation_draws_borders_halfway_between_nuclei() -> None:
    seeds = np.zeros((5, 41), np.int32)
    seeds[2, 2], seeds[2, 38] = 1, 2
    signal = np.zeros((5, 41), np.float32)
    signal[:, 30:] = 1
    mask = np.ones(signal.shape, bool)
    follows = propagated(seeds, signal, mask, regularisation=0.0001)
    halfway = propagated(seeds, signal, mask, regularisation=100)
    assert (follows[2, 28], halfway[2, 28]) == (1, 2)
    assert halfway[2, 12] == 1
