import tempfile
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings

from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.raster import polygons_to_labels
from cytoloop.exchange.formats import FORMATS, read_objects, write_objects
from cytoloop.exchange.model import ExchangeObject

from .strategies import IMAGE, objects, single

AREAS = {"Polygon", "MultiPolygon"}


def back(format_name: str, made: list[ExchangeObject]) -> list[ExchangeObject]:
    with tempfile.TemporaryDirectory() as folder:
        path = write_objects(format_name, made, IMAGE, Path(folder), "slide 1")
        assert path.name.startswith("slide 1.")
        assert [one.name for one in Path(folder).iterdir()] == [path.name]
        found = read_objects(path, IMAGE)
    assert not found.warnings
    return list(found.objects)


def assert_same_facts(one: ExchangeObject, other: ExchangeObject) -> None:
    for name in ("kind", "term", "status", "score", "z", "t", "id", "parent_id"):
        assert getattr(one, name) == getattr(other, name), name


@pytest.mark.parametrize("format_name", ["geojson", "csv"])
@given(made=objects())
@settings(deadline=None, max_examples=60)
def test_text_formats_keep_everything(format_name: str, made: list[ExchangeObject]) -> None:
    found = back(format_name, made)
    assert len(found) == len(made)
    for one, other in zip(made, found, strict=True):
        assert one.geometry.wkb == other.geometry.wkb
        assert_same_facts(one, other)
        if format_name == "geojson":
            assert (one.details, one.locked) == (other.details, other.locked)


@given(made=objects(single))
@settings(deadline=None, max_examples=60)
def test_imagej_keeps_everything_in_single_precision(made: list[ExchangeObject]) -> None:
    found = back("imagej", made)
    assert len(found) == len(made)
    for one, other in zip(made, found, strict=True):
        assert shapely.equals_exact(one.geometry, other.geometry, 0, normalize=True)
        assert_same_facts(one, other)


@given(made=objects())
@settings(deadline=None, max_examples=60)
def test_coco_keeps_polygons_exactly_and_holes_to_the_pixel(made: list[ExchangeObject]) -> None:
    wanted = [one for one in made if one.geometry.geom_type in AREAS]
    found = back("coco", made)
    assert len(found) == len(wanted)
    for one, other in zip(wanted, found, strict=True):
        parts = getattr(one.geometry, "geoms", [one.geometry])
        if any(len(part.interiors) for part in parts):
            burnt = [polygons_to_labels([g.geometry], (200, 300)) for g in (one, other)]
            assert np.array_equal(*burnt)
        else:
            assert one.geometry.wkb == other.geometry.wkb
            assert one.kind is other.kind
        assert (one.term, one.status, one.score, one.id, one.z, one.t) == (
            other.term, other.status, other.score, other.id, other.z, other.t
        )  # fmt: skip


@given(made=objects())
@settings(deadline=None, max_examples=60)
def test_labels_are_exact_to_the_pixel(made: list[ExchangeObject]) -> None:
    found = back("labels", made)
    for t in range(2):
        for z in range(3):
            burnt = [
                polygons_to_labels(
                    [one.geometry for one in some if (one.z, one.t) == (z, t)],
                    (200, 300),
                    values=[one.id or 0 for one in some if (one.z, one.t) == (z, t)],
                )
                for some in (made, found)
            ]
            assert np.array_equal(*burnt)


@pytest.mark.parametrize("format_name", FORMATS)
def test_touching_cells_stay_apart(format_name: str) -> None:
    cells = [
        ExchangeObject(shapely.box(x, y, x + 20, y + 20), Kind.POLYGON, id=number)
        for number, (x, y) in enumerate([(0, 0), (20, 0), (0, 20), (20, 20)], start=1)
    ]
    found = back(format_name, cells)
    assert [one.geometry.area for one in found] == [400] * 4
    assert {one.id for one in found} == {1, 2, 3, 4}


@pytest.mark.parametrize("format_name", FORMATS)
def test_an_export_without_objects_can_be_read(format_name: str) -> None:
    assert back(format_name, []) == []
