from pathlib import Path

import numpy as np
import pytest
import shapely
import tifffile
from PIL import Image

from cytoloop.annotations.geometry import Kind
from cytoloop.core.errors import InvalidInputError
from cytoloop.exchange import labels
from cytoloop.exchange.formats import read_objects, write_objects
from cytoloop.exchange.labels import read_label_stack
from cytoloop.exchange.model import ExchangeImage, ExchangeObject

FLAT = ExchangeImage("a.png", 40, 30, pixel_width_um=0.5, pixel_height_um=0.25)


def boxes(count: int) -> list[ExchangeObject]:
    return [ExchangeObject(shapely.box(n % 40, n // 40, n % 40 + 1, n // 40 + 1), Kind.POLYGON) for n in range(count)]


def picture() -> np.ndarray:
    array = np.zeros((30, 40), np.uint16)
    array[2:9, 3:12], array[12:20, 3:12], array[20:29, 30:39] = 5, 300, 7
    return array


def test_written_with_size_axes_and_compression(tmp_path: Path) -> None:
    path = write_objects("labels", boxes(4), FLAT, tmp_path, "a")
    assert path.name == "a.labels.tif"
    with tifffile.TiffFile(path) as tiff:
        assert tiff.series[0].axes == "YX"
        assert tiff.pages[0].compression.name == "ADOBE_DEFLATE"
        assert 'PhysicalSizeX="0.5"' in (tiff.ome_metadata or "")
        assert 'PhysicalSizeY="0.25"' in (tiff.ome_metadata or "")
        assert tiff.asarray().dtype == np.uint16


def test_stacks_keep_their_axes(tmp_path: Path) -> None:
    stack = ExchangeImage("a.tif", 40, 30, size_z=3, size_t=2)
    made = [ExchangeObject(shapely.box(0, 0, 5, 5), Kind.POLYGON, z=2, t=1)]
    path = write_objects("labels", made, stack, tmp_path, "a")
    with tifffile.TiffFile(path) as tiff:
        assert (tiff.series[0].axes, tiff.series[0].shape) == ("TZYX", (2, 3, 30, 40))
        assert np.argwhere(tiff.asarray().any(axis=(2, 3))).tolist() == [[1, 2]]


def test_many_objects_get_32_bits(tmp_path: Path) -> None:
    made = boxes(1200) * 60
    path = write_objects("labels", made, FLAT, tmp_path, "a")
    found = tifffile.imread(path)
    assert found.dtype == np.uint32
    assert found.max() == 72_000


def test_large_planes_are_written_in_tiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = ExchangeImage("a.svs", 1300, 1100)
    made = [ExchangeObject(shapely.box(x, x, x + 30, x + 30), Kind.POLYGON) for x in range(0, 1060, 45)]
    made.append(ExchangeObject(shapely.Point(3, 3), Kind.POINT))
    whole = tifffile.imread(write_objects("labels", made, image, tmp_path, "a"))
    monkeypatch.setattr(labels, "_LARGEST_PAGE_PX", 100)
    path = write_objects("labels", made, image, tmp_path, "b")
    with tifffile.TiffFile(path) as tiff:
        assert tiff.pages[0].is_tiled
    assert np.array_equal(tifffile.imread(path), whole)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "int32", "int64", "float32"])
def test_every_integer_tiff_is_read(dtype: str, tmp_path: Path) -> None:
    array = np.minimum(picture(), 100 if dtype == "uint8" else 300).astype(dtype)
    tifffile.imwrite(tmp_path / "l.tif", array)
    found = read_objects(tmp_path / "l.tif", FLAT).objects
    assert [one.id for one in found] == sorted({int(value) for value in np.unique(array)} - {0})
    assert sum(one.geometry.area for one in found) == (array > 0).sum()


def test_labels_beyond_31_bits_are_kept_apart(tmp_path: Path) -> None:
    array = picture().astype(np.uint32)
    array[array == 5] = 2**32 - 1
    tifffile.imwrite(tmp_path / "l.tif", array)
    assert {one.id for one in read_objects(tmp_path / "l.tif", FLAT).objects} == {7, 300, 2**32 - 1}


def test_png_is_read_exactly(tmp_path: Path) -> None:
    Image.fromarray(picture()).save(tmp_path / "l.png")
    assert [one.id for one in read_objects(tmp_path / "l.png", FLAT).objects] == [5, 7, 300]


def test_a_mask_becomes_its_pieces_and_says_so(tmp_path: Path) -> None:
    Image.fromarray((picture() > 0).astype(np.uint8) * 255).save(tmp_path / "m.png")
    found = read_objects(tmp_path / "m.png", FLAT)
    assert len(found.objects) == 3
    assert "is a mask" in found.warnings[0]


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("other.tif", np.zeros((5, 5), np.uint8), "5 x 5 px and a.png 40 x 30 px"),
        ("stack.tif", np.zeros((7, 30, 40), np.uint8), "7 planes"),
        ("negative.tif", np.full((30, 40), -1, np.int16), "negative"),
        ("probability.tif", np.full((30, 40), 0.5, np.float32), "float32 numbers"),
        ("colour.tif", np.zeros((30, 40, 3), np.uint8), "colour picture"),
    ],
)
def test_what_is_no_label_image_is_refused(name: str, array: np.ndarray, words: str, tmp_path: Path) -> None:
    kind = {"photometric": "rgb"} if array.shape[-1] == 3 else {}
    tifffile.imwrite(tmp_path / name, array, **kind)
    with pytest.raises(InvalidInputError, match=words):
        read_objects(tmp_path / name, FLAT)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "l.tif", picture(), compression="deflate")
    Image.fromarray(picture()).save(tmp_path / "l.png")
    for name in ("l.tif", "l.png"):
        whole = (tmp_path / name).read_bytes()
        for size in (9, 60, len(whole) // 2):
            (tmp_path / name).write_bytes(whole[:size])
            with pytest.raises(InvalidInputError, match=name):
                read_objects(tmp_path / name, FLAT)
    with pytest.raises(InvalidInputError, match=r"missing\.tif"):
        read_label_stack(tmp_path / "missing.tif")
    Image.new("RGB", (40, 30)).save(tmp_path / "rgb.png")
    with pytest.raises(InvalidInputError, match="colour picture"):
        read_label_stack(tmp_path / "rgb.png")
