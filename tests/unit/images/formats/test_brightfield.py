"""Colour slides in JPEG tiles: the stored tile is the picture, untouched."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from cytoloop.images.jpeg import complete_jpeg
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.source import ImageSource

Opener = Callable[..., ImageSource]


@pytest.fixture(params=["ycbcr", "rgb"])
def slide(request: pytest.FixtureRequest, tmp_path: Path, smooth_rgb: NDArray[np.uint8]) -> Path:
    """A tiled JPEG pyramid; as Aperio does it, with RGB components and no marker that says so."""
    path = tmp_path / "slide.svs"
    options: dict[str, Any] = {
        "tile": (256, 256),
        "compression": "jpeg",
        "photometric": "rgb",
    }
    options["compressionargs"] = {"level": 92}
    if request.param == "rgb":
        options["compressionargs"]["outcolorspace"] = "rgb"
        options["subsampling"] = (1, 1)
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(smooth_rgb, subifds=1, metadata=None, **options)
        tiff.write(smooth_rgb[::2, ::2], subfiletype=1, metadata=None, **options)
    return path


def test_pixels_and_tiles(slide: Path, smooth_rgb: NDArray[np.uint8], opened: Opener) -> None:
    source = opened(slide)
    info = source.info()
    assert (info.format, info.rgb, info.size_c) == ("brightfield", True, 1)
    assert [(level.width, level.height) for level in info.levels] == [
        (1500, 1100),
        (750, 550),
    ]
    with tifffile.TiffFile(slide) as tiff:
        expected = tiff.pages.first.asarray()
    region = source.read_region(0, 100, 50, 700, 600)
    np.testing.assert_array_equal(region, expected[50:650, 100:800])
    assert np.abs(region.astype(int) - smooth_rgb[50:650, 100:800]).mean() < 3
    for level, column, row in ((0, 0, 0), (0, 4, 3), (1, 1, 1)):
        tile = source.encoded_tile(level, column, row)
        assert tile is not None
        assert tile[1] == "image/jpeg"
        picture = np.asarray(Image.open(io.BytesIO(tile[0])).convert("RGB")).astype(int)
        stored = source.read_region(level, column * 256, row * 256, 256, 256).astype(int)
        assert np.abs(picture - stored).max() <= 4


def test_edge_tiles_are_not_passed_through(slide: Path, opened: Opener) -> None:
    source = opened(slide)
    assert source.encoded_tile(0, 5, 0) is None  # 1,500 px are 5.9 tiles
    assert source.encoded_tile(0, 0, 4) is None
    pyramid = Pyramid(source)
    assert pyramid.tile(0, 5, 4).shape == (1100 - 1024, 1500 - 1280, 3)
    assert pyramid.encoded_tile(0, 5, 4) is None
    assert pyramid.encoded_tile(0, 0, 0) is not None
    assert pyramid.encoded_tile(len(pyramid.levels) - 1, 0, 0) is None  # a computed level


def test_the_marker_is_set_only_where_it_is_needed() -> None:
    stream = b"\xff\xd8" + b"\xff\xc0body" + b"\xff\xd9"
    tables = b"\xff\xd8TABLES\xff\xd9"
    assert complete_jpeg(stream, None, stored_as_rgb=False) == stream
    merged = complete_jpeg(stream, tables, stored_as_rgb=True)
    assert merged is not None
    assert merged.index(b"Adobe") < merged.index(b"TABLES") < merged.index(b"body")
    marked = complete_jpeg(stream, b"\xff\xd8\xff\xeeAdobe\xff\xd9", stored_as_rgb=True)
    assert marked is not None
    assert marked.count(b"Adobe") == 1
    assert complete_jpeg(b"no jpeg", tables, stored_as_rgb=True) is None
