import numpy as np
import pytest

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.classical.blobs import find_blobs, scales
from cytoloop.learning.classical.log import METHOD, LogParameters
from cytoloop.learning.method import Instances, Pixels, parse_parameters
from cytoloop.measurements.scores import score_pair

from .conftest import Discs, draw_discs


def found(image: np.ndarray, **parameters: object) -> Instances:
    pixels = Pixels(image[..., None], rgb=False)
    chosen = LogParameters(**parameters)
    return METHOD.segment(pixels, chosen, METHOD.calibrate(pixels, chosen))


def test_finds_discs_that_touch(discs: Discs) -> None:
    result = found(discs.image.astype(np.uint8), min_diameter_px=16, max_diameter_px=30)
    assert score_pair(discs.labels, result.labels).f1(0.7) == 1.0
    assert ((result.scores >= 0) & (result.scores <= 1)).all()


@pytest.mark.parametrize("shape", [(3, 3), (1, 1), (0, 0)])
def test_tiny_empty_and_constant_images_give_an_answer(shape: tuple[int, int]) -> None:
    assert found(np.zeros(shape, np.uint8)).labels.shape == shape
    assert found(np.arange(shape[0] * shape[1], dtype=float).reshape(shape)).labels.shape == shape


@pytest.mark.parametrize("radius", [4.0, 9.0, 20.0, 45.0])
def test_the_scale_tells_the_radius(radius: float) -> None:
    drawn = draw_discs([(110, 120)], radius, (220, 240))
    blobs = find_blobs(
        drawn.image.astype(np.float32),
        drawn.labels > 0,
        min_diameter_px=5,
        max_diameter_px=120,
        min_response=10,
    )
    assert (abs(blobs.rows[0] - 110), abs(blobs.columns[0] - 120)) <= (2, 2)
    assert blobs.radii[0] == pytest.approx(radius, rel=0.2)


def test_scales_span_the_diameters() -> None:
    steps = scales(10, 40)
    assert steps[0] == pytest.approx(10 / 2**1.5)
    assert steps[-1] == pytest.approx(40 / 2**1.5)
    assert len(scales(10, 10)) >= 1


def test_diameters_are_checked() -> None:
    with pytest.raises(InvalidInputError, match="largest diameter"):
        parse_parameters(METHOD, {"min_diameter_px": 50, "max_diameter_px": 20})
