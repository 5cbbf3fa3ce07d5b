"""Label, train, apply, correct, train again: as a script does it over HTTP."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from .conftest import running
from .driver import Driver, square

SIDE = 256
CELL = 12


def dotted(seed: int, count: int = 49) -> tuple[bytes, list[tuple[int, int, bool]]]:
    """A gray image of dull and bright squares in rows, and where they are: x, y, whether bright."""
    rng = np.random.default_rng(seed)
    picture = rng.normal(200, 20, (SIDE, SIDE))
    spots: list[tuple[int, int, bool]] = []
    for number in range(count):
        x, y = 6 + 35 * (number % 7), 6 + 35 * (number // 7)
        bright = bool(rng.integers(2))
        picture[y : y + CELL, x : x + CELL] = rng.normal(3000 if bright else 1500, 250, (CELL, CELL))
        spots.append((x, y, bright))
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, picture.clip(0, 65535).astype(np.uint16))
    return buffer.getvalue(), spots


class Lab:
    """A project of images with outlines that nobody classified yet, and two classes."""

    def __init__(self, api: Driver, images: int = 2) -> None:
        self.api = api
        self.project = api.project()
        self.bright, self.dull = (
            api.ok(api.post(f"/projects/{self.project}/terms", {"name": name}))["id"] for name in ("Bright", "Dull")
        )
        self.images: list[str] = []
        self.layers: list[str] = []
        self.truth: dict[int, int] = {}
        self.ids: list[list[int]] = []
        for seed in range(images):
            content, spots = dotted(seed)
            image = api.image(self.project, f"{seed}.tif", content)["id"]
            layer = api.layer(image)
            creates = [{"geometry": square(x, y, CELL)} for x, y, _ in spots]
            made = api.ok(api.post(f"/layers/{layer}/changes", {"creates": creates}))["created_ids"]
            self.truth |= {key: self.bright if spot[2] else self.dull for key, spot in zip(made, spots, strict=True)}
            self.images.append(image)
            self.layers.append(layer)
            self.ids.append(made)

    def label(self, layer: int, ids: list[int], wrong: bool = False) -> None:
        for term in (self.bright, self.dull):
            chosen = [one for one in ids if (self.truth[one] == term) != wrong]
            action = {"action": "set_term", "term_id": term}
            self.api.ok(self.api.post(f"/layers/{self.layers[layer]}/bulk", {"action": action, "ids": chosen}))

    def start(self, **body: Any) -> Any:
        return self.api.post(f"/projects/{self.project}/jobs", body)

    def run(self, **body: Any) -> dict[str, Any]:
        return self.api.finished(self.api.ok(self.start(**body)))

    def objects(self, layer: int) -> dict[int, dict[str, Any]]:
        found = self.api.ok(self.api.get(f"/layers/{self.layers[layer]}/annotations", params={"limit": 200}))
        return {one["id"]: one for one in found["items"]}

    def get(self, path: str, **query: Any) -> Any:
        return self.api.ok(self.api.get(f"/projects/{self.project}/{path}", params=query))


@pytest.fixture
def api(tmp_path: Path) -> Any:
    with running(tmp_path / "home") as (driver, _):
        yield driver


def test_the_loop_closes(api: Driver) -> None:
    lab = Lab(api)
    lab.label(0, lab.ids[0][:16])
    lab.label(1, lab.ids[1][:6])
    total = {one["term_id"]: one for one in lab.get("labels")["total"]}
    assert sum(one["labelled"] for term, one in total.items() if term) == 22
    trained = lab.run(kind="train-classifier")
    assert (trained["state"], trained["error"]) == ("done", None)
    assert trained["message"].startswith("Classifier 1 from 22 labels, F1 ")
    (first,) = lab.get("classifiers")
    assert (first["version"], sum(first["labels"]), first["images"]) == (1, 22, 2)
    assert first["macro_f1"] > 0.9
    assert lab.get("label-queue") == []

    applied = lab.run(kind="classify")
    assert applied["state"] == "done", applied
    assert applied["message"] == "A class suggested for 76 objects"
    found = lab.objects(0) | lab.objects(1)
    labelled = {*lab.ids[0][:16], *lab.ids[1][:6]}
    assert all((one["term_score"] is None) == (key in labelled) for key, one in found.items())
    assert all(found[key]["term_id"] == lab.truth[key] for key in labelled)
    right = [one["term_id"] == lab.truth[key] for key, one in found.items() if key not in labelled]
    assert np.mean(right) > 0.9
    assert all(0.5 <= one["term_score"] <= 1 for key, one in found.items() if key not in labelled)

    queue = lab.get("label-queue", by="uncertainty", limit=500)
    assert {one["annotation_id"] for one in queue} == set(found) - labelled
    values = [one["value"] for one in queue]
    assert values == sorted(values, reverse=True)
    for by in ("diversity", "disagreement"):
        assert {one["annotation_id"] for one in lab.get("label-queue", by=by, limit=500)} == set(found) - labelled

    corrected = queue[0]["annotation_id"]
    layer = 0 if corrected in lab.ids[0] else 1
    lab.label(layer, [corrected])
    one = lab.objects(layer)[corrected]
    assert (one["term_id"], one["term_score"]) == (lab.truth[corrected], None)
    assert corrected not in {one["annotation_id"] for one in lab.get("label-queue", limit=500)}

    accept = {"action": {"action": "accept_term"}, "filter": {"min_term_score": 0.8}}
    accepted = api.ok(api.post(f"/layers/{lab.layers[0]}/bulk", accept))
    assert accepted["changed"] > 10
    again = lab.run(kind="train-classifier", then_classify=[lab.images[1]])
    assert again["state"] == "done"
    assert [one["version"] for one in lab.get("classifiers")] == [2, 1]
    details = lab.get("classifiers/2")
    assert {one["partition"] for one in details["scores"]} == {"held_out", "training"}
    assert sum(details["labels"]) == 23 + accepted["changed"]
    following = lab.api.ok(lab.api.get(f"/projects/{lab.project}/jobs"))["items"]
    assert [one["kind"] for one in following[:2]] == ["classify", "train-classifier"]
    assert api.finished(following[0])["state"] == "done"
    held_out = next(one for one in details["scores"] if one["partition"] == "held_out")
    for truth, row in enumerate(held_out["confusion"]):
        for predicted, count in enumerate(row):
            cell = lab.get("classifiers/2/objects", truth=truth, predicted=predicted)
            assert len(cell) == count
