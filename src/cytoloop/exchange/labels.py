"""Label images: 0 is background, every other number one object.

Written as OME-TIFF (deflate, pixel size where known), uint16, or uint32 beyond 65,535 objects. Objects are
numbered from 1 in their order; where they overlap, the later one wins; points and lines are left out.
"""

import logging
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cc3d
import numpy as np
import shapely
import tifffile
from numpy.typing import NDArray
from PIL import Image

from cytoloop.annotations.geometry import kind_of
from cytoloop.annotations.raster import labels_to_polygons, polygons_to_labels
from cytoloop.core.errors import InvalidInputError

from .model import ExchangeImage, ExchangeObject, ReadObjects

ENDING = ".labels.tif"
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
TIFF_MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
MAX_READ_BYTES = 2**32
_SOFTWARE = "cytoloop"
_TILE_PX = 512
_LARGEST_PAGE_PX = 2**24
"""Larger planes are written in tiles, rasterised strip by strip."""
_log = logging.getLogger(__name__)


def write(objects: Sequence[ExchangeObject], image: ExchangeImage, path: Path) -> None:
    """Write every plane of the image; axes are TZYX without those of length 1."""
    planes = [(t, z) for t in range(image.size_t) for z in range(image.size_z)]
    areal = [one.geometry.geom_type in {"Polygon", "MultiPolygon"} for one in objects]
    if not all(areal):
        _log.warning("%d points and lines were left out of the label image.", areal.count(False))
    dtype = np.dtype("uint16" if len(objects) <= 0xFFFF else "uint32")
    axes = "".join(axis for axis, size in (("T", image.size_t), ("Z", image.size_z)) if size > 1)
    shape = tuple(size for size in (image.size_t, image.size_z) if size > 1)
    tiled = image.width * image.height > _LARGEST_PAGE_PX
    drawn = (_Plane(objects, image, t, z, dtype) for t, z in planes)
    data = (part for plane in drawn for part in (plane.tiles() if tiled else [plane.whole()]))
    tifffile.imwrite(
        path,
        data,
        shape=(*shape, image.height, image.width),
        dtype=dtype,
        ome=True,
        bigtiff=image.width * image.height * len(planes) * dtype.itemsize > 2**31,
        compression="adobe_deflate",
        software=_SOFTWARE,
        photometric="minisblack",
        metadata={"axes": f"{axes}YX"} | _pixel_size(image),
        tile=(_TILE_PX, _TILE_PX) if tiled else None,
    )


class _Plane:
    """The objects of one plane, to be drawn whole or in tiles."""

    def __init__(self, objects: Sequence[ExchangeObject], image: ExchangeImage, t: int, z: int, dtype: Any) -> None:
        chosen = [number for number, one in enumerate(objects) if (one.t, one.z) == (t, z)]
        self._image = image
        self._dtype = dtype
        self._numbers = np.array(chosen, np.int64)
        self._geometries = np.empty(len(chosen), dtype=object)
        self._geometries[:] = [objects[number].geometry for number in chosen]
        self._bounds = shapely.bounds(self._geometries).reshape(-1, 4)

    def whole(self) -> NDArray[Any]:
        return self._strip(0, self._image.height)

    def tiles(self) -> Iterator[NDArray[Any]]:
        for top in range(0, self._image.height, _TILE_PX):
            strip = self._strip(top, min(top + _TILE_PX, self._image.height))
            for left in range(0, self._image.width, _TILE_PX):
                tile = np.zeros((_TILE_PX, _TILE_PX), self._dtype)
                part = strip[:, left : left + _TILE_PX]
                tile[: part.shape[0], : part.shape[1]] = part
                yield tile

    def _strip(self, top: int, bottom: int) -> NDArray[Any]:
        near = (self._bounds[:, 1] < bottom) & (self._bounds[:, 3] > top)
        labels = polygons_to_labels(
            list(self._geometries[near]),
            (bottom - top, self._image.width),
            y0=top,
            values=(self._numbers[near] + 1).tolist(),
        )
        return labels.astype(self._dtype)


def _pixel_size(image: ExchangeImage) -> dict[str, Any]:
    sizes = {"X": image.pixel_width_um, "Y": image.pixel_height_um}
    known = {axis: size for axis, size in sizes.items() if size is not None}
    units = {f"PhysicalSize{axis}Unit": "µm" for axis in known}
    return {f"PhysicalSize{axis}": size for axis, size in known.items()} | units


def read(path: Path, image: ExchangeImage) -> ReadObjects:
    """Read the objects of an integer TIFF or PNG; their ids are the labels."""
    stack = read_label_stack(path)
    height, width = stack.shape[-2:]
    if (width, height) != (image.width, image.height):
        raise InvalidInputError(
            f"{path.name} has {width} x {height} px and {image.name} {image.width} x {image.height} px. "
            "Choose the image that the labels were made on."
        )
    planes = stack.reshape(-1, height, width)
    if image.size_z * image.size_t == 1 and len(planes) > 1 and _is_layered(planes):
        return _read_layers(planes)
    if len(planes) not in {1, image.size_z * image.size_t}:
        raise InvalidInputError(
            f"{path.name} has {len(planes)} planes and {image.name} has {image.size_z} z slices and "
            f"{image.size_t} time points. Save one plane, or all of them."
        )
    objects: list[ExchangeObject] = []
    may_be_mask = not _is_own(path)
    masks = 0
    for number, plane in enumerate(planes):
        t, z = divmod(number, image.size_z)
        labels, values, is_mask = _numbered(plane, may_be_mask=may_be_mask)
        masks += is_mask
        names, polygons = labels_to_polygons(labels)
        for name, polygon in zip(names.tolist(), polygons, strict=True):
            label = None if is_mask else int(values[name])
            objects.append(ExchangeObject(polygon, kind_of(polygon), z=z, t=t, id=label))
    told = [f"{path.name} is a mask, not labels: every connected piece became an object."]
    return ReadObjects(objects, told if masks else ())


