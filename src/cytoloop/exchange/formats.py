"""One door to every annotation format: write by name, read by content."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from cytoloop.core.errors import InvalidInputError

from . import boxes, coco, csvfile, geojson, imagej, labels, yolo
from .limits import parsed_json
from .model import ExchangeImage, ExchangeObject, ReadObjects

Writer = Callable[[Sequence[ExchangeObject], ExchangeImage, Path], None]


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the file's ending, and what writes it."""

    ending: str
    write: Writer


FORMATS = {
    "geojson": Format(geojson.ENDING, geojson.write),
    "coco": Format(coco.ENDING, coco.write),
    "labels": Format(labels.ENDING, labels.write),
    "imagej": Format(imagej.ENDING, imagej.write),
    "csv": Format(csvfile.ENDING, csvfile.write),
}
_READABLE = (
    "GeoJSON (QuPath), COCO JSON, label images (TIFF, PNG), ImageJ ROIs (.roi, .zip), CSV with a wkt column or "
    "with boxes (x, y, width, height), and YOLO labels (.txt)"
)


def write_objects(
    format_name: str,
    objects: Sequence[ExchangeObject],
    image: ExchangeImage,
    folder: Path,
    stem: str,
) -> Path:
    """Write ``<stem>`` with the format's ending into ``folder``; it appears when it is complete.

    Returns
    -------
    The file's path.
    """
    chosen = format_named(format_name)
    path = folder / f"{stem}{chosen.ending}"
    partial = folder / f".{uuid4().hex}{chosen.ending}"
    try:
        chosen.write(objects, image, partial)
        partial.replace(path)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
    return path


def format_named(name: str) -> Format:
    """The format, or ``InvalidInputError`` that lists those there are."""
    try:
        return FORMATS[name]
    except KeyError:
        raise InvalidInputError(f"There is no annotation format {name!r}. There are: {', '.join(FORMATS)}.") from None


def read_objects(path: Path, image: ExchangeImage) -> ReadObjects:
    """Read an annotation file for an image. The content decides which format it is.

    Raises
    ------
    InvalidInputError
        The file is of no known format, damaged, too large, or made on an image of another size.
    """
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise InvalidInputError(
            f"{path.name} cannot be opened ({error.strerror}). Check its name and folder."
        ) from error
    if not head.strip():
        raise InvalidInputError(f"{path.name} is empty. Export it again.")
    if head[:8] == labels.PNG_MAGIC or head[:4] in labels.TIFF_MAGICS:
        return labels.read(path, image)
    if head[:4] == imagej.ROI_MAGIC or head[:2] == imagej.ZIP_MAGIC:
        return imagej.read(path, image)
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if first in {b"{", b"["} or path.suffix.lower() in {".json", ".geojson"}:
        return _read_json(path, image)
    if path.suffix.lower() == ".txt" and yolo.holds(head):
        return yolo.read(path, image)
    if path.suffix.lower() in {".csv", ".tsv", ".txt"}:
        return _read_table(path)
    raise InvalidInputError(f"{path.name} is no annotation file of a known format. Known are: {_READABLE}.")


def _read_table(path: Path) -> ReadObjects:
    with path.open("rb") as file:
        header = file.readline(10_000).decode("utf-8", "replace")
    is_boxes = boxes.columns_in(header) is not None and "wkt" not in header.lower()
    return boxes.read(path) if is_boxes else csvfile.read(path)


def _read_json(path: Path, image: ExchangeImage) -> ReadObjects:
    content = parsed_json(path)
    if coco.holds(content):
        return coco.read_content(content, image, path.name)
    if geojson.holds(content):
        return geojson.read_content(content, path.name)
    raise InvalidInputError(
        f"{path.name} is JSON, but neither GeoJSON (a FeatureCollection) nor COCO (images, annotations, "
        "categories). Export it in one of these."
    )
