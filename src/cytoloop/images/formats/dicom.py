"""DICOM whole slide images: a folder of ``.dcm`` files, or one file that stands for its series."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.errors import InvalidDicomError
from wsidicom import WsiDicom

from cytoloop.core.errors import UnreadableImageError
from cytoloop.images.jpeg import complete_jpeg
from cytoloop.images.planar import PlanarSource, Window, nominal_downsample, served_dtype
from cytoloop.images.source import Channel, ImageInfo, ImageSource, Level

_WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
_END_OF_PIXELS = b"\xfe\xff\xdd\xe0\0\0\0\0"
_TAIL_BYTES = 65_536  # what may follow the pixels: padding, signatures
_JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
_HEADER_TAGS = [
    "SOPClassUID",
    "SeriesInstanceUID",
    "Manufacturer",
    "ManufacturerModelName",
]


class DicomSource(PlanarSource):
    """A slide of one series; optical paths are channels, focal planes z slices. wsidicom locks its files."""

    def __init__(self, path: Path) -> None:
        files, header = _files_of_series(path)
        for file in files:
            _check_end(file)
        self._slide = WsiDicom.open(files)
        try:
            info = self._facts(header)
        except BaseException:
            self._slide.close()
            raise
        super().__init__(info)

    def _facts(self, header: pydicom.Dataset) -> ImageInfo:
        base = self._slide.levels[0]
        image: Any = base.default_instance.image_data
        self._level_numbers = [level.level for level in self._slide.levels]
        self._paths = sorted(base.optical_paths)
        self._depths = sorted(base.focal_planes)
        rgb = image.samples_per_pixel == 3 and image.bits == 8
        if image.samples_per_pixel not in {1, 3} or (image.samples_per_pixel == 3 and not rgb):
            raise UnreadableImageError(
                f"The DICOM slide has {image.samples_per_pixel} samples of {image.bits} bits a pixel; "
                "1 of any depth or 3 of 8 bits can be read."
            )
        dtype = np.dtype(np.uint8) if rgb else served_dtype(np.dtype(image.dtype), "The DICOM slide")
        spacing_um = base.pixel_spacing
        optical = self._slide.metadata.pyramid.optical_paths
        magnification = next(
            (path.objective.objective_power for path in optical if path.objective is not None),
            None,
        )
        gaps_um = np.diff(self._depths)
        self._associated = {
            name: groups
            for name, groups in (
                ("label", self._slide.labels),
                ("macro", self._slide.overviews),
            )
            if groups
        }
        return ImageInfo(
            format="dicom",
            width=base.size.width,
            height=base.size.height,
            size_z=len(self._depths),
            size_c=1 if rgb else len(self._paths),
            size_t=1,
            dtype=dtype.name,
            rgb=rgb,
            levels=tuple(self._level(level) for level in self._slide.levels),
            channels=() if rgb else tuple(Channel(f"Path {name}") for name in self._paths),
            pixel_width_um=float(spacing_um.width) * 1000 if spacing_um else None,
            pixel_height_um=float(spacing_um.height) * 1000 if spacing_um else None,
            z_spacing_um=float(gaps_um.mean()) if len(gaps_um) else None,
            magnification=float(magnification) if magnification else None,
            vendor=_known(header.get("Manufacturer")),
            associated=tuple(sorted(self._associated)),
            metadata=self._readable(header),
        )

    def _level(self, level: Any) -> Level:
        full = self._slide.levels[0].size
        size, tile = level.size, level.tile_size
        downsample = nominal_downsample(full.width, full.height, size.width, size.height)
        return Level(size.width, size.height, downsample, tile.width, tile.height)

    def _readable(self, header: pydicom.Dataset) -> dict[str, str]:
        acquired = self._slide.metadata.pyramid.image.acquisition_datetime
        facts = {"Acquired": str(acquired)} if acquired else {}
        model = _known(header.get("ManufacturerModelName"))
        if model:
            facts["Scanner"] = model
        return facts

    def _read(self, level: int, window: Window, c: int, z: int, t: int) -> NDArray[np.generic]:
        del t
        pixels = self._slide.read_region(
            (window.x, window.y),
            self._level_numbers[level],
            (window.w, window.h),
            z=self._depths[z],
            path=self._paths[c],
            as_array=True,
        )
        if self._info.rgb:
            return np.ascontiguousarray(pixels[..., :3])
        return np.asarray(pixels).reshape(window.h, window.w).astype(self._info.dtype, copy=False)

    def encoded_tile(self, level: int, column: int, row: int) -> tuple[bytes, str] | None:
        """The stored JPEG tile of an RGB slide; tiles at the edge are padded and thus not given."""
        size = self._info.levels[level]
        whole = (column + 1) * size.tile_width <= size.width and (row + 1) * size.tile_height <= size.height
        image: Any = self._slide.levels[level].default_instance.image_data
        if not whole or not self._info.rgb or str(image.transfer_syntax) != _JPEG_BASELINE:
            return None
        stored = self._slide.read_encoded_tile(self._level_numbers[level], (column, row))
        rgb = image.photometric_interpretation == "RGB"
        data = complete_jpeg(stored.rstrip(b"\0"), None, stored_as_rgb=rgb)  # padded to even length
        return None if data is None else (data, "image/jpeg")

    def associated(self, name: str) -> NDArray[np.uint8]:
        """The label or macro image."""
        if name not in self._associated:
            return super().associated(name)
        slide = self._slide
        picture = slide.read_label() if name == "label" else slide.read_overview()
        return np.asarray(picture.convert("RGB"))

    def close(self) -> None:
        """Close the files."""
        self._slide.close()


def _known(value: object) -> str | None:
    """The text of a tag that says something; writers put ``Unknown`` where DICOM wants a value."""
    text = str(value or "").strip()
    return None if text.lower() in {"", "unknown"} else text


def _header(path: Path) -> pydicom.Dataset | None:
    """A few tags, or ``None`` for a file that is no DICOM."""
    try:
        return cast("Any", pydicom).dcmread(  # its types are incomplete
            path, stop_before_pixels=True, specific_tags=list(_HEADER_TAGS)
        )
    except (InvalidDicomError, OSError, EOFError):
        return None


def _files_of_series(path: Path) -> tuple[list[Path], pydicom.Dataset]:
    """The slide files that belong together: those of the file's series, or of the folder's largest one."""
    folder = path if path.is_dir() else path.parent
    candidates = sorted(file for file in folder.iterdir() if file.is_file() and _is_dicom(file))
    headers = {file: _header(file) for file in candidates}
    slides = {
        file: header
        for file, header in headers.items()
        if header is not None and header.get("SOPClassUID") == _WHOLE_SLIDE
    }
    if path.is_dir():
        sizes: dict[str, int] = {}
        for file, header in slides.items():
            uid = str(header.SeriesInstanceUID)
            sizes[uid] = sizes.get(uid, 0) + file.stat().st_size
        wanted = max(sizes, key=lambda uid: sizes[uid], default=None)
    else:
        wanted = str(slides[path].SeriesInstanceUID) if path in slides else None
    files = [file for file, header in slides.items() if str(header.SeriesInstanceUID) == wanted]
    if not files:
        raise UnreadableImageError(
            f"{path.name} is DICOM, but no whole slide image; other kinds are not read. Export it as TIFF or OME-TIFF."
        )
    return files, slides[files[0]]


def _check_end(file: Path) -> None:
    """Compressed pixels end with a delimiter; refuse a file without it."""
    tag: Any = _header(file)
    if not tag.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    with file.open("rb") as opened:
        opened.seek(-min(_TAIL_BYTES, file.stat().st_size), 2)
        if _END_OF_PIXELS not in opened.read():
            raise UnreadableImageError(
                f"The DICOM file {file.name} is cut off: its pixels have no end. Copy or upload it again."
            )


def _is_dicom(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(132)[128:] == b"DICM"
    except OSError:
        return False


class DicomFormat:
    """DICOM whole slide images."""

    name = "dicom"
    priority = 50
    extensions = (".dcm",)

    def recognises(self, path: Path, head: bytes) -> bool:
        """A DICOM file, or a folder that holds one at its top."""
        if path.is_dir():
            return any(file.is_file() and _is_dicom(file) for file in path.iterdir())
        return head[128:132] == b"DICM"

    def open(self, path: Path) -> ImageSource:
        """The slide."""
        return DicomSource(path)


FORMAT = DicomFormat()
