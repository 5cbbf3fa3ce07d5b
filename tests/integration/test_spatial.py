"""Questions about where objects lie, as a script asks them."""

import csv
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .conftest import running
from .driver import Driver, square, tiff_bytes

CELL_PX = 4


class Slide:
    """Two classes of small squares, two overlapping regions in a layer of their own, and no pixel size unless asked."""

    def __init__(self, api: Driver, content: bytes | None = None) -> None:
        self.api = api
        self.project = api.project()
        self.red, self.blue, self.area = (
            api.ok(api.post(f"/projects/{self.project}/terms", {"name": name}))["id"]
            for name in ("Red", "=Blue", "Tissue")
        )
        self.image = api.image(self.project, content=content)["id"]
        self.cells = api.layer(self.image)
        self.regions = api.ok(api.post(f"/images/{self.image}/layers", {"name": "Regions"}))["id"]
        self.places = {self.red: [(10, 10), (30, 10), (60, 60)], self.blue: [(12, 10), (100, 100)], None: [(61, 70)]}
        creates = [
            {"geometry": square(x - 2, y - 2, CELL_PX), "term_id": term}
            for term, places in self.places.items()
            for x, y in places
        ]
        rejected = {"geometry": square(9, 9, CELL_PX), "term_id": self.red, "status": "rejected"}
        api.ok(api.post(f"/layers/{self.cells}/changes", {"creates": [*creates, rejected]}))
        areas = [{"geometry": square(0, 0, 40), "term_id": self.area}, {"geometry": square(20, 0, 50)}]
        line = {"geometry": {"type": "LineString", "coordinates": [[0, 0], [9, 9]]}}
        made = api.ok(api.post(f"/layers/{self.regions}/changes", {"creates": [*areas, line]}))
        self.region_ids = made["created_ids"]

    def ask(self, what: str, **query: Any) -> Any:
        return self.api.get(f"/layers/{self.cells}/spatial/{what}", params=query)


@pytest.fixture
def api(tmp_path: Path) -> Any:
    with running(tmp_path / "home") as (driver, _):
        yield driver


def counts(row: dict[str, Any]) -> dict[int | None, int]:
    return {one["term_id"]: one["count"] for one in row["classes"]}


def test_objects_are_counted_by_class_in_each_region(api: Driver) -> None:
    slide = Slide(api)
    found = api.ok(slide.ask("regions", region_layer_id=slide.regions))
    first, second = found["regions"]
    assert (found["unit"], found["density_unit"]) == ("px", "1/Mpx")
    assert [one["annotation_id"] for one in found["regions"]] == slide.region_ids[:2]
    assert (first["area"], first["count"], counts(first)) == (1600, 3, {None: 0, slide.red: 2, slide.blue: 1})
    assert (second["area"], counts(second)) == (2500, {None: 0, slide.red: 1, slide.blue: 0})
    red = next(one for one in first["classes"] if one["term_id"] == slide.red)
    assert (red["area"], red["area_ratio"], red["density"]) == (32, 0.02, 1250)
    totals = {one["term_id"]: (one["inside"], one["outside"]) for one in found["totals"]}
    assert totals == {slide.red: (2, 1), slide.blue: (1, 1), None: (0, 1)}


def test_regions_are_chosen_by_class_by_number_and_by_drawing(api: Driver) -> None:
    slide = Slide(api)
    by_class = api.ok(slide.ask("regions", region_layer_id=slide.regions, region_term_id=slide.area))
    by_number = api.ok(slide.ask("regions", region_layer_id=slide.regions, region_ids=slide.region_ids[1]))
    drawn = api.ok(slide.ask("regions", region_wkt="POLYGON ((55 55, 70 55, 70 70, 55 70, 55 55))"))
    assert [one["annotation_id"] for one in by_class["regions"]] == slide.region_ids[:1]
    assert [one["annotation_id"] for one in by_number["regions"]] == slide.region_ids[1:2]
    assert [(one["annotation_id"], counts(one)) for one in drawn["regions"]] == [
        (None, {slide.red: 1, slide.blue: 0, None: 1})
    ]
    nothing = api.ok(slide.ask("regions", region_layer_id=slide.regions, region_term_id=slide.blue))
    assert nothing["regions"] == []
    assert sum(one["outside"] for one in nothing["totals"]) == 6


def test_a_region_is_not_counted_in_itself(api: Driver) -> None:
    slide = Slide(api)
    path = f"/layers/{slide.regions}/spatial/regions"
    found = api.ok(api.get(path, params={"region_layer_id": slide.regions, "region_term_id": slide.area}))
    assert found["regions"][0]["count"] == 1  # the line; the other region's centre lies outside


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ({}, 422, "region_layer_id"),
        ({"region_wkt": "POLYGON (("}, 422, "WKT"),
        ({"region_wkt": "POINT (1 1)"}, 422, "POLYGON"),
        ({"region_wkt": "POLYGON EMPTY"}, 422, "area"),
        ({"region_wkt": "POLYGON ((0 0, 9 9, 9 0, 0 9, 0 0))"}, 422, "crosses itself"),
        ({"region_layer_id": "00000000-0000-0000-0000-000000000000"}, 404, "no"),
        ({"region_term_id": -1, "region_wkt": "x"}, 422, "region_term_id"),
    ],
)
def test_what_cannot_be_a_region_is_told(api: Driver, query: dict[str, Any], status: int, says: str) -> None:
    slide = Slide(api)
    answer = slide.ask("regions", **query)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.text


