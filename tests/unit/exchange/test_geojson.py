import json
from pathlib import Path

import pytest
import shapely

from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import Status
from cytoloop.core.errors import InvalidInputError
from cytoloop.exchange.formats import read_objects, write_objects
from cytoloop.exchange.model import ExchangeObject, ExchangeTerm, ReadObjects

from .strategies import IMAGE

SQUARE = {"type": "Polygon", "coordinates": [[[1, 1], [9, 1], [9, 9], [1, 9], [1, 1]]]}


def read(content: object, tmp_path: Path) -> ReadObjects:
    path = tmp_path / "qupath.geojson"
    path.write_text(json.dumps(content))
    return read_objects(path, IMAGE)


def feature(geometry: object = SQUARE, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "id": "PathAnnotationObject", "geometry": geometry, "properties": properties}


def test_written_as_qupath_reads_it(tmp_path: Path) -> None:
    term = ExchangeTerm("Tumor", "#c80000")
    cell = ExchangeObject(
        shapely.box(1, 1, 5, 5),
        Kind.POLYGON,
        term,
        Status.PREDICTED,
        0.5,
        z=2,
        id=7,
        properties={"measurements": {"a": 1}},
    )
    path = write_objects("geojson", [cell], IMAGE, tmp_path, "x")
    content = json.loads(path.read_text())
    assert content["type"] == "FeatureCollection"
    (one,) = content["features"]
    assert len(one["id"]) == 36
    assert one["geometry"]["plane"] == {"c": -1, "z": 2, "t": 0}
    assert one["properties"]["objectType"] == "detection"
    assert one["properties"]["classification"] == {"name": "Tumor", "color": [200, 0, 0]}
    assert one["properties"]["isLocked"] is False
    assert one["properties"]["measurements"] == {"a": 1}
    assert one["properties"]["cytoloop"] == {"kind": "polygon", "status": "predicted", "score": 0.5, "id": 7}


def test_reads_todays_qupath(tmp_path: Path) -> None:
    content = {
        "type": "FeatureCollection",
        "features": [
            feature(
                SQUARE | {"plane": {"c": -1, "z": 1, "t": 0}, "isEllipse": True},
                objectType="cell",
                classification={"name": "Immune", "color": [160, 90, 160]},
                measurements={"Area": 64, "Odd": float("nan")},
            )
            | {"nucleusGeometry": SQUARE},
            feature(objectType="annotation", classification={"names": ["Tumor", "Positive"], "color": [1, 2, 3]}),
        ],
    }
    found = read(content, tmp_path)
    cell, region = found.objects
    assert (cell.kind, cell.status, cell.z) == (Kind.ELLIPSE, Status.PREDICTED, 1)
    assert cell.term == ExchangeTerm("Immune", "#a05aa0")
    assert cell.properties["measurements"]["Area"] == 64
    assert (region.status, region.term) == (Status.ACCEPTED, ExchangeTerm("Tumor: Positive", "#010203"))
    assert found.warnings == ["The nucleus outlines of 1 cells were left out; their cells were taken."]


def test_reads_older_qupath(tmp_path: Path) -> None:
    old = feature(
        classification={"name": "Tumor", "colorRGB": -3670016},
        measurements=[{"name": "Area", "value": 3.5}],
        object_type="detection",
    )
    (one,) = read([old], tmp_path).objects  # a bare array of features
    assert one.term == ExchangeTerm("Tumor", "#c80000")
    assert one.properties["measurements"] == {"Area": 3.5}
    assert one.status is Status.PREDICTED
    assert read(old, tmp_path).objects[0].term == one.term  # one feature alone


def test_several_points_become_objects_each(tmp_path: Path) -> None:
    found = read([feature({"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]})], tmp_path)
    assert [one.geometry.wkt for one in found.objects] == ["POINT (1 2)", "POINT (3 4)"]


def test_what_cannot_be_an_object_is_told(tmp_path: Path) -> None:
    found = read([feature({"type": "GeometryCollection", "geometries": []}), feature(None), feature()], tmp_path)
    assert len(found.objects) == 1
    assert len(found.warnings) == 2


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Polygon", "coordinates": [[[1, 1], [float("nan"), 1], [9, 9], [1, 1]]]},
        {"type": "Polygon", "coordinates": "none"},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon"},
        {"type": "Point", "coordinates": [1]},
        {"type": "MultiPoint", "coordinates": []},
        {"type": "LineString", "coordinates": [[1, float("inf")], [2, 2]]},
    ],
)
def test_malformed_geometry_is_refused_by_number(geometry: object, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"Feature 1 of qupath.geojson"):
        read([feature(), feature(geometry)], tmp_path)