def _is_layered(planes: NDArray[Any]) -> bool:
    """Whether every plane shows one object: 0 and one other value."""
    return all(len(np.setdiff1d(np.unique(plane), [0])) == 1 for plane in planes)


def _read_layers(planes: NDArray[Any]) -> ReadObjects:
    """A plane an object, as AnnotatorJ's layered stacks have them; objects may overlap."""
    outlines = (labels_to_polygons((plane > 0).astype(np.int32))[1] for plane in planes)
    return ReadObjects([ExchangeObject(one, kind_of(one)) for found in outlines for one in found])


def _is_own(path: Path) -> bool:
    """Whether this module wrote the file: then a single label in several pieces is one object."""
    with path.open("rb") as file:
        if file.read(4) not in TIFF_MAGICS:
            return False
    with tifffile.TiffFile(path) as tiff:
        return tiff.pages.first.software == _SOFTWARE


def _numbered(plane: NDArray[Any], *, may_be_mask: bool) -> tuple[NDArray[np.int32], NDArray[Any], bool]:
    """Labels that fit 32 bits, the value of each, and whether the plane is a mask of 0 and 1 or 255."""
    values, index = np.unique(plane, return_inverse=True)
    if values.size and values[0] < 0:
        raise InvalidInputError(f"A label is negative ({values[0]}). Labels are 0 for background and 1, 2, 3, ...")
    labels = index.reshape(plane.shape).astype(np.int32) + np.int32(values[0] != 0)
    values = values if values[0] == 0 else np.concatenate([[0], values])
    if may_be_mask and len(values) == 2 and (plane.dtype == np.bool_ or values[1] in {1, 255}):
        pieces, count = cc3d.connected_components((labels > 0).view(np.uint8), connectivity=4, return_N=True)
        if count > 1:
            return pieces.astype(np.int32), np.arange(count + 1), True
    return labels, values, False


def read_label_stack(path: Path) -> NDArray[Any]:
    """The labels of a TIFF or PNG file, ``(..., h, w)`` integers.

    Raises
    ------
    InvalidInputError
        The file is missing, damaged, too large, or no integer image of one channel.
    """
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise InvalidInputError(
            f"{path.name} cannot be opened ({error.strerror}). Check its name and folder."
        ) from error
    if head == PNG_MAGIC:
        labels = _read_png(path)
    elif head[:4] in TIFF_MAGICS:
        labels = _read_tiff(path)
    else:
        raise InvalidInputError(f"{path.name} is no TIFF or PNG. Save the labels as TIFF.")
    if labels.dtype.kind == "f" and np.array_equal(labels, np.floor(labels)):
        labels = labels.astype(np.int64)
    if labels.dtype.kind not in "biu":
        raise InvalidInputError(
            f"{path.name} holds {labels.dtype} numbers, not labels. Save whole numbers, one for each object."
        )
    return labels


def _read_png(path: Path) -> NDArray[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                if picture.mode in {"RGB", "RGBA", "LA", "CMYK", "YCbCr"}:
                    raise InvalidInputError(
                        f"{path.name} is a colour picture, not a label image. Save the labels as numbers."
                    )
                return np.asarray(picture)
    except InvalidInputError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InvalidInputError(f"{path.name} is too large for a PNG ({error}). Save the labels as TIFF.") from error
    except Exception as error:
        raise InvalidInputError(_damaged(path, error)) from error


def _read_tiff(path: Path) -> NDArray[Any]:
    try:
        with tifffile.TiffFile(path) as tiff:
            series = tiff.series[0]
            if series.nbytes > MAX_READ_BYTES:
                raise InvalidInputError(
                    f"{path.name} has {series.nbytes:,} bytes of labels; at most {MAX_READ_BYTES:,} are read."
                )
            if "S" in series.axes or len(series.shape) < 2:
                raise InvalidInputError(
                    f"{path.name} is a colour picture, not a label image. Save the labels as numbers."
                )
            labels = series.asarray()
            axes = series.axes
    except InvalidInputError:
        raise
    except Exception as error:
        raise InvalidInputError(_damaged(path, error)) from error
    if labels.size == 0:
        raise InvalidInputError(f"{path.name} has no pixels. Export it again.")
    order = sorted(range(labels.ndim), key=lambda axis: _ORDER.get(axes[axis], 1))
    return np.transpose(labels, order)


_ORDER = {"T": 0, "Z": 2, "Y": 3, "X": 4}


def _damaged(path: Path, error: Exception) -> str:
    return f"{path.name} is damaged or incomplete ({str(error)[:200]}). Export or copy it again."
