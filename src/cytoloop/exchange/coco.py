"""COCO instances of one image: polygons, and compressed run-length masks where there are holes.

``iscrowd`` is 0 throughout: COCO reserves 1 for regions that evaluation ignores, and its readers take
masks of either form. Points and lines have no place and are left out. ``cytoloop`` in an annotation holds
its kind, state, plane and id in Cytoloop; ids in the file run from 1.
"""

import logging
from collections.abc import Mapping, Sequence
from math import ceil, floor
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from cytoloop.annotations.geometry import Kind, kind_of, parse_geojson
from cytoloop.annotations.model import Status
from cytoloop.annotations.raster import labels_to_polygons, polygons_to_labels
from cytoloop.core.errors import InvalidGeometryError, InvalidInputError

from .limits import parsed_json
from .model import ExchangeImage, ExchangeObject, ExchangeTerm, ReadObjects
from .naming import (
    color_hex,
    color_parts,
    kind_named,
    mapping_or_empty,
    number_or_none,
    own_facts,
    plane_number,
    share_or_none,
    status_named,
    whole_or_none,
)
from .rle import MAX_MASK_PX, decoded, encoded

ENDING = ".coco.json"
UNCLASSIFIED = "unclassified"
_AREAS = {"Polygon", "MultiPolygon"}
_log = logging.getLogger(__name__)


def write(objects: Sequence[ExchangeObject], image: ExchangeImage, path: Path) -> None:
    """Write one image, its objects, and a category for each class."""
    path.write_bytes(orjson.dumps(content_of([(image, objects)])))


def content_of(images: Sequence[tuple[ExchangeImage, Sequence[ExchangeObject]]]) -> dict[str, Any]:
    """Images, their objects, and the classes of all of them as categories. Ids count from 1."""
    usable = [[one for one in objects if one.geometry.geom_type in _AREAS] for _, objects in images]
    left = sum(len(objects) for _, objects in images) - sum(map(len, usable))
    if left:
        _log.warning("%d points and lines were left out: COCO has no place for them.", left)
    terms = {one.term.name: one.term for objects in usable for one in objects if one.term is not None}
    numbers = {name: number for number, name in enumerate(terms, start=1)}
    categories = [_category(terms[name], number) for name, number in numbers.items()]
    if any(one.term is None for objects in usable for one in objects):
        numbers[""] = len(numbers) + 1
        categories.append({"id": numbers[""], "name": UNCLASSIFIED, "supercategory": "", "cytoloop": {"none": True}})
    annotations: list[dict[str, Any]] = []
    for image_id, ((image, _), objects) in enumerate(zip(images, usable, strict=True), start=1):
        for one in objects:
            category = numbers["" if one.term is None else one.term.name]
            annotations.append(_annotation(one, len(annotations) + 1, category, image) | {"image_id": image_id})
    named = ", ".join(image.name for image, _ in images[:3]) + (", ..." if len(images) > 3 else "")
    return {
        "info": {"description": f"Objects of {named}", "version": "1.0"},
        "licenses": [],
        "images": [
            {"id": number, "file_name": image.name, "width": image.width, "height": image.height}
            for number, (image, _) in enumerate(images, start=1)
        ],
        "categories": categories,
        "annotations": annotations,
    }


def _category(term: ExchangeTerm, number: int) -> dict[str, Any]:
    known: dict[str, Any] = {"id": number, "name": term.name, "supercategory": ""}
    color = color_parts(term.color)
    return known if color is None else known | {"color": color}


def _annotation(one: ExchangeObject, number: int, category: int, image: ExchangeImage) -> dict[str, Any]:
    x0, y0, x1, y1 = one.geometry.bounds
    known: dict[str, Any] = {
        "id": number,
        "image_id": 1,
        "category_id": category,
        "segmentation": _segmentation(one.geometry, image),
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": one.geometry.area,
        "iscrowd": 0,
    }
    if one.score is not None:
        known["score"] = one.score
    own = own_facts(one.kind, one.status, one.score, one.term_score, id=one.id, parent_id=one.parent_id)
    known["cytoloop"] = own | {"z": one.z, "t": one.t}
    return known


def _segmentation(geometry: BaseGeometry, image: ExchangeImage) -> Any:
    parts: list[Any] = list(getattr(geometry, "geoms", [geometry]))
    if not any(len(part.interiors) for part in parts):
        return [shapely.get_coordinates(part.exterior)[:-1].ravel().tolist() for part in parts]
    if image.width * image.height > MAX_MASK_PX:
        raise InvalidInputError(
            f"{image.name} has objects with holes, which COCO holds as masks, and masks of more than "
            f"{MAX_MASK_PX:,} px cannot be read. Export as GeoJSON instead."
        )
    x0, y0, x1, y1 = geometry.bounds
    left, top = max(0, floor(x0)), max(0, floor(y0))
    shape = (min(image.height, ceil(y1)) - top, min(image.width, ceil(x1)) - left)
    mask = polygons_to_labels([geometry], shape, x0=left, y0=top) > 0
    if not mask.any():  # thinner than a pixel: the outlines are the better approximation
        return [shapely.get_coordinates(part.exterior)[:-1].ravel().tolist() for part in parts]
    return encoded(mask, left, top, image.width, image.height)


def holds(content: Any) -> bool:
    """Whether parsed JSON is a COCO data set."""
    top = mapping_or_empty(content)
    return isinstance(top.get("annotations"), list) and isinstance(top.get("images"), list)


def read(path: Path, image: ExchangeImage) -> ReadObjects:
    """Read the objects of this image: the one of its name, or the only one of the file."""
    return read_content(parsed_json(path), image, path.name)


