"""``cytoloop spatial`` on files: what the page tells of a layer, without a server."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import shapely
import tifffile
from shapely.geometry import mapping

from .test_command_line import call, refused


def feature(outline: shapely.Polygon, kind: str | None = None) -> dict[str, object]:
    properties = {} if kind is None else {"classification": {"name": kind}}
    return {"type": "Feature", "geometry": mapping(outline), "properties": properties}


def written(path: Path, *features: dict[str, object]) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.fixture
def image(tmp_path: Path) -> Path:
    tifffile.imwrite(tmp_path / "plain.tif", np.zeros((100, 200), np.uint8))
    return tmp_path / "plain.tif"


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    """Squares of 4 px around (10, 10), (30, 10) and (150, 50)."""
    squares = [shapely.box(x - 2, y - 2, x + 2, y + 2) for x, y in ((10, 10), (30, 10), (150, 50))]
    kinds = ("Tumour", "Immune", None)
    return written(tmp_path / "cells.geojson", *(feature(one, kind) for one, kind in zip(squares, kinds, strict=True)))


@pytest.fixture
def regions(tmp_path: Path) -> Path:
    return written(
        tmp_path / "regions.geojson",
        feature(shapely.box(0, 0, 100, 100), "Tissue"),
        feature(shapely.box(100, 0, 200, 100), "Glass"),
    )


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_objects_are_counted_by_region_and_class(image: Path, objects: Path, regions: Path, tmp_path: Path) -> None:
    told = call("spatial", "regions", image, objects, regions, "--out", tmp_path / "out/table.csv").stdout
    assert "3 objects in 2 regions" in told

    counts = {(row["region"], row["class"]): row["count"] for row in rows(tmp_path / "out/table.csv")}
    assert counts == {
        ("Tissue 1", ""): "0", ("Tissue 1", "Immune"): "1", ("Tissue 1", "Tumour"): "1",
        ("Glass 2", ""): "1", ("Glass 2", "Immune"): "0", ("Glass 2", "Tumour"): "0",
    }  # fmt: skip
    tumour = next(row for row in rows(tmp_path / "out/table.csv") if row["class"] == "Tumour" and row["count"] == "1")
    assert (float(tumour["region area [px^2]"]), float(tumour["area ratio"])) == (10_000, 16 / 10_000)
    assert float(tumour["density [1/Mpx]"]) == 100


def test_a_class_of_regions_and_the_size_of_a_pixel(image: Path, objects: Path, regions: Path) -> None:
    order = ["spatial", "regions", image, objects, regions, "--region-class", "Glass", "--pixel-um", "0.5", "--json"]
    table = json.loads(call(*order).stdout)

    assert table["columns"][1] == "region area [um^2]"
    assert [row[:4] for row in table["rows"] if row[3]] == [["Glass 2", 2_500.0, "", 1]]


def test_distances_are_those_to_the_nearest_other_object(image: Path, objects: Path, tmp_path: Path) -> None:
    out = tmp_path / "distances.csv"
    told = call("spatial", "distances", image, objects, "--within", 25, "--out", out).stdout

    assert "2 at most 25 px away" in told
    far = float(np.hypot(120, 40))
    assert [float(row["distance [px]"]) for row in rows(out)] == pytest.approx([20, 20, far])


def test_distances_between_classes_and_files(image: Path, objects: Path, regions: Path) -> None:
    def distances(*more: object) -> list[list[object]]:
        return json.loads(call("spatial", "distances", image, objects, "--json", *more).stdout)["rows"]

    assert distances("--from", "Tumour", "--to", "Immune") == [[1, "Tumour", 20.0]]
    assert distances("--from", "Tumour", "--to", "Tumour") == [[1, "Tumour", None]]
    assert distances("--from", "Tumour", "--to-objects", regions)[0][2] == pytest.approx(float(np.hypot(40, 40)))


def test_what_cannot_be_asked_is_told(image: Path, objects: Path, regions: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.geojson"
    written(points, {**feature(shapely.box(0, 0, 1, 1)), "geometry": {"type": "Point", "coordinates": [5, 5]}})

    assert "--out" in refused("spatial", "regions", image, objects, regions)
    assert ".csv" in refused("spatial", "regions", image, objects, regions, "--out", tmp_path / "table.xlsx")
    assert "holds no area" in refused("spatial", "regions", image, objects, points, "--json")
    assert "Classes in it: 'Immune', 'Tumour'." in refused(
        "spatial", "distances", image, objects, "--to", "X", "--json"
    )
    assert "is none of them" in refused("spatial", "distances", image, objects, "--z", 3, "--json")
    assert "cannot be opened" in refused("spatial", "distances", image, tmp_path / "nothing.csv", "--json")
