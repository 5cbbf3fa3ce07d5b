"""Pictures at another size: as OpenCV does it, and the same for every part of a whole."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cytoloop.learning.inference.resampling import Stretch, Window, nearest, resampled

SCALES = (0.31, 0.5, 1.0, 1.7, 2.0, 3.3)


@pytest.fixture
def picture() -> NDArray[np.float32]:
    noise = np.random.default_rng(3).random((120, 150, 3)).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), 1.5)


def _whole(picture: NDArray[np.float32]) -> Window:
    return Window(Stretch(0, picture.shape[0]), Stretch(0, picture.shape[1]))


@pytest.mark.parametrize("scale", SCALES)
def test_parts_have_the_samples_of_the_whole(picture: NDArray[np.float32], scale: float) -> None:
    at = _whole(picture)
    wanted = at.scaled(scale, 8)
    whole = resampled(picture, at, wanted, scale)
    part = Window(Stretch(37, 70), Stretch(51, 83))
    seen = part.scaled(scale, 8)

    found = resampled(picture[37:107, 51:134], part, seen, scale)

    rim = int(np.ceil(9 + scale))  # beyond the part it is mirrored: up to seven samples, and what touches its edge
    inner = Window(
        Stretch(seen.rows.first + rim, seen.rows.count - 2 * rim),
        Stretch(seen.columns.first + rim, seen.columns.count - 2 * rim),
    )
    expected = inner.of(whole.transpose(2, 0, 1), wanted)
    assert expected.size > 0
    assert np.abs(inner.of(found.transpose(2, 0, 1), seen) - expected).max() < 1e-4


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_wholes_are_resized_as_by_opencv(picture: NDArray[np.float32], scale: float) -> None:
    at = _whole(picture)
    size = (int(150 * scale), int(120 * scale))
    expected = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)

    found = resampled(picture, at, at.scaled(scale, 1), scale)

    assert found.shape == expected.shape
    assert np.abs(found - expected)[1:-1, 1:-1].max() < 1e-3


def test_means_keep_the_mean(picture: NDArray[np.float32]) -> None:
    plane = picture[..., 0]
    at = _whole(plane)
    found = resampled(plane, at, at.scaled(0.25, 1), 0.25)
    assert found.shape == (30, 38)  # the last column is a half of the picture's, mirrored
    assert found[:, :37].mean() == pytest.approx(plane[:, :148].mean(), abs=1e-6)


def test_a_window_covers_whole_strides() -> None:
    window = Window(Stretch(100, 50), Stretch(0, 33)).scaled(2.5, 16)
    assert (window.rows.first, window.rows.first + window.rows.count) == (240, 384)
    assert (window.columns.first, window.columns.count) == (0, 96)
    assert Window(Stretch(0, 32), Stretch(0, 16)).scaled(1.0, 16).shape == (32, 16)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 3)])
@pytest.mark.parametrize("scale", [0.2, 1.0, 4.0])
def test_tiny_pictures(shape: tuple[int, int], scale: float) -> None:
    picture = np.full(shape, 0.5, np.float32)
    at = _whole(picture)
    found = resampled(picture, at, at.scaled(scale, 16), scale)
    assert min(found.shape) >= 16
    assert np.allclose(found, 0.5)


def test_labels_are_taken_at_centres() -> None:
    labels = np.arange(64, dtype=np.int32).reshape(8, 8)
    fine, coarse = Window(Stretch(16, 8), Stretch(8, 8)), Window(Stretch(8, 4), Stretch(4, 4))
    assert nearest(labels, fine, coarse, 0.5).tolist() == labels[1::2, 1::2].tolist()
