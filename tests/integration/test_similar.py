"""Objects that look alike, over HTTP: look at all, ask for one, a new one, one that changed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cytoloop.workflows.similar import indexing

from .conftest import running
from .driver import Driver, square, tiff_bytes

SIDE, CELL = 300, 20


def picture(seed: int) -> tuple[np.ndarray, list[tuple[int, int, bool]]]:
    """Full and hollow squares in rows; where they are, and whether they are hollow."""
    rng = np.random.default_rng(seed)
    pixels = rng.normal(500, 20, (SIDE, SIDE))
    spots: list[tuple[int, int, bool]] = []
    for number in range(36):
        x, y = 12 + 48 * (number % 6), 12 + 48 * (number // 6)
        hollow = bool(rng.integers(2))
        pixels[y : y + CELL, x : x + CELL] += 2000
        if hollow:
            pixels[y + 5 : y + CELL - 5, x + 5 : x + CELL - 5] -= 2000
        spots.append((x, y, hollow))
    return pixels.clip(0, 65535).astype(np.uint16), spots


class Lab:
    """Two images, all squares outlined."""

    def __init__(self, api: Driver) -> None:
        self.api = api
        self.project = api.project()
        self.hollow: dict[int, bool] = {}
        self.layers: list[str] = []
        for seed in range(2):
            pixels, spots = picture(seed)
            image = api.image(self.project, f"{seed}.tif", tiff_bytes(pixels))["id"]
            self.layers.append(api.layer(image))
            made = self.draw(seed, *[(x, y) for x, y, _ in spots])
            self.hollow |= {key: one[2] for key, one in zip(made, spots, strict=True)}

    def draw(self, layer: int, *corners: tuple[float, float]) -> list[int]:
        creates = [{"geometry": square(x, y, CELL)} for x, y in corners]
        changes = f"/layers/{self.layers[layer]}/changes"
        return self.api.ok(self.api.post(changes, {"creates": creates}))["created_ids"]

    def index(self) -> dict[str, Any]:
        body = {"kind": "index-objects"}
        return self.api.finished(self.api.ok(self.api.post(f"/projects/{self.project}/jobs", body)))

    def similar(self, key: int, **query: Any) -> dict[str, Any]:
        return self.api.ok(self.api.get(f"/annotations/{key}/similar", params=query))


@pytest.fixture
def api(tmp_path: Path) -> Any:
    with running(tmp_path / "home") as (driver, _):
        yield driver


def test_the_likest_objects_come_first_and_suggest_a_class(api: Driver) -> None:
    lab = Lab(api)
    one = next(key for key, hollow in lab.hollow.items() if hollow)
    before = lab.similar(one)
    assert (before["objects"], before["compared"], before["total"]) == ([], 0, 72)

    job = lab.index()
    assert (job["state"], job["message"]) == ("done", "72 objects looked at, the others were known")
    found = lab.similar(one, limit=12)
    assert (found["compared"], found["total"], len(found["objects"])) == (72, 72, 12)
    assert one not in [each["annotation_id"] for each in found["objects"]]
    assert all(lab.hollow[each["annotation_id"]] for each in found["objects"])
    assert len({each["image_id"] for each in found["objects"]}) == 2
    values = [each["similarity"] for each in found["objects"]]
    assert values == sorted(values, reverse=True)
    assert found["suggestions"] == []

    ring = api.ok(api.post(f"/projects/{lab.project}/terms", {"name": "Ring"}))["id"]
    full = api.ok(api.post(f"/projects/{lab.project}/terms", {"name": "Full"}))["id"]
    for layer, keys in enumerate((list(lab.hollow)[:36], list(lab.hollow)[36:])):
        for term, hollow in ((ring, True), (full, False)):
            ids = [key for key in keys if lab.hollow[key] is hollow and key != one]
            action = {"action": "set_term", "term_id": term}
            api.ok(api.post(f"/layers/{lab.layers[layer]}/bulk", {"action": action, "ids": ids}))
    first = lab.similar(one)["suggestions"][0]
    assert first["term_id"] == ring
    assert first["share"] > 0.9

    assert lab.index()["message"] == "0 objects looked at, the others were known"


def test_new_and_changed_objects_are_compared_at_once_and_gone_ones_not(api: Driver) -> None:
    lab = Lab(api)
    lab.index()
    keys = list(lab.hollow)
    (new,) = lab.draw(0, (12.4, 12.2))  # nearly over the first
    found = lab.similar(new)
    assert (found["compared"], found["total"]) == (72, 73)
    assert found["objects"][0]["annotation_id"] == keys[0]
    changes = {"deletes": [{"id": keys[0], "version": 1}]}
    api.ok(api.post(f"/layers/{lab.layers[0]}/changes", changes))
    assert keys[0] not in [each["annotation_id"] for each in lab.similar(new, limit=100)["objects"]]
    action = {"action": "set_status", "status": "rejected"}
    api.ok(api.post(f"/layers/{lab.layers[0]}/bulk", {"action": action, "ids": [keys[1]]}))
    assert keys[1] not in [each["annotation_id"] for each in lab.similar(new, limit=100)["objects"]]
    assert lab.index()["message"] == "1 object looked at, the others were known"
    assert keys[2] in [each["annotation_id"] for each in lab.similar(new, limit=100)["objects"]]


def test_mistakes_are_told(api: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    project = api.project("Empty")
    answer = api.post(f"/projects/{project}/jobs", {"kind": "index-objects"})
    assert answer.status_code == 422
    assert "no outlines to compare" in answer.json()["detail"]
    lab = Lab(api)
    point = {"geometry": {"type": "Point", "coordinates": [5, 5]}}
    made = api.ok(api.post(f"/layers/{lab.layers[0]}/changes", {"creates": [point]}))["created_ids"][0]
    answer = api.get(f"/annotations/{made}/similar")
    assert answer.status_code == 422
    assert "with an area" in answer.json()["detail"]
    assert api.get("/annotations/999999/similar").status_code == 404
    assert api.get(f"/annotations/{made}/similar", params={"limit": 0}).status_code == 422
    monkeypatch.setattr(indexing, "MOST_OBJECTS", 10)
    answer = api.post(f"/projects/{lab.project}/jobs", {"kind": "index-objects"})
    assert answer.status_code == 413
    assert "There are 72 objects" in answer.json()["detail"]
