"""Vectors of objects, and the nearest ones."""

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Box
from cytoloop.learning.normalisation import Range
from cytoloop.learning.registry import SHIPPED
from cytoloop.learning.retrieval.crops import SIDE, object_crops
from cytoloop.learning.retrieval.encoder import ObjectEncoder, encoder_of
from cytoloop.learning.retrieval.nearest import nearest, pack

VALUES = Range(0, 255)


def drawn(kind: str, size: int = 200) -> NDArray[np.uint8]:
    """A gray picture with one object in its middle."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:size, :size] - size // 2
    picture = rng.normal(20, 3, (size, size))
    if kind == "disc":
        picture[np.hypot(x, y) < 20] += 150
    elif kind == "ring":
        picture[abs(np.hypot(x, y) - 16) < 4] += 150
    elif kind == "bar":
        picture[(abs(x) < 20) & (abs(y) < 5)] += 150
    elif kind == "upright bar":
        picture[(abs(y) < 20) & (abs(x) < 5)] += 150
    return picture.clip(0, 255).astype(np.uint8)


def vector(kind: str) -> NDArray[np.float32]:
    picture = drawn(kind)
    middle = shapely.Point(100, 100)
    outlines = {
        "disc": middle.buffer(20),
        "ring": middle.buffer(20),
        "bar": shapely.box(80, 95, 121, 105),
        "upright bar": shapely.box(95, 80, 105, 121),
    }

    def read(box: Box) -> NDArray[np.uint8]:
        return picture[None, int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]

    crops, masks = object_crops([outlines[kind]], read, (200, 200), VALUES)
    return encoder_of(SHIPPED / "nuclei/weights.onnx")(crops, masks)[0]


def test_vectors_tell_kinds_apart_and_turned_ones_are_alike() -> None:
    disc, ring, bar, upright = (vector(one) for one in ("disc", "ring", "bar", "upright bar"))
    assert disc.shape == ring.shape
    assert all(abs(np.linalg.norm(one) - 1) < 1e-5 for one in (disc, ring, bar, upright))
    assert bar @ upright > 0.98
    assert bar @ upright > max(disc @ ring, disc @ bar, ring @ bar)


def test_a_crop_at_the_border_is_continued_by_the_border() -> None:
    picture = np.full((40, 40), 200, np.uint8)

    def read(box: Box) -> NDArray[np.uint8]:
        assert box.x0 >= 0
        assert box.y1 <= 40
        return picture[None, int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]

    crops, masks = object_crops([shapely.box(0, 30, 10, 40)], read, (40, 40), VALUES)
    assert crops.shape == (1, SIDE, SIDE, 3)
    assert np.allclose(crops, 200 / 255, atol=1e-6)
    assert 0.3 < masks.mean() < 0.6


def test_what_is_off_the_image_and_thinner_than_a_pixel_still_has_a_vector() -> None:
    def read(box: Box) -> NDArray[np.uint8]:
        raise AssertionError("nothing is there to read")

    crops, masks = object_crops([shapely.box(900, 900, 900.01, 990)], read, (40, 40), VALUES)
    assert masks[0].sum() >= 1
    found = ObjectEncoder(SHIPPED / "nuclei/weights.onnx", threads=1)(crops, masks)
    assert np.isfinite(found).all()


def test_a_network_without_such_an_encoder_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no encoder"):
        ObjectEncoder(SHIPPED / "foreground/weights.onnx")


def unit_vectors(count: int, width: int = 8) -> NDArray[np.float32]:
    vectors = np.random.default_rng(0).normal(size=(count, width)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_the_nearest_of_all_blocks_come_first_and_what_is_no_number_is_left_out() -> None:
    vectors = unit_vectors(3300)
    vectors[7] = np.nan
    blocks = [pack(one) for one in (vectors[:1200], vectors[1200:1200], vectors[1200:])]
    rows, cosines = nearest(vectors[3], blocks, 10)
    exact = np.nan_to_num(vectors @ vectors[3], nan=-9)
    assert rows[0] == 3
    assert exact[rows].min() > np.sort(exact)[-10] - 1e-3
    assert np.allclose(exact[rows], cosines, atol=1e-3)
    assert (np.diff(cosines) <= 0).all()
    assert 7 not in nearest(vectors[3], blocks, 4000)[0]
    assert len(nearest(vectors[3], blocks, 4000)[0]) == 3299
    assert nearest(vectors[3], [], 5)[0].tolist() == []


def test_the_likest_of_many_nearly_equal_ones_is_found() -> None:
    rng = np.random.default_rng(2)
    one = unit_vectors(1, 384)[0]
    vectors = one + rng.normal(scale=0.0008, size=(400, 384)).astype(np.float32)
    vectors = np.concatenate([vectors, unit_vectors(5000, 384)])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows, _ = nearest(one, [pack(vectors)], 50)
    exact = vectors @ one
    assert len(set(rows.tolist()) & set(np.argsort(-exact)[:50].tolist())) > 45


def test_bytes_are_nearly_the_numbers() -> None:
    vectors = unit_vectors(500, 384)
    packed = pack(vectors)
    assert abs(packed.codes * packed.scales[:, None] @ vectors[0] - vectors @ vectors[0]).max() < 4e-3
    nothing = pack(np.stack([np.zeros(4), np.full(4, np.inf), [np.nan, 1, 0, 0]]).astype(np.float32))
    assert np.isnan(nothing.scales).all()
