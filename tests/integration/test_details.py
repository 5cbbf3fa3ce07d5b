"""Properties, tags, description and lock over the web API."""

import json
from typing import Any

import pytest

from .driver import Driver, square

DETAILS = {
    "properties": {"stain": "HE", "depth": 2.5, "sure": True},
    "tags": ["mitosis", "edge"],
    "description": "Near the border.\nSecond line.",
    "locked": True,
}
LINE = {"type": "LineString", "coordinates": [[1, 1], [20, 9], [30, 1]]}


@pytest.fixture
def desk(api: Driver) -> tuple[Driver, str, str]:
    image = api.image(api.project())["id"]
    return api, image, api.layer(image)


def change(api: Driver, layer: str, **body: Any) -> Any:
    return api.post(f"/layers/{layer}/changes", body)


def test_details_go_in_come_out_and_are_undone(desk: tuple[Driver, str, str]) -> None:
    api, image, layer = desk
    made = api.ok(change(api, layer, creates=[{"geometry": square(5, 5)} | DETAILS, {"geometry": square(40, 5)}]))
    key, plain = made["created_ids"]
    stored = api.ok(api.get(f"/annotations/{key}"))
    assert {name: stored[name] for name in DETAILS} == DETAILS
    stored = api.ok(api.get(f"/annotations/{plain}"))
    assert (stored["properties"], stored["tags"], stored["description"], stored["locked"]) == ({}, [], "", False)
    api.ok(change(api, layer, updates=[{"id": key, "version": 1, "tags": ["a", "a"], "description": None}]))
    stored = api.ok(api.get(f"/annotations/{key}"))
    assert (stored["tags"], stored["description"]) == (["a"], DETAILS["description"])
    api.ok(api.post(f"/images/{image}/undo"))
    assert api.ok(api.get(f"/annotations/{key}"))["tags"] == DETAILS["tags"]


def test_a_locked_object_is_refused_in_plain_words(desk: tuple[Driver, str, str]) -> None:
    api, _, layer = desk
    (key,) = api.ok(change(api, layer, creates=[{"geometry": square(5, 5), "locked": True}]))["created_ids"]
    for body in (
        {"updates": [{"id": key, "version": 1, "geometry": square(9, 9)}]},
        {"updates": [{"id": key, "version": 1, "term_id": None}]},
        {"deletes": [{"id": key, "version": 1}]},
    ):
        refused = change(api, layer, **body)
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
        assert "locked" in refused.json()["detail"]
        assert refused.json()["locked"] == [key]
    api.ok(change(api, layer, updates=[{"id": key, "version": 1, "locked": False}]))
    api.ok(change(api, layer, deletes=[{"id": key, "version": 2}]))


@pytest.mark.parametrize(
    "bad",
    [
        {"tags": [""]},
        {"tags": ["  "]},
        {"tags": ["x"] * 101},
        {"properties": {"": 1}},
        {"properties": {"a": [1]}},
        {"properties": {"a": None}},
        {"properties": {str(n): n for n in range(101)}},
        {"description": "x" * 10_001},
        {"description": "a\0b"},
        {"kind": "angle"},
        {"kind": "arrow"},
    ],
)
def test_bad_details_are_refused_and_nothing_is_stored(desk: tuple[Driver, str, str], bad: dict) -> None:
    api, _, layer = desk
    response = change(api, layer, creates=[{"geometry": square(5, 5)} | bad])
    assert response.status_code == 422, response.text
    assert api.ok(api.get(f"/layers/{layer}/annotations"))["items"] == []


def test_arrows_and_angles_keep_their_kind_and_are_in_tiles(desk: tuple[Driver, str, str]) -> None:
    api, _, layer = desk
    api.ok(change(api, layer, creates=[{"geometry": LINE, "kind": "angle"}, {"geometry": LINE, "kind": "arrow"}]))
    found = api.ok(api.get(f"/layers/{layer}/annotations"))["items"]
    assert [one["kind"] for one in found] == ["angle", "arrow"]
    assert b"lines" in api.get(f"/layers/{layer}/tiles/0/0/0").content


def test_geojson_carries_details_there_and_back(desk: tuple[Driver, str, str]) -> None:
    api, image, layer = desk
    body = [{"geometry": square(5, 5)} | DETAILS, {"geometry": LINE, "kind": "angle"}]
    api.ok(change(api, layer, creates=body))
    content = api.get(f"/layers/{layer}/export?format=geojson").content
    assert json.loads(content)["features"][0]["properties"]["isLocked"] is True
    imported = api.ok(api.post(f"/images/{image}/import", files={"file": ("a.geojson", content)}))
    first, second = api.ok(api.get(f"/layers/{imported['layer']['id']}/annotations"))["items"]
    assert {name: first[name] for name in DETAILS} == DETAILS
    assert second["kind"] == "angle"


def test_plain_values_of_other_programs_become_properties(desk: tuple[Driver, str, str]) -> None:
    api, image, _ = desk
    properties = {"name": "A 1", "depth": 3, "measurements": {"Area": 2}, "long": "x" * 2000, "none": None}
    content = {"type": "Feature", "geometry": square(5, 5), "properties": properties}
    imported = api.ok(api.post(f"/images/{image}/import", files={"file": ("a.geojson", json.dumps(content))}))
    (one,) = api.ok(api.get(f"/layers/{imported['layer']['id']}/annotations"))["items"]
    assert one["properties"] == {"name": "A 1", "depth": 3, "long": "x" * 1000}
