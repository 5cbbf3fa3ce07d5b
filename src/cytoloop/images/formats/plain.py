"""Plain pictures: PNG, JPEG, BMP, WebP (decoded whole, when first read), and TIFF of one untiled picture."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from cytoloop.core.errors import UnreadableImageError
from cytoloop.images.completeness import picture_kind, what_is_missing
from cytoloop.images.files import ArrayCache
from cytoloop.images.planar import RGB_CHANNELS, PlanarSource, Window, one_level
from cytoloop.images.slides import on_white
from cytoloop.images.source import Channel, ImageInfo, ImageSource
from cytoloop.images.tiffheads import is_tiff
from cytoloop.images.tiffsource import TiffSource

MAX_WHOLE_PIXELS = 2**28
"""Largest picture that is decoded whole (16,384 x 16,384 px, 800 MB as RGB); beyond it, an image bomb."""

_PILLOW_LIMIT_LOCK = threading.Lock()
_EXIF_ORIENTATION = 0x0112
_MODE_DTYPES = {
    "1": "uint8",
    "L": "uint8",
    "I": "int32",
    "I;16": "uint16",
    "I;16L": "uint16",
    "I;16B": "uint16",
    "F": "float32",
}


@dataclass(frozen=True, slots=True)
class Header:
    """What is known before decoding; width and height are those after EXIF rotation."""

    kind: str
    width: int
    height: int
    dtype: str
    rgb: bool
    size_c: int
    orientation: int
    metadata: dict[str, str]


class PlainSource(PlanarSource):
    """A PNG, JPEG, BMP or WebP picture.

    Parameters
    ----------
    path
        The file.
    max_pixels
        Pictures that declare more pixels are refused, since they have to be decoded whole.
    """

    def __init__(self, path: Path, *, max_pixels: int = MAX_WHOLE_PIXELS) -> None:
        self._path = path
        self._header = _header(path, max_pixels)
        self._cache = ArrayCache()
        header = self._header
        channels = RGB_CHANNELS if header.size_c == 3 else (Channel("Channel 1"),)
        super().__init__(
            ImageInfo(
                format="plain",
                width=header.width,
                height=header.height,
                size_z=1,
                size_c=header.size_c,
                size_t=1,
                dtype=header.dtype,
                rgb=header.rgb,
                levels=one_level(header.width, header.height, header.width, header.height),
                channels=() if header.rgb else channels,
                metadata=header.metadata,
            )
        )

    def _read(self, level: int, window: Window, c: int, z: int, t: int) -> NDArray[np.generic]:
        del level, z, t
        whole = self._cache.get("picture", lambda: _decoded(self._path, self._header))
        part = whole[window.rows, window.columns]
        return part if self._header.rgb or part.ndim == 2 else part[..., c]

    def close(self) -> None:
        """Forget the pixels."""
        self._cache.clear()


def _header(path: Path, max_pixels: int) -> Header:
    with path.open("rb") as file:
        head = file.read(64)
    kind = picture_kind(head) or ""
    try:
        with _opened(path) as picture:
            width, height = picture.size
            mode = _plain_mode(picture)
            exif = _exif(picture)
            metadata = _metadata(picture, exif)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise UnreadableImageError(
            f"{path.name} is a damaged {kind.upper()} picture ({error}). Export or upload it again."
        ) from error
    if width * height > max_pixels:
        raise UnreadableImageError(
            f"{path.name} declares {width:,} x {height:,} px, more than the {max_pixels:,} px that a "
            f"{kind.upper()} picture may have. Save it as a tiled, pyramidal TIFF."
        )
    fault = what_is_missing(path, kind)
    if fault:
        raise UnreadableImageError(
            f"{path.name} is a damaged {kind.upper()} picture: {fault}. Copy or upload it again."
        )
    orientation = int(exif.get(_EXIF_ORIENTATION, 1))
    deep_colour = kind == "png" and head[24] == 16 and head[25] in {2, 6}
    if orientation in {5, 6, 7, 8}:
        width, height = height, width
    dtype = "uint16" if deep_colour else _MODE_DTYPES.get(mode, "uint8")
    rgb = mode not in _MODE_DTYPES and not deep_colour
    size_c = 3 if deep_colour else 1
    return Header(kind, width, height, dtype, rgb, size_c, orientation, metadata)


def _plain_mode(picture: Image.Image) -> str:
    """The mode after palettes and alpha are resolved."""
    if picture.mode == "LA":
        return "L"
    if picture.mode == "P" and "transparency" not in picture.info:
        colours = np.asarray(picture.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
        gray = (colours[:, 0] == colours[:, 1]) & (colours[:, 0] == colours[:, 2])
        return "L" if gray.all() else "RGB"
    return picture.mode if picture.mode in _MODE_DTYPES else "RGB"


def _exif(picture: Image.Image) -> Mapping[int, Any]:
    """EXIF tags in the file's head; for a PNG without them, ``getexif`` would decode all of it."""
    return {} if picture.format == "PNG" and "exif" not in picture.info else picture.getexif()


def _metadata(picture: Image.Image, exif: Mapping[int, Any]) -> dict[str, str]:
    tags = {"Acquired": 0x0132, "Maker": 0x010F, "Model": 0x0110, "Software": 0x0131}
    facts = {"Kind": str(picture.format)}
    facts.update({name: str(exif[tag]).strip() for name, tag in tags.items() if exif.get(tag)})
    return facts


def _decoded(path: Path, header: Header) -> NDArray[np.generic]:
    """The whole picture: ``(h, w, 3) uint8``, ``(h, w, 3) uint16`` or ``(h, w)``, rotated as EXIF says."""
    try:
        if header.size_c == 3:  # Pillow would cut 16-bit colours to 8 bits
            pixels = np.asarray(imagecodecs.png_decode(path.read_bytes()))[..., :3]
        else:
            pixels = _through_pillow(path, header)
    except (OSError, ValueError, SyntaxError, RuntimeError) as error:
        raise UnreadableImageError(
            f"{path.name} is a damaged {header.kind.upper()} picture ({error}). Export or upload it again."
        ) from error
    return np.ascontiguousarray(pixels)


def _through_pillow(path: Path, header: Header) -> NDArray[np.generic]:
    with _opened(path) as opened:
        picture = opened if header.orientation == 1 else ImageOps.exif_transpose(opened)
        if header.rgb:
            transparent = picture.mode in {"RGBA", "PA"} or "transparency" in picture.info
            return on_white(picture.convert("RGBA" if transparent else "RGB"))
        if picture.mode in {"LA", "P", "1"}:
            picture = picture.convert("L")
        return np.asarray(picture).astype(header.dtype)


def _opened(path: Path) -> Image.Image:
    """The picture, undecoded, whatever its size: ours is the limit that counts, not Pillow's."""
    with _PILLOW_LIMIT_LOCK:  # Pillow's is a global, looked at while opening
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(path)
        finally:
            Image.MAX_IMAGE_PIXELS = limit


class PlainFormat:
    """Pictures without a pyramid, planes or microscope metadata."""

    name = "plain"
    priority = 90
    extensions = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")

    def recognises(self, path: Path, head: bytes) -> bool:
        """PNG, JPEG, BMP, WebP, and any TIFF that no other format wanted."""
        del path
        return is_tiff(head) or picture_kind(head) is not None

    def open(self, path: Path) -> ImageSource:
        """The picture."""
        with path.open("rb") as file:
            head = file.read(64)
        return TiffSource(path, format_name=self.name) if is_tiff(head) else PlainSource(path)


FORMAT = PlainFormat()
