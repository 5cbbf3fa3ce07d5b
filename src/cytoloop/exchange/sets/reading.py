"""Sets from outside: which file in a folder belongs to which image, and in which form it is best taken.

Knows the folders that ``registry`` writes, AnnotatorJ's among them, YOLO's, one COCO file for all, and OpSeF's
(``Seg_Nuc_Mask/CP_Mask_000_IMAGE.tif``: one label image a model and preprocessing).
"""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cytoloop.annotations.geometry import kind_of
from cytoloop.annotations.raster import labels_to_polygons
from cytoloop.core.errors import InvalidInputError
from cytoloop.exchange.details import Details
from cytoloop.exchange.formats import read_objects
from cytoloop.exchange.labels import read_label_stack
from cytoloop.exchange.model import ExchangeImage, ExchangeObject, ExchangeTerm, ReadObjects

_OPSEF = re.compile(r"^([A-Z]{2})_Mask_(\d+)_(.+)$")
_PLANE = re.compile(r"_z(\d{3,})_t(\d{3,})$")
_BEST = ("geojson", "rois", "layered_stacks", "labelled_masks", "semantic_masks", "binary_masks", "bounding_boxes")
"""The same objects in several forms: the one that loses least is taken."""
_ENDINGS = (".rois.zip", ".labels.tif", ".coco.json", ".ome.tif", ".ome.tiff")
_READABLE = {".geojson", ".json", ".zip", ".roi", ".tif", ".tiff", ".png", ".csv", ".txt"}


@dataclass(frozen=True, slots=True)
class Part:
    """A file for one image. ``layer`` names what it becomes; ``plane`` is z and t where its name says so."""

    path: Path
    layer: str
    plane: tuple[int, int] | None = None


def parts_for(folder: Path, image: ExchangeImage, files: Sequence[Path] | None = None) -> list[Part]:
    """The files of a set that hold objects of an image; each layer is read from one form only."""
    stem = Path(image.name).stem
    found: dict[str, list[Part]] = {}
    for path in files if files is not None else files_in(folder):
        kind = path.relative_to(folder).parts
        opsef = _OPSEF.match(path.stem)
        if opsef is not None:
            if stem_of(Path(opsef.group(3) + path.suffix)) == stem:
                layer = f"{opsef.group(1)} {opsef.group(2)}"
                found.setdefault(f"opsef {layer}", []).append(Part(path, layer))
        elif "classes" in kind[:-1] or kind[0] in {"overlays", "crops", "images"}:
            continue
        elif path.name == "annotations.json":
            found.setdefault("coco", []).append(Part(path, folder.name))
        elif path.suffix.lower() in _READABLE:
            plane = _PLANE.search(stem_of(path))
            name = _PLANE.sub("", stem_of(path))
            if name in {stem, _plain(stem)}:
                place = (int(plane.group(1)), int(plane.group(2))) if plane else None
                found.setdefault(kind[0] if len(kind) > 1 else "", []).append(Part(path, folder.name, place))
    opsef_parts = [part for name, parts in found.items() if name.startswith("opsef ") for part in parts]
    best = next((found[name] for name in _BEST if name in found), None)
    others = [parts for name, parts in found.items() if not name.startswith("opsef ")]
    return opsef_parts + (best if best is not None else others[0] if others else [])


def files_in(folder: Path) -> list[Path]:
    """All files below a folder, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def stem_of(path: Path) -> str:
    """A file's name without its ending, of which some have two."""
    ending = next((one for one in _ENDINGS if path.name.lower().endswith(one)), path.suffix)
    return path.name[: len(path.name) - len(ending)]


def _plain(stem: str) -> str:
    """The stem as exported files spell it."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", stem).strip("._")


def read_parts(parts: Iterable[Part], image: ExchangeImage) -> ReadObjects:
    """The objects of files of one layer, each on its plane."""
    objects: list[ExchangeObject] = []
    warnings: list[str] = []
    for part in parts:
        is_semantic = part.path.parent.name == "semantic_masks"
        flat = image if part.plane is None else _flat(image)
        found = _read_semantic(part.path, flat) if is_semantic else read_objects(part.path, flat)
        z, t = part.plane or (None, None)
        objects += found.objects if z is None or t is None else [_moved(one, z, t) for one in found.objects]
        warnings += found.warnings
    return ReadObjects(objects, warnings)


def _flat(image: ExchangeImage) -> ExchangeImage:
    return ExchangeImage(image.name, image.width, image.height, 1, 1, image.pixel_width_um, image.pixel_height_um)


def _moved(one: ExchangeObject, z: int, t: int) -> ExchangeObject:
    return ExchangeObject(one.geometry, one.kind, one.term, one.status, one.score, z, t, properties=one.properties)


def _read_semantic(path: Path, image: ExchangeImage) -> ReadObjects:
    """A region for each class; the names stand in ``classes.csv`` beside the folder."""
    labels = np.squeeze(read_label_stack(path))
    if labels.ndim != 2 or labels.shape != (image.height, image.width):
        raise InvalidInputError(
            f"{path.name} has {' x '.join(map(str, labels.shape[::-1]))} px and {image.name} "
            f"{image.width} x {image.height} px. Choose the image that the mask was made on."
        )
    names = _class_names(path.parent.parent / "classes.csv")
    values, regions = labels_to_polygons(labels.astype(np.int32))
    return ReadObjects(
        [
            ExchangeObject(
                region,
                kind_of(region),
                term=ExchangeTerm(names.get(value, f"class {value}")),
                details=Details(properties={"region": True}),
            )
            for value, region in zip(values.tolist(), regions, strict=True)
        ]
    )


def _class_names(path: Path) -> dict[int, str]:
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return {int(row[0]): row[1] for row in rows if len(row) > 1 and row[0].isdigit()}
