"""The shared real files against each format's reference library: axes, units, names and every pixel."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import liffile
import numpy as np
import openslide
import pytest
import tifffile
import wsidicom
from numpy.typing import NDArray
from PIL import Image
from pylibCZIrw import czi

from cytoloop.core.errors import UnreadableImageError
from cytoloop.core.geometry import Box
from cytoloop.images.conversion import convert, needs_conversion, open_prepared
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.reading import read_plane
from cytoloop.images.registry import open_image, series_names
from cytoloop.images.rendering import default_style, encode_jpeg, render
from cytoloop.images.source import ImageSource
from cytoloop.images.statistics import histogram

DATA = Path(__file__).parents[3] / "shared" / "data"
FORMATS = DATA / "formats"
NUCLEI = DATA / "dsb2018" / "images"

pytestmark = pytest.mark.skipif(not FORMATS.is_dir(), reason=f"The shared real images are not at {DATA}.")


@dataclass(frozen=True)
class Known:
    """A file and what is known about it; ``czt``: channels, slices, time points."""

    name: str
    format: str
    size: tuple[int, int]
    czt: tuple[int, int, int]
    dtype: str
    rgb: bool = False
    pixel_width_um: float | None = None
    z_spacing_um: float | None = None
    channels: tuple[str, ...] = ("Channel 1",)
    magnification: float | None = None
    series: int = 0


FILES = [
    Known(
        "CMU-1-Small-Region.svs",
        "brightfield",
        (2220, 2967),
        (1, 1, 1),
        "uint8",
        rgb=True,
        pixel_width_um=0.499,
        channels=(),
        magnification=20,
    ),
    Known(
        "dicom_wsi",
        "dicom",
        (2220, 2967),
        (1, 1, 1),
        "uint8",
        rgb=True,
        pixel_width_um=0.499,
        channels=(),
    ),
    Known(
        "test3-DAPI.ndpi",
        "openslide",
        (3968, 4864),
        (1, 1, 1),
        "uint8",
        rgb=True,
        pixel_width_um=0.2282,
        channels=(),
        magnification=40,
    ),
    Known("4D-series.ome.tiff", "tiff", (439, 167), (1, 5, 7), "int8"),
    Known(
        "hela-cells.tif",
        "tiff",
        (672, 512),
        (3, 1, 1),
        "uint16",
        pixel_width_um=0.0515,
        channels=("Red", "Green", "Blue"),
    ),
    Known("membrane_2d_timelapse.tif", "tiff", (256, 256), (1, 1, 5), "uint16"),
    Known("BPAE_nuclei.tif", "plain", (1100, 680), (1, 1, 1), "float32"),
    Known("maize_clsm.tif", "tiff", (639, 640), (1, 1, 1), "uint8"),
    Known(
        "plate_well.czi",
        "czi",
        (544, 440),
        (1, 1, 1),
        "uint16",
        pixel_width_um=0.1,
        channels=("AF488",),
        magnification=5,
    ),
    Known(
        "wavelength.lif",
        "lif",
        (64, 64),
        (20, 1, 1),
        "uint8",
        pixel_width_um=0.1048,
        channels=tuple(f"{nm} nm" for nm in range(550, 750, 10)),
        magnification=63,
    ),
    Known(
        "wavelength.lif",
        "lif",
        (64, 64),
        (10, 11, 2),
        "uint8",
        pixel_width_um=0.1048,
        z_spacing_um=0.5,
        channels=tuple(f"{nm} nm" for nm in range(550, 600, 5)),
        magnification=63,
        series=2,
    ),
]
every_file = pytest.mark.parametrize("known", FILES, ids=lambda known: f"{known.name}-{known.series}")


@pytest.fixture
def source(known: Known) -> Iterator[ImageSource]:
    opened = open_image(FORMATS / known.name, known.series)
    yield opened
    opened.close()


def reference(known: Known) -> NDArray[Any]:
    """All pixels by the format's own library: (t, c, z, y, x) or (y, x, 3)."""
    path = FORMATS / known.name
    match known.format:
        case "brightfield":
            with tifffile.TiffFile(path) as tiff:
                return tiff.pages.first.asarray()
        case "openslide":
            with openslide.OpenSlide(path) as slide:
                return np.asarray(slide.read_region((0, 0), 0, slide.dimensions).convert("RGB"))
        case "dicom":
            with wsidicom.WsiDicom.open(path) as slide:
                whole = slide.read_region((0, 0), 0, (slide.size.width, slide.size.height))
                return np.asarray(whole.convert("RGB"))
        case "czi":
            with czi.open_czi(str(path)) as document:
                return document.read(plane={"C": 0})[..., 0][np.newaxis, np.newaxis, np.newaxis]
        case "lif":
            with liffile.LifFile(path) as file:
                pixels = file.images[known.series].asarray()
            return pixels.reshape(known.czt[2], known.czt[0], known.czt[1], *pixels.shape[-2:])
        case _:
            pixels = tifffile.imread(path)
            if pixels.shape[-1] == known.czt[0] == 3:
                pixels = np.moveaxis(pixels, -1, 0)
            return pixels.reshape(known.czt[2], known.czt[0], known.czt[1], *pixels.shape[-2:])


