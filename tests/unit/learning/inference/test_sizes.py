"""The size estimate, with a network that finds objects of its own size only, as trained ones do."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cytoloop.learning.inference.sizes import estimated_diameter
from cytoloop.learning.method import Instances

MODEL = 26.0


def circles(diameter: float, side: int, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    image = np.zeros((side, side), np.float32)
    step = diameter * 1.7
    for y in np.arange(step / 2, side, step):
        for x in np.arange(step / 2, side, step):
            center = (int(x + rng.uniform(-2, 2)), int(y + rng.uniform(-2, 2)))
            cv2.circle(image, center, max(1, round(diameter / 2)), 1.0, -1, cv2.LINE_AA)
    return np.repeat(image[..., None], 3, axis=2)


def look(picture: NDArray[np.float32]) -> Instances:
    """Bright pieces; the further from the known size, the less sure."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((picture[..., 0] > 0.5).astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    off = np.abs(np.log2(np.sqrt(areas * 4 / np.pi) / MODEL))
    assert count == len(areas) + 1
    return Instances(labels.astype(np.int32), np.clip(1.0 - 0.15 * off, 0.0, 1.0))


@pytest.mark.parametrize("diameter", [7, 10, 16, 26, 40, 64, 100, 160])
def test_circles_of_any_size_are_measured(diameter: int) -> None:
    found = estimated_diameter(look, [circles(diameter, 640)], MODEL)

    assert found is not None
    assert abs(np.log2(found / diameter)) < 0.3


def test_nothing_to_see_gives_no_size() -> None:
    assert estimated_diameter(look, [np.zeros((100, 100, 3), np.float32)], MODEL) is None


def test_a_tiny_picture_gives_no_error() -> None:
    assert estimated_diameter(look, [np.zeros((3, 3, 3), np.float32)], MODEL) is None
