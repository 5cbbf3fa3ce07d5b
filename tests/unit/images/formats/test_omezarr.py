"""OME-Zarr 0.4 and 0.5: axes, units, channels, pyramids, plates; nothing outside the folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import zarr
from numpy.typing import NDArray

from cytoloop.core.errors import UnreadableImageError
from cytoloop.images.registry import series_names
from cytoloop.images.source import ImageSource

Opener = Callable[..., ImageSource]

Version = Literal["0.4", "0.5"]
_UNITS = {"t": "second", "z": "micrometer", "y": "nanometer", "x": "nanometer"}


def write(
    path: Path,
    levels: list[NDArray[Any]],
    axes: str,
    version: Version,
    omero: dict[str, Any] | None = None,
) -> None:
    store: Any = zarr.open_group(path, mode="w", zarr_format=3 if version == "0.5" else 2)
    datasets: list[dict[str, Any]] = []
    for number, pixels in enumerate(levels):
        chunks = (1,) * (pixels.ndim - 2) + (32, 48)
        array = store.create_array(str(number), shape=pixels.shape, dtype=pixels.dtype, chunks=chunks)
        array[...] = pixels
        scale = [{"t": 2.0, "z": 1.5, "y": 500.0, "x": 250.0}.get(axis, 1.0) for axis in axes]
        datasets.append(
            {
                "path": str(number),
                "coordinateTransformations": [{"type": "scale", "scale": scale}],
            }
        )
    kinds = {"c": "channel", "t": "time"}
    described = [
        {"name": axis, "type": kinds.get(axis, "space")} | ({"unit": _UNITS[axis]} if axis in _UNITS else {})
        for axis in axes
    ]
    facts: dict[str, Any] = {"multiscales": [{"axes": described, "datasets": datasets, "name": "n"}]}
    if omero is not None:
        facts["omero"] = omero
    if version == "0.5":
        store.attrs["ome"] = {"version": "0.5"} | facts
    else:
        facts["multiscales"][0]["version"] = "0.4"
        store.attrs.update(facts)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", ">u2", "float32"])
def test_five_axes(version: Version, dtype: str, tmp_path: Path, opened: Opener) -> None:
    if dtype == ">u2" and version == "0.5":
        pytest.skip("version 3 of zarr has the byte order in a codec")
    path = tmp_path / "image.ome.zarr"
    pixels = (np.arange(2 * 3 * 2 * 70 * 90) % 251).reshape(2, 3, 2, 70, 90).astype(dtype)
    channels = [
        {"label": "DAPI", "color": "0000FF"},
        {"label": "GFP", "color": "00FF00"},
        {},
    ]
    write(path, [pixels, pixels[..., ::2, ::2]], "tczyx", version, {"channels": channels})
    source = opened(path)
    info = source.info()
    assert (info.size_t, info.size_c, info.size_z) == (2, 3, 2)
    assert (info.width, info.height, info.dtype) == (90, 70, np.dtype(dtype).name)
    assert (info.pixel_width_um, info.pixel_height_um) == pytest.approx((0.25, 0.5))
    assert (info.z_spacing_um, info.frame_interval_s) == pytest.approx((1.5, 2.0))
    assert [level.downsample for level in info.levels] == [1.0, 2.0]
    assert (info.levels[0].tile_width, info.levels[0].tile_height) == (48, 32)
    assert [channel.name for channel in info.channels] == ["DAPI", "GFP", "Channel 3"]
    assert info.channels[1].color == "#00ff00"
    for t, c, z in np.ndindex(2, 3, 2):
        region = source.read_region(0, 11, 7, 60, 50, c=c, z=z, t=t)
        np.testing.assert_array_equal(region, pixels[t, c, z, 7:57, 11:71])
        assert region.dtype.isnative
    np.testing.assert_array_equal(source.read_region(1, 0, 0, 45, 35, c=2), pixels[0, 2, 0, ::2, ::2])


def test_red_green_and_blue_bytes_are_a_colour_image(tmp_path: Path, opened: Opener) -> None:
    path = tmp_path / "slide.ome.zarr"
    pixels = (np.arange(3 * 40 * 50) % 256).reshape(3, 40, 50).astype(np.uint8)
    colours = [{"label": name, "color": name} for name in ("FF0000", "00FF00", "0000FF")]
    write(path, [pixels], "cyx", "0.5", {"channels": colours})
    source = opened(path)
    assert (source.info().rgb, source.info().channels) == (True, ())
    np.testing.assert_array_equal(source.read_region(0, 0, 0, 50, 40), np.moveaxis(pixels, 0, -1))
    assert (source.read_region(0, 45, 0, 20, 10)[:, 5:] == 255).all()


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_plates_and_series(version: Version, tmp_path: Path, opened: Opener) -> None:
    plate = tmp_path / "plate.ome.zarr"
    group: Any = zarr.open_group(plate, mode="w", zarr_format=3 if version == "0.5" else 2)
    for number, field in enumerate(("A/1/0", "A/1/1")):
        write(plate / field, [np.full((20, 30), number + 5, np.uint8)], "yx", version)
    facts = {"plate": {"wells": [{"path": "A/1"}]}}
    well = {"well": {"images": [{"path": "0"}, {"path": "1"}]}}
    inner: Any = zarr.open_group(plate / "A/1", mode="a", zarr_format=3 if version == "0.5" else 2)
    for holder, entry in ((group, facts), (inner, well)):
        if version == "0.5":
            holder.attrs["ome"] = entry
        else:
            holder.attrs.update(entry)
    assert series_names(plate) == ["A/1/0", "A/1/1"]
    assert opened(plate, 1).read_region(0, 0, 0, 1, 1)[0, 0] == 6


@pytest.mark.parametrize("dataset", ["../secret/0", "missing", "/etc"])
def test_names_that_lead_nowhere(dataset: str, tmp_path: Path, opened: Opener) -> None:
    write(tmp_path / "secret", [np.zeros((20, 30), np.uint8)], "yx", "0.5")
    path = tmp_path / "image.zarr"
    group: Any = zarr.open_group(path, mode="w")
    group.attrs["ome"] = {"multiscales": [{"axes": ["y", "x"], "datasets": [{"path": dataset}]}]}
    with pytest.raises(UnreadableImageError):
        opened(path)


def test_zarr_without_an_image(tmp_path: Path, opened: Opener) -> None:
    zarr.open_group(tmp_path / "table.zarr", mode="w")
    with pytest.raises(UnreadableImageError, match="multiscales"):
        opened(tmp_path / "table.zarr")
    (tmp_path / "table.zarr" / "zarr.json").write_text("{ broken")
    with pytest.raises(UnreadableImageError, match="damaged"):
        opened(tmp_path / "table.zarr")