@every_file
def test_facts(known: Known, source: ImageSource) -> None:
    info = source.info()
    assert info.format == known.format
    assert (info.width, info.height) == known.size
    assert (info.size_c, info.size_z, info.size_t) == known.czt
    assert (info.dtype, info.rgb) == (known.dtype, known.rgb)
    expected_um = known.pixel_width_um and pytest.approx(known.pixel_width_um, rel=1e-3)
    assert info.pixel_width_um == info.pixel_height_um == expected_um
    assert info.z_spacing_um == (known.z_spacing_um and pytest.approx(known.z_spacing_um, rel=1e-3))
    assert tuple(channel.name for channel in info.channels) == known.channels
    assert info.magnification == known.magnification
    assert (info.levels[0].width, info.levels[0].height) == known.size
    assert all(isinstance(text, str) and text for text in info.metadata.values())


@every_file
def test_every_pixel(known: Known, source: ImageSource) -> None:
    expected = reference(known)
    width, height = known.size
    if known.rgb:
        np.testing.assert_array_equal(read_plane(source), expected)
        region = source.read_region(0, 331, 417, 305, 203)
        np.testing.assert_array_equal(region, expected[417:620, 331:636])
        return
    for t, c, z in np.ndindex(known.czt[2], known.czt[0], known.czt[1]):
        plane = source.read_region(0, 0, 0, width, height, c=c, z=z, t=t)
        np.testing.assert_array_equal(plane, expected[t, c, z])
        part = source.read_region(0, 11, 7, 31, 29, c=c, z=z, t=t)
        np.testing.assert_array_equal(part, expected[t, c, z, 7:36, 11:42])


