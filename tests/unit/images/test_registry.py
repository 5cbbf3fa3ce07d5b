"""Files that are no images, damaged or bombs are refused in words that help; good ones find their format."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from cytoloop.core.errors import InvalidInputError, UnreadableImageError
from cytoloop.images.formats.plain import PlainSource
from cytoloop.images.registry import known_formats, open_image, recognise, series_names
from cytoloop.images.source import ImageFormat


def refused(path: Path) -> str:
    with pytest.raises(UnreadableImageError) as caught:
        open_image(path)
    message = caught.value.message
    assert path.name in message
    assert str(path.parent) not in message, "the server's folders are nobody's business"
    return message


def png_of(width: int, height: int) -> bytes:
    """A PNG that declares a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_formats_are_asked_in_order() -> None:
    names = [known.name for known in known_formats()]
    builtin = [
        "omezarr",
        "tiff",
        "brightfield",
        "openslide",
        "dicom",
        "czi",
        "lif",
        "nd2",
        "plain",
    ]
    assert [name for name in names if name in builtin] == builtin
    assert all(isinstance(known.priority, int) and known.extensions for known in known_formats())


@pytest.mark.parametrize("known", known_formats(), ids=lambda known: known.name)
def test_no_format_wants_text(known: ImageFormat, tmp_path: Path) -> None:
    path = tmp_path / "notes.tif"
    path.write_bytes(b"just words, no picture " * 300)
    assert not known.recognises(path, path.read_bytes()[:4096])


def test_missing_file(tmp_path: Path) -> None:
    assert "no file" in refused(tmp_path / "absent.tif")


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.svs", "a.czi", "a.dcm"])
def test_empty_and_one_byte_files(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.touch()
    assert "empty" in refused(path)
    path.write_bytes(b"I")
    assert "no image of a known format" in refused(path)


def test_empty_folder_and_folder_without_an_image(tmp_path: Path) -> None:
    folder = tmp_path / "stack.zarr"
    folder.mkdir()
    assert "empty" in refused(folder)
    (folder / "readme.txt").write_text("hello")
    assert "no image" in refused(folder)


@pytest.mark.parametrize(
    "magic",
    [
        b"II*\0\x08\0\0\0",
        b"MM\0*\0\0\0\x08",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"ZISRAWFILE",
        b"\x70\0\0\0\x10\0\0\0\x2a\0\0\0",
        b"\xda\xce\xbe\x0a",
        b"\0" * 128 + b"DICM",
        b"RIFF\0\0\0\0WEBP",
        b"BM" + b"\0" * 12 + b"\x28\0\0\0",
    ],
)
def test_a_good_start_and_rubbish_after_it(magic: bytes, tmp_path: Path) -> None:
    path = tmp_path / "damaged.bin"
    path.write_bytes(magic + bytes(range(256)) * 20)
    refused(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP"])
@pytest.mark.parametrize("part", [0.3, 0.7, 0.98])
def test_truncated_pictures(kind: str, part: float, tmp_path: Path, smooth_rgb: NDArray[np.uint8]) -> None:
    path = tmp_path / f"cut.{kind.lower()}"
    Image.fromarray(smooth_rgb[:300, :300]).save(path, kind)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    assert "damaged" in refused(path)


def test_a_thumbnail_does_not_hide_a_truncated_jpeg(tmp_path: Path, smooth_rgb: NDArray[np.uint8]) -> None:
    path = tmp_path / "cut.jpg"
    whole, small = tmp_path / "whole.jpg", tmp_path / "small.jpg"
    Image.fromarray(smooth_rgb).save(whole)
    Image.fromarray(smooth_rgb[::20, ::20]).save(small)
    inside = b"Exif\0\0" + small.read_bytes()  # ends with an end marker of its own
    data = whole.read_bytes()
    segment = b"\xff\xe1" + struct.pack(">H", len(inside) + 2) + inside
    path.write_bytes((data[:2] + segment + data[2:])[:-400])
    assert "end marker" in refused(path)


def test_a_png_with_a_flipped_bit(tmp_path: Path, smooth_rgb: NDArray[np.uint8]) -> None:
    path = tmp_path / "flipped.png"
    Image.fromarray(smooth_rgb).save(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert "checksum" in refused(path)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tile": (64, 64)},
        {"tile": (64, 64), "compression": "zlib"},
        {"rowsperstrip": 10, "compression": "zlib"},
        {"ome": True},
        {"imagej": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("part", [0.2, 0.6, 0.97])
def test_truncated_tiffs(options: dict[str, object], part: float, tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "cut.tif"
    pixels = rng.integers(0, 9000, (3, 200, 300)).astype(np.uint16)
    tifffile.imwrite(path, pixels, photometric="minisblack", **options)  # pyright: ignore[reportArgumentType]  # a test table
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    refused(path)


def test_a_picture_without_pixels(tmp_path: Path) -> None:
    path = tmp_path / "nothing.png"
    path.write_bytes(png_of(0, 0))
    refused(path)


def test_an_image_bomb(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_of(40_000, 40_000))
    assert path.stat().st_size < 200_000
    assert "40,000 x 40,000" in refused(path)


def test_the_bomb_limit_is_a_parameter(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    Image.new("L", (100, 100)).save(path)
    PlainSource(path, max_pixels=10_000).close()
    with pytest.raises(UnreadableImageError, match="9,999"):
        PlainSource(path, max_pixels=9_999)


def test_xml_bombs_are_refused(tmp_path: Path) -> None:
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "aaaaaaaaaa">'
        '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">&b;</OME>'
    )
    path = tmp_path / "bomb.ome.tif"
    tifffile.imwrite(path, np.zeros((64, 64), np.uint8), description=bomb, metadata=None)
    refused(path)


def test_series(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "two.ome.tif"
    first = rng.integers(0, 255, (40, 50), np.uint8)
    second = rng.integers(0, 255, (2, 30, 20), np.uint8)
    with tifffile.TiffWriter(path, ome=True) as tiff:
        tiff.write(first, metadata={"Name": "overview"})
        tiff.write(second, metadata={"Name": "detail", "axes": "ZYX"})
    assert series_names(path) == ["overview", "detail"]
    source = open_image(path, 1)
    assert (source.info().width, source.info().height, source.info().size_z) == (
        20,
        30,
        2,
    )
    np.testing.assert_array_equal(source.read_region(0, 0, 0, 20, 30, z=1), second[1])
    source.close()
    with pytest.raises(InvalidInputError, match="no series 2"):
        open_image(path, 2)


def test_formats_with_one_image_have_one_series(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.new("RGB", (10, 10)).save(path)
    assert series_names(path) == ["photo"]
    with pytest.raises(InvalidInputError, match="no series"):
        open_image(path, 1)


def test_content_decides_and_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "really_a_png.tif"
    Image.new("RGB", (10, 10)).save(path, "PNG")
    assert recognise(path).name == "plain"
