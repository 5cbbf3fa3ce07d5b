"""OME-Zarr folders: version 0.5 (``zarr.json``), 0.4 and older (``.zattrs``); plates as series."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import zarr
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError, UnreadableImageError
from cytoloop.images.planar import (
    RGB_CHANNELS,
    PlanarSource,
    PlaneLayout,
    Window,
    nominal_downsample,
    served_dtype,
    to_served,
)
from cytoloop.images.source import Channel, ImageInfo, ImageSource, Level
from cytoloop.images.units import micrometres, seconds

Attributes = Mapping[str, Any]
_OLD_AXES = ("t", "c", "z", "y", "x")  # versions 0.1 and 0.2 name none
_METADATA_FILES = ("zarr.json", ".zattrs", ".zgroup")


class OmeZarrSource(PlanarSource):
    """One multiscale image of an OME-Zarr hierarchy; zarr arrays may be read from several threads."""

    def __init__(self, path: Path, group: str) -> None:
        attributes = _ome(_inside(path, group))
        multiscale = _first_multiscale(attributes, path.name)
        axes = _axes(multiscale)
        datasets = cast("list[Attributes]", multiscale.get("datasets", []))
        self._arrays = [_array(path, group, str(entry["path"])) for entry in datasets]
        if not self._arrays or any(array.ndim != len(axes) for array in self._arrays):
            raise UnreadableImageError("The OME-Zarr's axes do not match its arrays. Write it again.")
        names = [axis["name"].lower() for axis in axes]
        full = self._arrays[0]
        if names[-2:] != ["y", "x"] or 0 in full.shape:
            raise UnreadableImageError(
                f"The OME-Zarr has the axes {', '.join(names)} of sizes {full.shape}; y and x must come "
                "last and there must be pixels."
            )
        self._layout = PlaneLayout.of("".join(name[0] for name in names[:-2]), full.shape[:-2])
        dtype = served_dtype(full.dtype, "The OME-Zarr")
        size_c = self._layout.size("C")
        channels = _channels(attributes, size_c)
        rgb = _is_rgb(channels, dtype)
        sizes = _pixel_sizes(multiscale, axes)
        super().__init__(
            ImageInfo(
                format="omezarr",
                width=full.shape[-1],
                height=full.shape[-2],
                size_z=self._layout.size("Z"),
                size_c=1 if rgb else size_c,
                size_t=self._layout.size("T"),
                dtype=dtype.name,
                rgb=rgb,
                levels=tuple(_level(full, array) for array in self._arrays),
                channels=() if rgb else channels,
                pixel_width_um=sizes.get("x"),
                pixel_height_um=sizes.get("y"),
                z_spacing_um=sizes.get("z"),
                frame_interval_s=sizes.get("t") if self._layout.size("T") > 1 else None,
                metadata=_metadata(attributes, multiscale),
            )
        )

    def _read(self, level: int, window: Window, c: int, z: int, t: int) -> NDArray[np.generic]:
        dtype = np.dtype(self._info.dtype)
        planes = [
            self._plane(level, window, self._layout.index(number, z, t))
            for number in (range(3) if self._info.rgb else (c,))
        ]
        array = np.stack(planes, axis=-1) if self._info.rgb else planes[0]
        return to_served(array, dtype)

    def _plane(self, level: int, window: Window, index: tuple[int, ...]) -> NDArray[np.generic]:
        return np.asarray(self._arrays[level][(*index, window.rows, window.columns)])


def _ome(folder: Path) -> Attributes:
    """The OME attributes of a group, whatever the version."""
    for name in ("zarr.json", ".zattrs"):
        file = folder / name
        if file.is_file():
            try:
                document = json.loads(file.read_text(encoding="utf-8"))
            except ValueError as error:
                raise UnreadableImageError(f"{name} of the OME-Zarr is damaged: {error}.") from error
            attributes = document.get("attributes", {}) if name == "zarr.json" else document
            return cast("Attributes", attributes.get("ome", attributes))
    return {}


def _first_multiscale(attributes: Attributes, name: str) -> Attributes:
    multiscales = cast("list[Attributes]", attributes.get("multiscales") or [])
    if not multiscales:
        raise UnreadableImageError(f"{name} is a Zarr folder without an OME image ('multiscales').")
    return multiscales[0]


def _axes(multiscale: Attributes) -> list[dict[str, str]]:
    """Axes with ``name`` and perhaps ``unit``; version 0.3 has bare names, older ones have none."""
    axes = cast("list[Any]", multiscale.get("axes") or _OLD_AXES)
    return [{"name": axis} if isinstance(axis, str) else dict(axis) for axis in axes]


def _array(path: Path, group: str, dataset: str) -> zarr.Array[Any]:
    folder = _inside(path, f"{group}/{dataset}")
    if not folder.is_dir():
        raise UnreadableImageError(f"The OME-Zarr names the array '{dataset}', which is not in it.")
    return cast("Any", zarr).open_array(folder, mode="r")  # its types are incomplete


def _inside(path: Path, name: str) -> Path:
    """A folder of the hierarchy by a name from its metadata, which must not lead out of it."""
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise UnreadableImageError(f"The OME-Zarr names '{name}', which is not inside it.")
    return path.joinpath(*parts)


def _level(full: zarr.Array[Any], array: zarr.Array[Any]) -> Level:
    height, width = array.shape[-2:]
    downsample = nominal_downsample(full.shape[-1], full.shape[-2], width, height)
    return Level(
        width,
        height,
        downsample,
        min(array.chunks[-1], width),
        min(array.chunks[-2], height),
    )


def _channels(attributes: Attributes, size_c: int) -> tuple[Channel, ...]:
    omero = cast("Attributes", attributes.get("omero") or {})
    listed = cast("list[Attributes]", omero.get("channels") or [])
    if len(listed) != size_c:
        listed = cast("list[Attributes]", [{}] * size_c)
    return tuple(
        Channel(
            str(entry.get("label") or f"Channel {index + 1}"),
            _color(entry.get("color")),
        )
        for index, entry in enumerate(listed)
    )


def _color(value: object) -> str | None:
    text = str(value or "").lstrip("#").lower()
    valid = len(text) == 6 and all(letter in "0123456789abcdef" for letter in text)
    return f"#{text}" if valid else None


def _is_rgb(channels: tuple[Channel, ...], dtype: np.dtype[np.generic]) -> bool:
    """Whether three 8-bit channels are red, green and blue, as converters write brightfield slides."""
    wanted = [channel.color for channel in RGB_CHANNELS]
    return dtype == np.uint8 and [channel.color for channel in channels] == wanted


def _pixel_sizes(multiscale: Attributes, axes: list[dict[str, str]]) -> dict[str, float | None]:
    """Size of a step along each axis, in um for space and seconds for time, where units are given."""
    scale = np.ones(len(axes))
    datasets = cast("list[Attributes]", multiscale["datasets"])
    for holder in (datasets[0], multiscale):
        for transformation in cast("list[Attributes]", holder.get("coordinateTransformations") or []):
            if transformation.get("type") == "scale" and len(transformation["scale"]) == len(axes):
                scale = scale * np.asarray(transformation["scale"], float)
    sizes: dict[str, float | None] = {}
    for axis, step in zip(axes, scale, strict=True):
        convert = seconds if axis["name"] == "t" else micrometres
        sizes[axis["name"]] = convert(float(step), axis.get("unit") or "")
    return sizes


def _metadata(attributes: Attributes, multiscale: Attributes) -> dict[str, str]:
    version = attributes.get("version") or multiscale.get("version")
    facts = {"OME-Zarr version": str(version)} if version else {}
    if multiscale.get("name"):
        facts["Name"] = str(multiscale["name"])
    return facts


def _fields(attributes: Attributes) -> list[str]:
    """The fields of view of a well."""
    well = cast("Attributes", attributes.get("well") or {})
    return [str(field["path"]) for field in cast("list[Attributes]", well.get("images") or [])]


def _groups(path: Path) -> list[str]:
    """The groups of a hierarchy that hold an image: itself, the fields of a plate, or a row of series."""
    attributes = _ome(path)
    if "multiscales" in attributes:
        return [""]
    if "plate" in attributes:
        wells = [str(well["path"]) for well in attributes["plate"].get("wells", [])]
        return [f"{well}/{field}" for well in wells for field in _fields(_ome(_inside(path, well)))]
    if "well" in attributes:
        return _fields(attributes)
    numbered = [folder for folder in path.iterdir() if folder.is_dir() and folder.name.isdigit()]
    ordered = sorted(numbered, key=lambda folder: int(folder.name))
    return [folder.name for folder in ordered if "multiscales" in _ome(folder)]


class OmeZarrFormat:
    """OME-Zarr images, plates and series in folders."""

    name = "omezarr"
    priority = 10
    extensions = (".ome.zarr", ".zarr")

    def recognises(self, path: Path, head: bytes) -> bool:
        """A folder with Zarr metadata."""
        del head
        return path.is_dir() and any((path / name).is_file() for name in _METADATA_FILES)

    def open(self, path: Path) -> ImageSource:
        """The image, or the first of several."""
        return self.open_series(path, 0)

    def open_series(self, path: Path, series: int) -> ImageSource:
        """One of several images."""
        groups = _groups(path)
        if not groups:
            raise UnreadableImageError(f"{path.name} is a Zarr folder without an OME image ('multiscales').")
        if not 0 <= series < len(groups):
            raise InvalidInputError(f"There is no series {series}: the folder has {len(groups)}, counted from 0.")
        return OmeZarrSource(path, groups[series])

    def series_names(self, path: Path) -> list[str]:
        """Names of the images: the folder's, or the paths of fields and series."""
        return [group or path.name.split(".")[0] for group in _groups(path)]


FORMAT = OmeZarrFormat()