@every_file
def test_eight_threads_read_what_one_reads(known: Known, source: ImageSource) -> None:
    pyramid = Pyramid(source)
    rng = np.random.default_rng(1)
    size_c, size_z, size_t = known.czt
    requests = [
        (
            level,
            column,
            row,
            int(rng.integers(size_c)),
            int(rng.integers(size_z)),
            int(rng.integers(size_t)),
        )
        for level, size in enumerate(pyramid.levels[:3])
        for column in range(-(-size.width // size.tile_width))
        for row in range(-(-size.height // size.tile_height))
    ] * 2

    def read(request: tuple[int, int, int, int, int, int]) -> NDArray[Any]:
        level, column, row, c, z, t = request
        return pyramid.tile(level, column, row, c=c, z=z, t=t)

    alone = [read(request) for request in requests]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(read, requests))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


@every_file
def test_a_thumbnail_has_contrast(known: Known, source: ImageSource) -> None:
    pyramid = Pyramid(source)
    z = known.czt[1] // 2
    if known.rgb:
        picture = pyramid.thumbnail(256)
    else:
        found = [histogram(pyramid, c, z) for c in range(known.czt[0])]
        planes = [pyramid.thumbnail(256, c=c, z=z) for c in range(known.czt[0])]
        picture = render(planes, default_style(source.info(), found))
    assert max(picture.shape) == min(256, max(known.size))
    low, high = np.percentile(picture.max(axis=2), (1, 99.9))
    assert high - low > 60
    assert np.asarray(Image.open(io.BytesIO(encode_jpeg(picture)))).shape == picture.shape


@pytest.mark.parametrize("name", ["CMU-1-Small-Region.svs", "dicom_wsi"])
def test_tiles_passed_through_have_the_right_colours(name: str) -> None:
    source = open_image(FORMATS / name)
    for column, row in ((1, 2), (4, 5), (8, 11)):
        tile = source.encoded_tile(0, column, row)
        assert tile is not None
        picture = np.asarray(Image.open(io.BytesIO(tile[0])).convert("RGB")).astype(int)
        pixels = source.read_region(0, column * 240, row * 240, 240, 240)
        assert np.abs(picture - pixels).max() <= 2
    assert source.encoded_tile(0, 9, 0) is None, "2,220 px are 9.25 tiles: the last is padded"
    source.close()


def test_slide_pixels_are_those_of_openslide() -> None:
    path = FORMATS / "CMU-1-Small-Region.svs"
    source = open_image(path)
    with openslide.OpenSlide(path) as slide:
        theirs = np.asarray(slide.read_region((500, 700), 0, (900, 800)).convert("RGB"))
    difference = np.abs(source.read_region(0, 500, 700, 900, 800).astype(int) - theirs)
    assert difference.max() <= 2
    source.close()


def test_the_svs_and_its_dicom_are_the_same_picture() -> None:
    slide, dicom = (open_image(FORMATS / name) for name in ("CMU-1-Small-Region.svs", "dicom_wsi"))
    np.testing.assert_array_equal(read_plane(slide), read_plane(dicom))
    slide.close()
    dicom.close()


@pytest.mark.parametrize(
    ("name", "associated"),
    [
        (
            "CMU-1-Small-Region.svs",
            {
                "label": (463, 387, 3),
                "macro": (431, 1280, 3),
                "thumbnail": (768, 574, 3),
            },
        ),
        ("test3-DAPI.ndpi", {"macro": (406, 1188, 3)}),
        ("dicom_wsi", {"label": (463, 387, 3), "macro": (431, 1280, 3)}),
    ],
)
def test_associated_images(name: str, associated: dict[str, tuple[int, ...]]) -> None:
    source = open_image(FORMATS / name)
    assert source.info().associated == tuple(associated)
    for kind, shape in associated.items():
        picture = source.associated(kind)
        assert (picture.shape, picture.dtype) == (shape, np.uint8)
        assert picture.std() > 5
    source.close()


def test_one_dicom_file_stands_for_its_series() -> None:
    for file in (FORMATS / "dicom_wsi").iterdir():
        source = open_image(file)
        assert (source.info().width, source.info().associated) == (
            2220,
            ("label", "macro"),
        )
        source.close()


def test_lif_series() -> None:
    names = series_names(FORMATS / "wavelength.lif")
    assert names == ["x_y_lambdaEmi", "x_y_lambdaExc", "x_y_z_t_lambdaEmi"]


def test_a_slide_prepared_for_viewing_keeps_its_pixels(tmp_path: Path) -> None:
    path = FORMATS / "CMU-1-Small-Region.svs"
    source = open_image(path)
    assert needs_conversion(source.info())
    convert(source, tmp_path / "overviews.tif", lambda part: None)
    prepared = open_prepared(path, tmp_path / "overviews.tif")
    np.testing.assert_array_equal(read_plane(prepared), read_plane(source))
    theirs, ours = Pyramid(source), Pyramid(prepared)
    box = Box(400, 400, 2000, 2000)
    exact, quick = theirs.region(box, 4).astype(int), ours.region(box, 4).astype(int)
    assert np.abs(exact - quick).mean() < 6
    assert np.abs(exact.mean(axis=(0, 1)) - quick.mean(axis=(0, 1))).max() < 1
    source.close()
    prepared.close()


def test_nuclei_pictures() -> None:
    for path in sorted(NUCLEI.glob("*.png"))[::25]:
        source = open_image(path)
        expected = np.asarray(Image.open(path))
        info = source.info()
        assert info.rgb == (expected.ndim == 3)
        np.testing.assert_array_equal(read_plane(source), expected[..., :3] if info.rgb else expected)
        source.close()


@every_file
@pytest.mark.parametrize("part", [0.001, 0.5, 0.999])
def test_cut_off_files_are_refused(known: Known, part: float, tmp_path: Path) -> None:
    original = FORMATS / known.name
    if original.is_dir():
        original = max(original.iterdir(), key=lambda file: file.stat().st_size)
    path = tmp_path / original.name
    data = original.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    if known.name.endswith((".svs", ".ndpi")) and part == 0.999:
        pytest.skip("the last bytes are those of the label or of a map that is not needed")
    with pytest.raises(UnreadableImageError) as caught:
        open_image(path).close()
    assert path.name in caught.value.message
