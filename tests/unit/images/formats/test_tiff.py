"""TIFF in its many shapes: what is written comes back, with its axes, units, names and colours."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from cytoloop.images.source import ImageSource

Opener = Callable[..., ImageSource]

DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"]


def numbers(shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    values = np.arange(int(np.prod(shape))) * 7 % 251 - (60 if dtype[0] != "u" else 0)
    return values.reshape(shape).astype(dtype)


def plane(source: ImageSource, c: int = 0, z: int = 0, t: int = 0) -> NDArray[Any]:
    info = source.info()
    return source.read_region(0, 0, 0, info.width, info.height, c=c, z=z, t=t)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rowsperstrip": 7},
        {"tile": (32, 16)},
        {"tile": (16, 32), "compression": "zlib", "predictor": True},
        {"rowsperstrip": 9, "compression": "lzw"},
        {"tile": (64, 64), "compression": "zstd"},
    ],
    ids=str,
)
def test_every_plane_of_every_layout(
    dtype: str,
    byteorder: Any,
    options: dict[str, Any],
    tmp_path: Path,
    opened: Opener,
) -> None:
    path = tmp_path / "five.ome.tif"
    pixels = numbers((2, 3, 2, 45, 70), dtype)
    tifffile.imwrite(
        path,
        pixels,
        ome=True,
        byteorder=byteorder,
        metadata={"axes": "TCZYX"},
        **options,
    )
    source = opened(path)
    info = source.info()
    assert (info.size_t, info.size_c, info.size_z) == (2, 3, 2)
    assert (info.width, info.height, info.dtype, info.rgb) == (70, 45, dtype, False)
    for t, c, z in np.ndindex(2, 3, 2):
        np.testing.assert_array_equal(plane(source, c, z, t), pixels[t, c, z])
    part = source.read_region(0, 13, 11, 40, 30, c=2, z=1, t=1)
    np.testing.assert_array_equal(part, pixels[1, 2, 1, 11:41, 13:53])
    assert part.dtype == np.dtype(dtype)
    narrow = source.read_region(0, 13, 11, 5, 30, c=2, z=1, t=1)
    np.testing.assert_array_equal(narrow, pixels[1, 2, 1, 11:41, 13:18])


@pytest.mark.parametrize("planarconfig", ["contig", "separate"])
@pytest.mark.parametrize("options", [{}, {"tile": (32, 32), "compression": "zlib"}], ids=str)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_colours(
    planarconfig: Any,
    options: dict[str, Any],
    dtype: str,
    tmp_path: Path,
    opened: Opener,
) -> None:
    path = tmp_path / "colour.tif"
    pixels = numbers((50, 60, 3), dtype)
    stored = pixels if planarconfig == "contig" else np.moveaxis(pixels, -1, 0)
    tifffile.imwrite(path, stored, photometric="rgb", planarconfig=planarconfig, **options)
    source = opened(path)
    info = source.info()
    if dtype == "uint8":
        assert (info.rgb, info.size_c, info.channels) == (True, 1, ())
        np.testing.assert_array_equal(plane(source), pixels)
    else:
        assert not info.rgb
        assert [channel.name for channel in info.channels] == ["Red", "Green", "Blue"]
        assert [channel.color for channel in info.channels] == [
            "#ff0000",
            "#00ff00",
            "#0000ff",
        ]
        for c in range(3):
            np.testing.assert_array_equal(plane(source, c), pixels[..., c])


def test_ome_facts(tmp_path: Path, opened: Opener) -> None:
    path = tmp_path / "facts.ome.tif"
    metadata = {
        "axes": "TCZYX",
        "PhysicalSizeX": 325,
        "PhysicalSizeXUnit": "nm",
        "PhysicalSizeY": 0.00033,
        "PhysicalSizeYUnit": "mm",
        "PhysicalSizeZ": 2.0,
        "TimeIncrement": 500,
        "TimeIncrementUnit": "ms",
        "Channel": {"Name": ["DAPI", "GFP"], "Color": [65535, 16711935]},
    }
    tifffile.imwrite(path, numbers((2, 2, 3, 20, 30), "uint16"), ome=True, metadata=metadata)
    info = opened(path).info()
    assert info.pixel_width_um == pytest.approx(0.325)
    assert info.pixel_height_um == pytest.approx(0.33)
    assert info.z_spacing_um == pytest.approx(2.0)
    assert info.frame_interval_s == pytest.approx(0.5)
    assert [(one.name, one.color) for one in info.channels] == [
        ("DAPI", "#0000ff"),
        ("GFP", "#00ff00"),
    ]


def test_ome_pyramid(tmp_path: Path, opened: Opener) -> None:
    path = tmp_path / "pyramid.ome.tif"
    pixels = numbers((2, 301, 403), "uint16")
    with tifffile.TiffWriter(path, ome=True) as tiff:
        tiff.write(pixels, subifds=2, tile=(64, 64), metadata={"axes": "CYX"})
        tiff.write(pixels[:, ::2, ::2], subfiletype=1, tile=(64, 64))
        tiff.write(pixels[:, ::4, ::4], subfiletype=1, tile=(64, 64))
    source = opened(path)
    levels = source.info().levels
    assert [level.downsample for level in levels] == [1.0, 2.0, 4.0]
    assert [(level.width, level.height) for level in levels] == [
        (403, 301),
        (202, 151),
        (101, 76),
    ]
    np.testing.assert_array_equal(source.read_region(2, 3, 4, 50, 60, c=1), pixels[1, ::4, ::4][4:64, 3:53])


def test_imagej_facts(tmp_path: Path, opened: Opener) -> None:
    path = tmp_path / "hyperstack.tif"
    pixels = numbers((2, 3, 2, 20, 30), "uint16")
    lookup = np.zeros((2, 3, 256), np.uint8)
    lookup[0, 1], lookup[1, 0], lookup[1, 2] = (
        np.arange(256),
        np.arange(256),
        np.arange(256),
    )
    tifffile.imwrite(
        path,
        pixels,
        imagej=True,
        resolution=(4.0, 2.0),
        metadata={
            "axes": "TZCYX",
            "unit": "um",
            "spacing": 1.5,
            "finterval": 2.5,
            "mode": "composite",
            "LUTs": list(lookup),
        },
    )
    source = opened(path)
    info = source.info()
    assert (info.size_t, info.size_z, info.size_c) == (2, 3, 2)
    assert (info.pixel_width_um, info.pixel_height_um) == pytest.approx((0.25, 0.5))
    assert (info.z_spacing_um, info.frame_interval_s) == pytest.approx((1.5, 2.5))
    assert [channel.color for channel in info.channels] == ["#00ff00", "#ff00ff"]
    for t, z, c in np.ndindex(2, 3, 2):
        np.testing.assert_array_equal(plane(source, c, z, t), pixels[t, z, c])


def test_pages_without_names_are_time_points(tmp_path: Path, opened: Opener) -> None:
    path = tmp_path / "pages.tif"
    pixels = numbers((4, 20, 30), "uint8")
    tifffile.imwrite(path, pixels, photometric="minisblack", metadata=None)
    source = opened(path)
    assert (source.info().size_t, source.info().size_z, source.info().size_c) == (
        4,
        1,
        1,
    )
    np.testing.assert_array_equal(plane(source, t=3), pixels[3])


def test_palettes(tmp_path: Path, opened: Opener) -> None:
    pixels = numbers((20, 30), "uint8")
    colours = (np.arange(3 * 256).reshape(3, 256) * 90 % 65536).astype(np.uint16)
    coloured, imagej = tmp_path / "palette.tif", tmp_path / "lut.tif"
    tifffile.imwrite(coloured, pixels, photometric="palette", colormap=colours)
    np.testing.assert_array_equal(plane(opened(coloured)), (colours >> 8).astype(np.uint8).T[pixels])
    tifffile.imwrite(imagej, pixels, imagej=True, photometric="palette", colormap=colours)
    np.testing.assert_array_equal(plane(opened(imagej)), pixels)


@pytest.mark.parametrize(
    ("per_unit", "unit", "expected_um"),
    [
        (40_000, "CENTIMETER", 0.25),
        (72, "INCH", None),
        (300, "INCH", None),
        (10, "NONE", None),
    ],
)
def test_print_resolutions_are_no_pixel_sizes(
    per_unit: int,
    unit: Any,
    expected_um: float | None,
    tmp_path: Path,
    opened: Opener,
) -> None:
    path = tmp_path / "plain.tif"
    tifffile.imwrite(
        path,
        numbers((20, 30), "uint8"),
        resolution=(per_unit, per_unit),
        resolutionunit=unit,
    )
    assert opened(path).info().pixel_width_um == (expected_um and pytest.approx(expected_um))


def test_bits_and_wide_integers_become_servable(tmp_path: Path, opened: Opener) -> None:
    bits, wide = tmp_path / "bits.tif", tmp_path / "wide.tif"
    mask = numbers((20, 30), "uint8") > 100
    tifffile.imwrite(bits, mask, photometric="minisblack")
    np.testing.assert_array_equal(plane(opened(bits)), mask * np.uint8(255))
    tifffile.imwrite(wide, numbers((20, 30), "int64"))
    source = opened(wide)
    assert source.info().dtype == "float64"
    np.testing.assert_array_equal(plane(source), numbers((20, 30), "int64"))


def test_outside_is_filled(tmp_path: Path, opened: Opener) -> None:
    path = tmp_path / "small.tif"
    tifffile.imwrite(path, numbers((20, 30), "uint16") + np.uint16(1))
    source = opened(path)
    region = source.read_region(0, -5, -5, 50, 40)
    assert region[:5].max() == 0
    assert region[:, 35:].max() == 0
    np.testing.assert_array_equal(region[5:25, 5:35], plane(source))
    assert source.read_region(0, 100, 100, 3, 3).max() == 0


def test_files_of_other_folders_are_not_read(tmp_path: Path, opened: Opener) -> None:
    from cytoloop.core.errors import UnreadableImageError

    inner = tmp_path / "inner"
    inner.mkdir()
    secret = tmp_path / "secret.ome.tif"
    tifffile.imwrite(secret, numbers((20, 30), "uint8"), ome=True)
    xml = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
        'UUID="urn:uuid:1"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" '
        'Type="uint8" SizeX="30" SizeY="20" SizeC="1" SizeZ="2" SizeT="1"><Channel ID="Channel:0:0" '
        'SamplesPerPixel="1"/><TiffData FirstZ="0" IFD="0" PlaneCount="1"><UUID FileName="link.ome.tif">'
        'urn:uuid:1</UUID></TiffData><TiffData FirstZ="1" IFD="0" PlaneCount="1">'
        '<UUID FileName="../secret.ome.tif">urn:uuid:2</UUID></TiffData></Pixels></Image></OME>'
    )
    path = inner / "link.ome.tif"
    tifffile.imwrite(path, numbers((20, 30), "uint8"), description=xml, metadata=None)
    with pytest.raises(UnreadableImageError, match="another folder"):
        opened(path)