def read_content(content: Any, image: ExchangeImage, file_name: str) -> ReadObjects:
    """The same from parsed JSON."""
    chosen = _image_entry(content, image, file_name)
    width, height = whole_or_none(chosen.get("width")), whole_or_none(chosen.get("height"))
    if (width, height) != (image.width, image.height) and width is not None:
        raise InvalidInputError(
            f"{file_name} is for an image of {width} x {height} px, and {image.name} has "
            f"{image.width} x {image.height} px. Choose the image that it was made on."
        )
    categories = _categories(content)
    objects: list[ExchangeObject] = []
    empty = 0
    for number, entry in enumerate(content["annotations"]):
        known = mapping_or_empty(entry)
        if known.get("image_id") != chosen.get("id"):
            continue
        where = f"Annotation {number} of {file_name}"
        geometry, kind = _geometry(known, image, where)
        if geometry is None:
            empty += 1
            continue
        objects.append(_object(known, geometry, kind, categories))
    warnings = [f"{empty} annotations were left out because they have no outline."] if empty else []
    return ReadObjects(objects, warnings)


def _image_entry(content: Any, image: ExchangeImage, file_name: str) -> Mapping[str, Any]:
    images: list[Mapping[str, Any]] = [mapping_or_empty(one) for one in content["images"]]
    if len(images) == 1:
        return images[0]
    stem = PurePath(image.name).stem
    same = [one for one in images if PurePath(str(one.get("file_name"))).stem == stem]
    if len(same) == 1:
        return same[0]
    raise InvalidInputError(
        f"{file_name} holds {len(images)} images and {len(same)} of them are named {stem}. "
        "Rename the image as in the file, or export one image only."
    )


def _categories(content: Any) -> dict[Any, ExchangeTerm | None]:
    found: dict[Any, ExchangeTerm | None] = {}
    entries: list[Any] = content.get("categories") or []
    for entry in entries:
        known = mapping_or_empty(entry)
        if mapping_or_empty(known.get("cytoloop")).get("none") or not known.get("name"):
            found[known.get("id")] = None
        else:
            found[known.get("id")] = ExchangeTerm(str(known["name"]), color_hex(known.get("color")))
    return found


def _object(
    known: Mapping[str, Any],
    geometry: BaseGeometry,
    kind: Kind,
    categories: Mapping[Any, ExchangeTerm | None],
) -> ExchangeObject:
    own = mapping_or_empty(known.get("cytoloop"))
    score = number_or_none(known.get("score"))
    return ExchangeObject(
        geometry=geometry,
        kind=kind_named(own["kind"], geometry) if "kind" in own else kind,
        term=categories.get(known.get("category_id")),
        status=status_named(own.get("status"), Status.ACCEPTED if score is None else Status.PREDICTED),
        score=score,
        term_score=share_or_none(own.get("term_score")),
        z=plane_number(own.get("z")),
        t=plane_number(own.get("t")),
        id=whole_or_none(own.get("id")),
        parent_id=whole_or_none(own.get("parent_id")),
    )


def _geometry(known: Mapping[str, Any], image: ExchangeImage, where: str) -> tuple[BaseGeometry | None, Kind]:
    segmentation: Any = known.get("segmentation")
    if isinstance(segmentation, dict):
        geometry = _of_mask(segmentation, image, where)
        return geometry, Kind.POLYGON if geometry is None else kind_of(geometry)
    if isinstance(segmentation, list) and segmentation:
        rings: list[Any] = segmentation
        parts = [_of_ring(ring, where) for ring in rings]
        geometry = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
        if len(parts) > 1 and not geometry.is_valid:
            geometry = shapely.union_all(parts)
        return geometry, kind_of(geometry)
    return _of_box(known.get("bbox"), where), Kind.RECTANGLE


def _of_mask(segmentation: Mapping[str, Any], image: ExchangeImage, where: str) -> BaseGeometry | None:
    counts: Any = segmentation.get("counts")
    size: Any = segmentation.get("size")
    if size != [image.height, image.width] or not isinstance(counts, str | list):
        raise InvalidInputError(
            f"{where} has a mask of size {size}; {image.name} has [{image.height}, {image.width}]. "
            "Choose the image that it was made on."
        )
    try:
        found = decoded(counts, image.width, image.height, where)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInputError(f"{where} has a damaged mask. Export it again.") from error
    if found is None:
        return None
    mask, x0, y0 = found
    _, polygons = labels_to_polygons(mask.astype(np.int32), x0=x0, y0=y0)
    return polygons[0]


def _of_ring(ring: Any, where: str) -> shapely.Polygon:
    try:
        points = np.asarray(ring, dtype=np.float64).reshape(-1, 2)
    except (TypeError, ValueError) as error:
        raise InvalidGeometryError(
            f"{where} has an outline that is no flat list of x, y, x, y, ... Export it again."
        ) from error
    parsed = parse_geojson({"type": "Polygon", "coordinates": [points.tolist()]}, where)
    assert isinstance(parsed, shapely.Polygon)
    return parsed


def _of_box(box: Any, where: str) -> BaseGeometry | None:
    if not isinstance(box, list) or len(box) != 4:
        return None
    sides = [number_or_none(side) for side in box]
    if any(side is None for side in sides):
        raise InvalidGeometryError(f"{where} has a bbox that is not four finite numbers.")
    x, y, width, height = (side for side in sides if side is not None)
    if width <= 0 or height <= 0:
        return None
    return shapely.Polygon([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])
