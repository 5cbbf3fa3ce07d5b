"""Every set by name, and AnnotatorJ's, which is several of them together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from cytoloop.core.errors import InvalidInputError
from cytoloop.exchange import coco, geojson, imagej

from . import boxes, crops, masks
from .model import SetImage, SetOptions, class_of, folder_in

Writer = Callable[[Sequence[SetImage], Path, SetOptions], list[Path]]


@dataclass(frozen=True, slots=True)
class ExportSet:
    """A set: what it is for people, and what writes it."""

    title: str
    write: Writer


def _files(name: str, ending: str, write: Callable[..., None]) -> Writer:
    def run(images: Sequence[SetImage], folder: Path, options: SetOptions) -> list[Path]:
        del options  # these keep full-resolution coordinates
        paths: list[Path] = []
        for image in images:
            path = folder_in(folder, name) / f"{image.stem}{ending}"
            write(image.objects, image.facts, path)
            paths.append(path)
        return paths

    return run


def write_coco(images: Sequence[SetImage], folder: Path, options: SetOptions) -> list[Path]:
    """One ``annotations.json`` for all images, categories shared."""
    del options
    content = coco.content_of([(image.facts, image.objects) for image in images])
    path = folder / "annotations.json"
    path.write_bytes(orjson.dumps(content))
    return [path]


def write_annotatorj(images: Sequence[SetImage], folder: Path, options: SetOptions) -> list[Path]:
    """Labels, layered stacks, binary masks, boxes, overlays and ROIs: of everything, and of each class."""
    parts = (
        masks.write_labels,
        masks.write_stacks,
        masks.write_binary,
        boxes.write_boxes,
        masks.write_overlays,
        _files("rois", imagej.ENDING, imagej.write),
    )
    paths = [path for write in parts for path in write(images, folder, options)]
    classes = sorted({class_of(one) for image in images for one in image.objects})
    for name in classes if len(classes) > 1 else ():
        chosen = [replace(image, objects=[one for one in image.objects if class_of(one) == name]) for image in images]
        target = folder_in(folder, "classes", crops.safe(name))
        paths += [path for write in parts for path in write([one for one in chosen if one.objects], target, options)]
    return paths


SETS = {
    "annotatorj": ExportSet("AnnotatorJ: labels, stacks, binary, boxes, overlays, ROIs; each class", write_annotatorj),
    "coco": ExportSet("COCO: one file for all images", write_coco),
    "yolo": ExportSet("YOLO boxes, with pictures", boxes.write_yolo),
    "yolo-segments": ExportSet("YOLO outlines, with pictures", boxes.write_yolo_segments),
    "labels": ExportSet("Label images", masks.write_labels),
    "semantic": ExportSet("Semantic masks: a number a class", masks.write_semantic),
    "binary": ExportSet("Binary masks", masks.write_binary),
    "stacks": ExportSet("Layered stacks: a plane an object", masks.write_stacks),
    "boxes": ExportSet("Bounding boxes as CSV", boxes.write_boxes),
    "overlays": ExportSet("Pictures with outlines", masks.write_overlays),
    "crops": ExportSet("Crops with masks, by class", crops.write_crops),
    "geojson": ExportSet("GeoJSON (QuPath)", _files("geojson", geojson.ENDING, geojson.write)),
    "imagej": ExportSet("ImageJ ROIs", _files("rois", imagej.ENDING, imagej.write)),
}


def set_named(name: str) -> ExportSet:
    """The set, or ``InvalidInputError`` that lists those there are."""
    try:
        return SETS[name]
    except KeyError:
        raise InvalidInputError(f"There is no export set {name!r}. There are: {', '.join(SETS)}.") from None
