"""Orthogonal views of stacks."""

import io

import numpy as np
import pytest
from PIL import Image

from .driver import Driver, tiff_bytes


def decoded(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("L")).astype(int)


@pytest.fixture
def stack(api: Driver) -> tuple[Driver, str]:
    """Twelve planes with a bright bar that moves right by 5 px a plane; row 30 only."""
    pixels = np.zeros((12, 64, 96), np.uint8)
    for z in range(12):
        pixels[z, 30, 5 * z : 5 * z + 5] = 255
    content = tiff_bytes(pixels, imagej=True, metadata={"axes": "ZYX"})
    return api, api.image(api.project(), content=content)["id"]


def test_a_cut_shows_every_plane_one_under_the_other(stack: tuple[Driver, str]) -> None:
    api, image = stack
    along_x = decoded(api.get(f"/images/{image}/slices/x?at=30").content)
    assert along_x.shape == (12, 96)
    assert [int(row.argmax() // 5) for row in along_x] == pytest.approx(list(range(12)), abs=1)
    along_y = decoded(api.get(f"/images/{image}/slices/y?at=27").content)
    assert along_y.shape == (12, 64)
    assert np.unravel_index(along_y.argmax(), along_y.shape) == (5, 30)
    assert decoded(api.get(f"/images/{image}/slices/x?at=50").content).max() < 60


def test_a_cut_is_not_sent_twice(stack: tuple[Driver, str]) -> None:
    api, image = stack
    tag = api.get(f"/images/{image}/slices/x?at=30").headers["etag"]
    assert api.get(f"/images/{image}/slices/x?at=30", headers={"If-None-Match": tag}).status_code == 304


def test_places_outside_and_flat_images_are_told(stack: tuple[Driver, str]) -> None:
    api, image = stack
    outside = api.get(f"/images/{image}/slices/x?at=64")
    assert (outside.status_code, outside.headers["content-type"]) == (422, "application/problem+json")
    assert "0 to 63" in outside.json()["detail"]
    flat = api.image(api.project())["id"]
    assert "1 planes along z" in api.get(f"/images/{flat}/slices/y?at=1").json()["detail"]
    assert "1 planes along t" in api.get(f"/images/{image}/slices/y?at=1&depth=t").json()["detail"]
