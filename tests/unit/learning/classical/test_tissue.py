import numpy as np
import pytest
from skimage.draw import disk

from cytoloop.learning.classical.tissue import METHOD, TissueParameters
from cytoloop.learning.method import Pixels, finds_regions
from cytoloop.learning.registry import MethodRegistry


def _found(pixels: Pixels, **parameters: float) -> np.ndarray:
    chosen = TissueParameters(**parameters)
    return METHOD.segment(pixels, chosen, METHOD.calibrate(pixels, chosen)).labels > 0


def test_pale_tissue_on_tinted_noisy_glass() -> None:
    random = np.random.default_rng(1)
    image = np.full((400, 500, 3), (238, 240, 228), float)
    truth = np.zeros((400, 500), dtype=bool)
    truth[disk((190, 240), 120)] = True
    image[truth] = (222, 200, 215)
    pixels = Pixels((image + random.normal(0, 3, image.shape)).clip(0, 255).astype(np.uint8), rgb=True)
    found = _found(pixels)
    assert (found & truth).sum() / (found | truth).sum() > 0.97


def test_bright_cells_on_a_dark_background() -> None:
    random = np.random.default_rng(1)
    image = random.normal(300, 10, (400, 400))
    truth = np.zeros((400, 400), dtype=bool)
    truth[disk((200, 150), 80)] = True
    image[truth] += 900
    found = _found(Pixels(image.astype(np.uint16)[..., None], rgb=False))
    assert (found & truth).sum() > 0.99 * truth.sum()
    assert found.sum() < 1.2 * truth.sum()


@pytest.mark.parametrize("value", [0, 255])
def test_an_empty_slide_has_no_tissue(value: int) -> None:
    assert not _found(Pixels(np.full((60, 80, 3), value, np.uint8), rgb=True)).any()


def test_no_pixels_at_all() -> None:
    assert _found(Pixels(np.zeros((0, 10, 3), np.uint8), rgb=True)).shape == (0, 10)


def test_sensitivity_takes_in_more() -> None:
    image = np.full((200, 300, 3), 240, np.uint8)
    image[50:150, 20:120] = 200
    image[50:150, 160:260] = 228
    pixels = Pixels(image, rgb=True)
    assert _found(pixels, sensitivity=0.0).sum() < _found(pixels, sensitivity=1.0).sum()


def test_it_is_offered_and_gives_regions() -> None:
    registry = MethodRegistry()
    assert finds_regions(registry.by_name("tissue"))
    assert finds_regions(registry.by_name("foreground"))
    assert not finds_regions(registry.by_name("nuclei"))