def test_a_layer_of_another_image_holds_no_regions(api: Driver) -> None:
    slide, other = Slide(api), Slide(api)
    for what, name in (("regions", "region_layer_id"), ("neighbours", "to_layer_id")):
        answer = slide.ask(what, **{name: other.regions})
        assert answer.status_code == 422
        assert "another image" in answer.json()["detail"]


def test_distances_to_the_nearest_of_a_class(api: Driver) -> None:
    slide = Slide(api)
    found = api.ok(slide.ask("neighbours", term_id=slide.red, to_term_id=slide.blue, reach=20))
    expected = [2.0, 18.0, math.hypot(40, 40)]
    assert (found["origin_count"], found["target_count"], found["count"]) == (3, 2, 3)
    assert found["within"] == 2
    assert [found[name] for name in ("minimum", "median", "maximum", "mean")] == pytest.approx(
        [2, 18, expected[2], np.mean(expected)]
    )
    assert sum(found["counts"]) == 3


def test_no_object_is_its_own_neighbour(api: Driver) -> None:
    slide = Slide(api)
    alone = api.ok(slide.ask("neighbours", term_id=0, to_term_id=0))
    assert (alone["origin_count"], alone["count"], alone["median"]) == (1, 0, None)
    among_all = api.ok(slide.ask("neighbours", term_id=slide.red))
    assert among_all["minimum"] == 2
    nothing = api.ok(slide.ask("neighbours", term_id=slide.area))
    assert (nothing["origin_count"], nothing["count"], nothing["counts"]) == (0, 0, [])


def test_micrometres_where_the_pixel_size_is_known(api: Driver) -> None:
    content = tiff_bytes(imagej=True, resolution=(2.0, 4.0), metadata={"unit": "um"})
    slide = Slide(api, content)
    found = api.ok(slide.ask("regions", region_layer_id=slide.regions))
    assert (found["unit"], found["regions"][0]["area"]) == ("um", pytest.approx(1600 / 8))
    red = next(one for one in found["regions"][0]["classes"] if one["term_id"] == slide.red)
    assert (red["area_ratio"], red["density"]) == (pytest.approx(0.02), pytest.approx(2 / 200 * 1e6))
    near = api.ok(slide.ask("neighbours", term_id=slide.red, to_term_id=slide.blue))
    assert (near["unit"], near["minimum"]) == ("um", pytest.approx(1.0))
    assert near["maximum"] == pytest.approx(math.hypot(40 / 2, 40 / 4))
    scale = api.ok(api.get(f"/layers/{slide.cells}/density"))
    assert (scale["unit"], scale["most"]) == ("1/mm^2", pytest.approx(7 / 512**2 * 8 * 1e6))


def test_the_answers_are_tables_to_keep(api: Driver) -> None:
    slide = Slide(api)
    answer = slide.ask("regions.csv", region_layer_id=slide.regions)
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert len(rows) == 2 * 3
    assert {one["class"] for one in rows} == {"", "Red", "'=Blue"}, "a spreadsheet must not take a name for a formula"
    assert rows[1] | {"region id": ""} == {
        "region": f"Regions {slide.region_ids[0]}",
        "region id": "",
        "region area [px^2]": "1600.0",
        "class": "Red",
        "count": "2",
        "object area [px^2]": "32.0",
        "area ratio": "0.02",
        "density [1/Mpx]": "1250.0",
    }
    distances = list(csv.DictReader(io.StringIO(slide.ask("neighbours.csv", term_id=slide.red).text)))
    assert [float(one["distance [px]"]) for one in distances] == pytest.approx([2, 18, math.hypot(1, 10)])
    alone = list(csv.DictReader(io.StringIO(slide.ask("neighbours.csv", term_id=0, to_term_id=0).text)))
    assert [one["distance [px]"] for one in alone] == [""]


def field(api: Driver, layer: str, **query: Any) -> np.ndarray:
    answer = api.get(f"/layers/{layer}/density/0/0/0", params=query)
    assert answer.status_code == 200, answer.text
    return np.frombuffer(answer.content, "<f4").reshape(128, 128)


def test_the_density_map_follows_the_objects_of_its_class(api: Driver) -> None:
    slide = Slide(api)
    every, blue = field(api, slide.cells, radius=10), field(api, slide.cells, radius=10, term_id=slide.blue)
    assert every.sum() * 16 / 1e6 == pytest.approx(6, rel=0.15), "the image's corner cuts a little off"
    row, column = np.unravel_index(blue.argmax(), blue.shape)
    assert (row, column) in {(2, 3), (25, 25), (25, 24), (24, 25), (24, 24)}
    assert field(api, slide.regions, radius=10, term_id=slide.blue).max() == 0
    path = f"/layers/{slide.cells}/density/0/0/0?radius=10"
    tag = api.get(path).headers["etag"]
    assert api.get(path, headers={"if-none-match": tag}).status_code == 304
    api.ok(api.post(f"/layers/{slide.cells}/changes", {"creates": [{"geometry": square(80, 20)}]}))
    assert api.get(path, headers={"if-none-match": tag}).status_code == 200


@pytest.mark.parametrize("query", [{"radius": 0}, {"radius": "nan"}, {"radius": 1e9}, {"term_id": -1}])
def test_a_density_map_has_limits(api: Driver, query: dict[str, Any]) -> None:
    slide = Slide(api)
    assert api.get(f"/layers/{slide.cells}/density/0/0/0", params=query).status_code == 422
    assert api.get(f"/layers/{slide.cells}/density/99/0/0").status_code == 422
