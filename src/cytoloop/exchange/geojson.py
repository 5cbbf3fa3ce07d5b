"""GeoJSON as QuPath reads and writes it: a FeatureCollection, one feature an object, coordinates in px.

``properties.cytoloop`` holds what QuPath has no place for: kind, state, score, id, parent, and what people
wrote on the object. Plain values that another program wrote beside become properties.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

from cytoloop.annotations.geometry import Kind, parse_geojson, to_geojson
from cytoloop.annotations.model import Status
from cytoloop.core.errors import InvalidInputError

from .details import details_facts, details_of
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

ENDING = ".geojson"
_PARTS = {"MultiPoint": "Point", "MultiLineString": "LineString"}
_PLAIN = {"Point", "LineString", "Polygon", "MultiPolygon"}


def write(objects: Sequence[ExchangeObject], image: ExchangeImage, path: Path) -> None:
    """Write a FeatureCollection. Nothing is lost; coordinates are exact."""
    with path.open("wb") as file:
        file.write(b'{"type":"FeatureCollection","features":[')
        for number, one in enumerate(objects):
            file.write(b",\n" if number else b"\n")
            file.write(orjson.dumps(_feature(one, image)))
        file.write(b"\n]}\n")


def _feature(one: ExchangeObject, image: ExchangeImage) -> dict[str, Any]:
    geometry = to_geojson(one.geometry)
    if one.z or one.t:
        geometry["plane"] = {"c": -1, "z": one.z, "t": one.t}
    if one.kind is Kind.ELLIPSE:
        geometry["isEllipse"] = True
    predicted = one.status is Status.PREDICTED
    properties: dict[str, Any] = dict(one.properties)
    properties["objectType"] = "detection" if predicted else "annotation"
    if one.term is not None:
        color = color_parts(one.term.color)
        properties["classification"] = {"name": one.term.name} | ({"color": color} if color else {})
    properties["isLocked"] = one.locked
    facts = own_facts(one.kind, one.status, one.score, one.term_score, id=one.id, parent_id=one.parent_id)
    properties["cytoloop"] = facts | details_facts(one.details)
    feature: dict[str, Any] = {"type": "Feature"}
    if one.id is not None:  # QuPath wants UUIDs
        feature["id"] = str(uuid5(NAMESPACE_URL, f"cytoloop:{image.name}/{one.id}"))
    return feature | {"geometry": geometry, "properties": properties}


def holds(content: Any) -> bool:
    """Whether parsed JSON is GeoJSON, or an array of features as older QuPath versions write."""
    if isinstance(content, list):
        items: list[Any] = content
        return all(mapping_or_empty(item).get("type") == "Feature" for item in items[:10])
    return mapping_or_empty(content).get("type") in {"FeatureCollection", "Feature"}


def read(path: Path) -> ReadObjects:
    """Read what this module, QuPath 0.2 to 0.6, or any GIS program wrote in px."""
    return read_content(parsed_json(path), path.name)


def read_content(content: Any, file_name: str) -> ReadObjects:
    """The same from parsed JSON."""
    features = _features(content, file_name)
    objects: list[ExchangeObject] = []
    unusable: dict[str, int] = {}
    nuclei = 0
    for number, feature in enumerate(features):
        where = f"Feature {number} of {file_name}"
        geometry = mapping_or_empty(feature).get("geometry")
        shape = mapping_or_empty(geometry)
        if shape.get("type") not in _PLAIN | set(_PARTS):
            name = str(shape.get("type", "feature without geometry"))[:40]
            unusable[name] = unusable.get(name, 0) + 1
            continue
        nuclei += "nucleusGeometry" in feature
        objects.extend(_object(part, shape, feature, where) for part in _parts(shape, where))
    warnings = [f"{count} objects were left out: {name} cannot be an object." for name, count in unusable.items()]
    if nuclei:
        warnings.append(f"The nucleus outlines of {nuclei} cells were left out; their cells were taken.")
    return ReadObjects(objects, warnings)


def _features(content: Any, file_name: str) -> list[Any]:
    if isinstance(content, list):
        return content
    top = mapping_or_empty(content)
    if top.get("type") == "Feature":
        return [top]
    features = top.get("features")
    if not isinstance(features, list):
        raise InvalidInputError(
            f"{file_name} is no GeoJSON: it has no list of features. Export it as GeoJSON from QuPath."
        )
    return features


def _parts(shape: Mapping[str, Any], where: str) -> list[Mapping[str, Any]]:
    single = _PARTS.get(shape["type"])
    if single is None:
        return [shape]
    coordinates = shape.get("coordinates")
    if not isinstance(coordinates, list) or not coordinates:
        raise InvalidInputError(f"{where} is empty: it has no coordinates.")
    parts: list[Any] = coordinates
    return [{"type": single, "coordinates": part} for part in parts]


def _object(
    part: Mapping[str, Any], shape: Mapping[str, Any], feature: Mapping[str, Any], where: str
) -> ExchangeObject:
    geometry = parse_geojson(part, where)
    properties = mapping_or_empty(feature.get("properties"))
    own = mapping_or_empty(properties.get("cytoloop"))
    plane = mapping_or_empty(shape.get("plane") or properties.get("plane"))
    object_type = properties.get("objectType", properties.get("object_type", ""))
    found = object_type in {"detection", "cell", "tile"}
    kind = own.get("kind", "ellipse" if shape.get("isEllipse") is True else "")
    other = _other(properties)
    return ExchangeObject(
        geometry=geometry,
        kind=kind_named(kind, geometry),
        term=_term(properties.get("classification")),
        status=status_named(own.get("status"), Status.PREDICTED if found else Status.ACCEPTED),
        score=number_or_none(own.get("score")),
        term_score=share_or_none(own.get("term_score")),
        z=plane_number(plane.get("z")),
        t=plane_number(plane.get("t")),
        id=whole_or_none(own.get("id")),
        parent_id=whole_or_none(own.get("parent_id")),
        properties=other,
        details=details_of(own, other),
        locked=properties.get("isLocked") is True,
    )


def _term(classification: Any) -> ExchangeTerm | None:
    if isinstance(classification, str) and classification:
        return ExchangeTerm(classification)
    known = mapping_or_empty(classification)
    names = known.get("names")
    name = known.get("name")
    if not name and isinstance(names, list):
        parts: list[Any] = names
        name = ": ".join(str(part) for part in parts)
    if not name:
        return None
    return ExchangeTerm(str(name), color_hex(known.get("color", known.get("colorRGB"))))


_READ = {"cytoloop", "classification", "objectType", "object_type", "isLocked", "plane"}


def _other(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What else a file knows; older QuPath lists measurements as ``{name, value}``."""
    other = {key: value for key, value in properties.items() if key not in _READ}
    measurements = other.get("measurements")
    if isinstance(measurements, list):
        listed: list[Any] = measurements
        named = [mapping_or_empty(one) for one in listed]
        other["measurements"] = {str(one["name"]): one.get("value") for one in named if "name" in one}
    return other
