"""Which format reads a file, found by content, and one door to open any image."""

import logging
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, runtime_checkable

from cytoloop.core.errors import CytoloopError, InvalidInputError, UnreadableImageError

from .source import ImageFormat, ImageSource

_GROUP = "cytoloop.image_formats"
_BUILT_IN = (
    "omezarr",
    "tiff",
    "brightfield",
    "openslide",
    "dicom",
    "czi",
    "lif",
    "nd2",
    "plain",
)
_HEAD_BYTES = 4096
_log = logging.getLogger(__name__)


@runtime_checkable
class SeriesFormat(Protocol):
    """A format whose files may hold several images."""

    def series_names(self, path: Path) -> list[str]:
        """A name for each image of the file."""
        ...

    def open_series(self, path: Path, series: int) -> ImageSource:
        """One of the images, counted from 0."""
        ...


@cache
def known_formats() -> tuple[ImageFormat, ...]:
    """The built-in formats and those that installed packages offer, in the order in which they are asked.

    The built-in ones do not depend on the package's installed entry points, which may be stale.
    """
    formats: dict[str, ImageFormat] = {}
    for name in _BUILT_IN:
        try:
            formats[name] = import_module(f"cytoloop.images.formats.{name}").FORMAT
        except ImportError:  # a maker's library may have no build for this computer
            _log.warning("Images of the format %s cannot be read here.", name, exc_info=True)
    for entry in entry_points(group=_GROUP):
        if entry.value.startswith("cytoloop."):
            continue
        try:
            formats[entry.name] = entry.load()
        except Exception:
            _log.exception(
                "The image format plugin %s cannot be loaded and is left out.",
                entry.name,
            )
    return tuple(sorted(formats.values(), key=lambda known: known.priority))


def recognise(path: Path) -> ImageFormat:
    """The first format that recognises the content, or ``UnreadableImageError``."""
    path = Path(path)
    head = _head(path)
    reasons: list[str] = []
    for known in known_formats():
        try:
            if known.recognises(path, head):
                return known
        except Exception as error:
            reasons.append(f"{known.name}: {_without_folder(str(error), path)[:300]}")
    if reasons:
        raise UnreadableImageError(f"{path.name} is damaged or incomplete ({reasons[0]}). Copy or upload it again.")
    endings = sorted({ending for known in known_formats() for ending in known.extensions})
    raise UnreadableImageError(f"{path.name} is no image of a known format. Known are: {', '.join(endings)}.")


def open_image(path: Path, series: int = 0) -> ImageSource:
    """Open an image, or one of several images of a file (see ``series_names``)."""
    path = Path(path)
    chosen = recognise(path)
    try:
        if isinstance(chosen, SeriesFormat):
            return chosen.open_series(path, series)
        if series != 0:
            raise InvalidInputError(f"{path.name} holds one image; there is no series {series}.")
        return chosen.open(path)
    except UnreadableImageError as error:
        message = _without_folder(error.message, path)
        if path.name not in message:
            message = f"{path.name}: {message}"
        raise UnreadableImageError(message, **error.details) from error
    except CytoloopError:
        raise
    except Exception as error:
        reason = _without_folder(str(error), path)[:300] or type(error).__name__
        raise UnreadableImageError(
            f"{path.name} cannot be read as {chosen.name} ({reason}). "
            "Check that the file is complete, or export it as OME-TIFF."
        ) from error


def _without_folder(text: str, path: Path) -> str:
    """A reader's message on one line, without the folder: that is nobody's business."""
    text = " ".join(text.split())
    for folder in {str(path.parent), str(path.resolve().parent)} - {".", "/"}:
        text = text.replace(f"{folder}/", "").replace(folder, "")
    return text


def series_names(path: Path) -> list[str]:
    """A name for each image of a file; one for the formats that hold one."""
    path = Path(path)
    chosen = recognise(path)
    if not isinstance(chosen, SeriesFormat):
        return [path.stem]
    try:
        return chosen.series_names(path)
    except CytoloopError:
        raise
    except Exception as error:
        raise UnreadableImageError(
            f"{path.name} cannot be read as {chosen.name} ({_without_folder(str(error), path)[:300]}). "
            "Check that the file is complete."
        ) from error


def _head(path: Path) -> bytes:
    """The first bytes of a file; nothing for a folder."""
    if path.is_dir():
        if not any(path.iterdir()):
            raise UnreadableImageError(f"The folder {path.name} is empty; there is no image in it.")
        return b""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except FileNotFoundError as error:
        raise UnreadableImageError(f"There is no file {path.name}. Check its name and folder.") from error
    except OSError as error:
        raise UnreadableImageError(
            f"{path.name} cannot be opened ({error.strerror}). Check that the server may read it."
        ) from error
    if not head:
        raise UnreadableImageError(f"{path.name} is empty (0 bytes). Copy or upload it again.")
    return head
