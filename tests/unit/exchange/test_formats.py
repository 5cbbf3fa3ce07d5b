from pathlib import Path

import pytest
import shapely

from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import Status
from cytoloop.core.errors import InvalidInputError
from cytoloop.exchange.formats import format_named, read_objects, write_objects
from cytoloop.exchange.model import ExchangeObject, ExchangeTerm

from .strategies import IMAGE


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.geojson", b"", "empty"),
        ("blank.csv", b"  \n ", "empty"),
        ("cut.geojson", b'{"type": "FeatureCollection", "features": [{"ty', "no complete JSON"),
        ("cut2.json", b'{"a": NaN, "b": [', "no complete JSON"),
        ("other.json", b'{"hello": 1}', "neither GeoJSON"),
        ("list.json", b"[1, 2, 3]", "neither GeoJSON"),
        ("number.json", b"12", "neither GeoJSON"),
        ("nofeatures.geojson", b'{"type": "FeatureCollection"}', "no list of features"),
        ("deep.json", b"[" * 100_000, "no complete JSON"),
        ("binary.bin", b"\0\1\2\3" * 50, "no annotation file"),
        ("none.csv", b"a,b\n1,2\n", "no column of outlines"),
        ("bad.csv", b"id,wkt\n1,POLYGON ((0 0\n", r"Row 2 of bad\.csv"),
        ("nan.csv", b"wkt\nPOINT (nan 1)\n", r"Row 2 of nan\.csv"),
        ("gone.csv", b"wkt\n\nPOINT EMPTY\n", r"of gone\.csv"),
        ("collection.csv", b"wkt\nGEOMETRYCOLLECTION (POINT (1 1))\n", "POLYGON or MULTIPOLYGON"),
        ("latin.csv", "wkt,class\nPOINT (1 1),Zw\xf6lf\n".encode("latin-1"), "UTF-8"),
        ("fake.zip", b"PK\x03\x04 nothing else", "no zip"),
        ("fake.tif", b"II*\0 nothing else", "damaged"),
        ("fake.png", b"\x89PNG\r\n\x1a\n nothing", "damaged"),
    ],
)
def test_malformed_files_are_refused_in_words(name: str, content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=words) as caught:
        read_objects(path, IMAGE)
    assert name in caught.value.message
    assert str(tmp_path) not in caught.value.message


def test_files_beyond_the_limit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cytoloop.exchange.limits.MAX_TEXT_BYTES", 10)
    (tmp_path / "large.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(InvalidInputError, match="at most 10"):
        read_objects(tmp_path / "large.geojson", IMAGE)


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    made = [ExchangeObject(shapely.box(1, 1, 5, 5), Kind.POLYGON)]
    for name in ("geojson", "coco", "labels", "imagej"):
        path = write_objects(name, made, IMAGE, tmp_path, name).rename(tmp_path / f"{name}.dat")
        assert len(read_objects(path, IMAGE).objects) == 1, name


def test_an_unknown_format_names_the_known() -> None:
    with pytest.raises(InvalidInputError, match="geojson, coco, labels, imagej, csv"):
        format_named("shp")


def test_a_failed_export_leaves_nothing(tmp_path: Path) -> None:
    broken = [ExchangeObject(shapely.GeometryCollection([shapely.Point(1, 1)]), Kind.POINT)]
    with pytest.raises(InvalidInputError):
        write_objects("geojson", broken, IMAGE, tmp_path, "x")
    assert list(tmp_path.iterdir()) == []


def test_tables_of_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "gis.csv"
    path.write_text('﻿Geometry;Class;Score;Z\n"POLYGON ((0 0, 9 0, 9 9, 0 0))";Nucleus;0.5;1\nPOINT Z (3 4 5);;;\n')
    first, second = read_objects(path, IMAGE).objects
    assert (first.kind, first.term, first.score, first.z) == (Kind.POLYGON, ExchangeTerm("Nucleus"), 0.5, 1)
    assert (second.geometry.wkt, second.term, second.status) == ("POINT (3 4)", None, Status.ACCEPTED)


def test_names_that_a_spreadsheet_would_run_are_defused(tmp_path: Path) -> None:
    made = [ExchangeObject(shapely.Point(1, 1), Kind.POINT, ExchangeTerm(name)) for name in ("=1+1", "'quoted", "-x")]
    path = write_objects("csv", made, IMAGE, tmp_path, "x")
    assert "'=1+1" in path.read_text()
    assert [one.term for one in read_objects(path, IMAGE).objects] == [one.term for one in made]
