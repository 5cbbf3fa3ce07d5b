"""Small pictures of objects."""

import io

import numpy as np
import pytest
from PIL import Image

from cytoloop.core.geometry import Box
from cytoloop.images.crops import crop_window

from .driver import Driver, square, tiff_bytes


def decoded(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("L"))


def test_a_window_is_square_has_a_margin_and_a_smallest_size() -> None:
    assert crop_window(Box(100, 100, 140, 120)) == Box(90, 80, 150, 140)
    assert crop_window(Box(5, 5, 5, 5)) == Box(-7, -7, 17, 17)


@pytest.fixture
def made(api: Driver) -> tuple[Driver, str, list[int]]:
    """A dark image with one bright square, an object on it, one beside it and one at the corner."""
    pixels = np.zeros((128, 128), np.uint8)
    pixels[40:60, 40:60] = 255
    layer = api.layer(api.image(api.project(), content=tiff_bytes(pixels))["id"])
    places = [square(40, 40, 20), square(80, 80, 20), {"type": "Point", "coordinates": [0, 0]}]
    body = {"creates": [{"geometry": one} for one in places]}
    return api, layer, api.ok(api.post(f"/layers/{layer}/changes", body))["created_ids"]


def test_a_crop_shows_the_object_in_its_middle(made: tuple[Driver, str, list[int]]) -> None:
    api, layer, (bright, dark, corner) = made
    picture = decoded(api.get(f"/layers/{layer}/crops/{bright}?size=60").content)
    assert picture.shape == (60, 60)
    assert picture[15:45, 15:45].mean() > 230
    assert picture[:8].mean() < 20
    assert decoded(api.get(f"/layers/{layer}/crops/{dark}").content).mean() < 10
    assert decoded(api.get(f"/layers/{layer}/crops/{corner}").content).shape == (96, 96)


def test_a_crop_is_kept_for_good_under_its_version(made: tuple[Driver, str, list[int]]) -> None:
    api, layer, (key, *_) = made
    plain = api.get(f"/layers/{layer}/crops/{key}")
    assert "no-cache" in plain.headers["cache-control"]
    assert "immutable" in api.get(f"/layers/{layer}/crops/{key}?v=1").headers["cache-control"]
    tag = plain.headers["etag"]
    same = {"If-None-Match": tag}
    assert api.get(f"/layers/{layer}/crops/{key}", headers=same).status_code == 304
    body = {"updates": [{"id": key, "version": 1, "geometry": square(60, 60, 20)}]}
    api.ok(api.post(f"/layers/{layer}/changes", body))
    assert api.get(f"/layers/{layer}/crops/{key}", headers=same).headers["etag"] != tag


def test_objects_of_other_layers_and_odd_sizes_are_refused(made: tuple[Driver, str, list[int]]) -> None:
    api, layer, (key, *_) = made
    for path, status in ((f"{10**6}", 404), (f"{2**70}", 404), (f"{key}?size=9999", 422)):
        assert api.get(f"/layers/{layer}/crops/{path}").status_code == status
