"""YOLO's text files: a line an object, its class's number and its box or outline as shares of the picture."""

import re
from pathlib import Path

import numpy as np
import shapely

from cytoloop.annotations.geometry import MAX_VERTICES, Kind, kind_of
from cytoloop.core.errors import InvalidInputError

from .limits import text_bytes
from .model import ExchangeImage, ExchangeObject, ExchangeTerm, ReadObjects

_LINE = re.compile(rb"\s*\d+(\s+[-+.\deE]+){4,}\s*")
_NAME = re.compile(r"""^\s*(?:(\d+)\s*:|-)\s*['"]?(.*?)['"]?\s*$""")


def holds(head: bytes) -> bool:
    """Whether the first line of a file is one of YOLO's."""
    return _LINE.fullmatch(head.split(b"\n", 1)[0]) is not None


def read(path: Path, image: ExchangeImage) -> ReadObjects:
    """Read boxes and outlines. Classes are named by ``data.yaml`` or ``classes.txt`` beside the file or above it."""
    names = _names(path)
    objects: list[ExchangeObject] = []
    for number, line in enumerate(text_bytes(path).decode("utf-8", "replace").splitlines(), start=1):
        if line.strip():
            objects.append(_object(line, f"Line {number} of {path.name}", image, names))
    warnings = (
        [] if names else [f"{path.name} gives classes by number; there is no data.yaml or classes.txt beside it."]
    )
    return ReadObjects(objects, warnings if objects else ())


def _object(line: str, where: str, image: ExchangeImage, names: dict[int, str]) -> ExchangeObject:
    try:
        first, *rest = line.split()
        label, shares = int(first), np.array(rest, dtype=float)
    except ValueError as error:
        raise InvalidInputError(f"{where} is no YOLO label: {line[:60]!r}. Write: class x y width height.") from error
    if not np.isfinite(shares).all() or (np.abs(shares) > 2).any() or len(shares) > 2 * MAX_VERTICES:
        raise InvalidInputError(f"{where} has a value that is no share of the picture (0 to 1).")
    geometry, kind = _shape(shares, where, image)
    return ExchangeObject(geometry, kind, term=ExchangeTerm(names.get(label, f"class {label}")))


def _shape(shares: np.ndarray, where: str, image: ExchangeImage) -> tuple[shapely.Polygon, Kind]:
    size = (image.width, image.height)
    if len(shares) in {4, 5}:  # a fifth value is the score of a prediction
        x, y, width, height = shares[:4] * (*size, *size)
        left, right = np.clip([x - width / 2, x + width / 2], 0, size[0])
        top, bottom = np.clip([y - height / 2, y + height / 2], 0, size[1])
        return shapely.box(left, top, right, bottom, ccw=False), Kind.RECTANGLE
    if len(shares) < 6 or len(shares) % 2:
        raise InvalidInputError(f"{where} has {len(shares)} numbers; a box has 4 and an outline pairs, at least 3.")
    points = np.clip(shares.reshape(-1, 2) * size, 0, size)
    outline = shapely.Polygon(points)
    return outline, kind_of(outline)


def _names(path: Path) -> dict[int, str]:
    for folder in (path.parent, path.parent.parent):
        listed = folder / "classes.txt"
        if listed.is_file() and listed != path:
            lines = listed.read_text("utf-8", "replace").splitlines()
            return {number: name.strip()[:100] for number, name in enumerate(lines) if name.strip()}
        about = folder / "data.yaml"
        if about.is_file():
            return _yaml_names(about.read_text("utf-8", "replace"))
    return {}


def _yaml_names(text: str) -> dict[int, str]:
    """``names`` of a data.yaml: a list or numbered, over lines or in brackets."""
    _, _, rest = text.partition("names:")
    first = rest.split("\n", 1)[0].strip()
    if first.startswith("["):
        inside = first.strip("[] ")
        return {number: part.strip(" '\"")[:100] for number, part in enumerate(inside.split(","))}
    names: dict[int, str] = {}
    for line in rest.splitlines()[1:]:
        found = _NAME.match(line)
        if found is None:
            break
        names[int(found.group(1)) if found.group(1) else len(names)] = found.group(2)[:100]
    return names
