"""A model learns from accepted outlines, over HTTP: start, before and after, keep, use, take back."""

import io
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from fastapi.testclient import TestClient

from cytoloop.jobs.executors.local import LocalExecutor
from cytoloop.learning.training.configuration import Configuration
from cytoloop.learning.training.order import Order
from cytoloop.runtime.assembly import assemble
from cytoloop.runtime.settings import Settings
from cytoloop.server.app import create_app
from cytoloop.workflows.classification import labelled
from cytoloop.workflows.finetuning import material, starting
from cytoloop.workflows.training.datasets import write_pair

from .conftest import running
from .driver import API, Driver, spots, tiff_bytes

SIDE, COUNT = 128, 4
FEW = {"steps": 2, "batch": 1, "rounds": 2}
TRAINING_S = 240


def disc(row: int, column: int) -> dict[str, Any]:
    """A GeoJSON outline of one of the spots."""
    y, x = (place * SIDE // COUNT + SIDE // COUNT // 2 for place in (row, column))
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = [[x + 0.5 + 8.4 * float(np.cos(one)), y + 0.5 + 8.4 * float(np.sin(one))] for one in angles]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


PLACES = [(row, column) for row in range(COUNT) for column in range(COUNT)]


class Lab:
    """A project of images, some of whose objects are outlined."""

    def __init__(self, api: Driver, drawn: list[int]) -> None:
        self.api = api
        self.project = api.project()
        self.images: list[str] = []
        self.made: list[list[int]] = []
        for number, count in enumerate(drawn):
            picture = np.roll(spots(SIDE, COUNT), number, axis=0)
            image = api.image(self.project, f"{number}.tif", tiff_bytes(picture))["id"]
            creates = [{"geometry": disc(*place)} for place in PLACES[:count]]
            changes = f"/layers/{api.layer(image)}/changes"
            self.made.append(api.ok(api.post(changes, {"creates": creates}))["created_ids"] if creates else [])
            self.images.append(image)

    def start(self, **body: Any) -> Any:
        asked = {"kind": "fine-tune", "start": "nuclei", "name": "ours", "plan": FEW} | body
        return self.api.post(f"/projects/{self.project}/jobs", asked)

    def run(self, **body: Any) -> dict[str, Any]:
        job = self.api.finished(self.api.ok(self.start(**body)), within_s=TRAINING_S)
        assert (job["state"], job["error"]) == ("done", None), job
        return job

    def methods(self) -> list[str]:
        return [one["name"] for one in self.api.ok(self.api.get("/methods"))]


@pytest.fixture
def api(tmp_path: Path) -> Any:
    with running(tmp_path / "home") as (driver, _):
        yield driver


def test_a_model_learns_is_kept_used_and_taken_back(api: Driver) -> None:
    lab = Lab(api, [8, 16, 0])
    counted = api.ok(api.get(f"/projects/{lab.project}/corrections"))
    assert counted["can_train"] is True
    assert "nuclei" in [one["name"] for one in counted["models"]]
    assert [(one["name"], one["accepted"], one["open"], one["rejected"]) for one in counted["images"]] == [
        ("0.tif", 8, 0, 0),
        ("1.tif", 16, 0, 0),
    ]
    job = lab.run()
    assert job["message"].startswith("DSB score 0.")
    assert job["message"].endswith("on 1 held-out picture")

    found = api.ok(api.get(f"/jobs/{job['id']}/tuning"))
    assert (found["start"], found["name"], found["unmarked"]) == ("nuclei", "ours", "unknown")
    assert (found["pictures_learnt"], found["held_out"]) == (1, 1)
    first, second = found["rounds"]
    assert (first["annotated"], first["added"]) == (8, 0)
    assert second["annotated"] == 8
    assert second["added"] >= 6, "the model knows bright discs: those that nobody drew are taken in"
    assert [(one["round"], one["step"]) for one in found["curve"]] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert all(one["loss"] > 0 for one in found["curve"])
    assert [one["step"] for one in found["curve"] if one["validation_loss"]] == [2, 2]
    for side in ("before", "after"):
        assert 0 < found[side]["dsb"] <= 1
        picture = api.client.get(f"{API}/jobs/{job['id']}/tuning/pictures/1/{side}")
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    assert found["pictures"][0]["before"] == pytest.approx(found["before"]["dsb"], abs=1e-3)
    assert api.get(f"/jobs/{job['id']}/tuning/pictures/9/after").status_code == 404

    assert "ours" not in lab.methods()
    kept = api.ok(api.post(f"/jobs/{job['id']}/tuning/model", {"name": "ours"}))
    assert (kept["name"], kept["group"]) == ("ours", "own")
    assert api.ok(api.get(f"/jobs/{job['id']}/tuning"))["kept_as"] == "ours"
    for name in ("ours", "others"):
        assert api.post(f"/jobs/{job['id']}/tuning/model", {"name": name}).status_code == 409
    card = api.ok(api.get("/models/ours"))
    assert card["training"]["continued_from"] == "nuclei"
    body = {"kind": "segment", "method": "ours", "image_ids": [lab.images[2]]}
    segmented = api.finished(api.ok(api.post(f"/projects/{lab.project}/jobs", body)))
    assert segmented["state"] == "done"

    assert lab.start(name="ours").status_code == 409
    assert api.client.delete(f"{API}/jobs/{job['id']}/tuning/model").status_code == 204
    assert "ours" not in lab.methods()
    assert api.client.delete(f"{API}/jobs/{job['id']}/tuning/model").status_code == 404
    assert api.ok(api.get(f"/jobs/{job['id']}/tuning"))["kept_as"] is None
    api.ok(api.post(f"/jobs/{job['id']}/tuning/model", {"name": "ours-2"}))
    assert "ours-2" in lab.methods()


@pytest.mark.slow
def test_a_person_sees_the_losses_ends_the_training_and_has_the_model(tmp_path: Path) -> None:
    services = assemble(Settings(home=tmp_path / "home"), LocalExecutor(1))
    with TestClient(create_app(services), base_url="http://127.0.0.1:8000") as client:
        api = Driver(client)
        lab = Lab(api, [8, 16])
        job = api.ok(lab.start(plan={"steps": 2000, "batch": 1, "rounds": 3}))
        points = _curve_of(api, job["id"], 2)
        assert [one["round"] for one in points] == [1] * len(points)
        assert all(one["loss"] > 0 for one in points)
        assert api.ok(api.post(f"/jobs/{job['id']}/finish"))["state"] == "running"
        done = api.finished(job, within_s=TRAINING_S)
        assert (done["state"], done["error"]) == ("done", None)
        found = api.ok(api.get(f"/jobs/{job['id']}/tuning"))
        assert len(found["rounds"]) == 1
        assert found["curve"][: len(points)] == points
        assert found["curve"][-1]["step"] < 2000
        assert found["after"]["dsb"] > 0
        assert api.post(f"/jobs/{job['id']}/finish").status_code == 409
        assert api.ok(api.get(f"/jobs/{job['id']}/tuning/curve")) == []
        assert api.ok(api.post(f"/jobs/{job['id']}/tuning/model", {"name": "early"}))["name"] == "early"


def _curve_of(api: Driver, job: str, points: int) -> list[dict[str, Any]]:
    """The losses when there are so many."""
    end = time.monotonic() + TRAINING_S
    while time.monotonic() < end:
        found = api.ok(api.get(f"/jobs/{job}/tuning/curve"))
        if len(found) >= points:
            return found
        state = api.ok(api.get(f"/jobs/{job}"))
        assert state["state"] in ("queued", "running"), state
        time.sleep(0.1)
    raise AssertionError(found)


@pytest.mark.parametrize("large", [20_000, 3])
def test_outlines_are_counted_by_state(api: Driver, monkeypatch: pytest.MonkeyPatch, large: int) -> None:
    monkeypatch.setattr(labelled, "LARGE_LAYER", large)
    lab = Lab(api, [8, 2])
    layer = api.layer(lab.images[0])
    point = {"geometry": {"type": "Point", "coordinates": [5, 5]}}
    api.ok(api.post(f"/layers/{layer}/changes", {"creates": [point]}))
    for state, ids in (("rejected", lab.made[0][:1]), ("predicted", lab.made[0][1:3])):
        action = {"action": "set_status", "status": state}
        api.ok(api.post(f"/layers/{layer}/bulk", {"action": action, "ids": ids}))
    counted = api.ok(api.get(f"/projects/{lab.project}/corrections"))["images"]
    assert [(one["accepted"], one["open"], one["rejected"]) for one in counted] == [(5, 2, 1), (2, 0, 0)]


def test_one_image_is_divided_and_complete_images_need_no_rounds(api: Driver) -> None:
    lab = Lab(api, [16])
    job = lab.run(plan=FEW | {"unmarked": "background"})
    found = api.ok(api.get(f"/jobs/{job['id']}/tuning"))
    assert (found["pictures_learnt"], found["held_out"]) == (1, 1)
    (only,) = found["rounds"]
    assert only["added"] == 0
    assert 8 <= only["annotated"] < 16


def test_windows_of_a_large_image_and_areas_that_are_complete(api: Driver) -> None:
    lab = Lab(api, [0])
    side = 4200  # above what is learnt from whole
    picture = np.full((side, side), 100, np.uint8)
    picture[:SIDE, :SIDE] = np.clip(spots(SIDE, COUNT) // 5, 0, 255)
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, picture, compression="deflate", tile=(256, 256))
    image = api.image(lab.project, "large.tif", buffer.getvalue())["id"]
    layer = api.layer(image)
    area = api.ok(api.post(f"/projects/{lab.project}/terms", {"name": "Complete"}))["id"]
    whole = {"type": "Polygon", "coordinates": [[[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE], [0, 0]]]}
    creates = [{"geometry": whole, "term_id": area}, *({"geometry": disc(*place)} for place in PLACES[:8])]
    far = disc(*PLACES[0])
    far["coordinates"] = [[[x + 3000, y + 3000] for x, y in far["coordinates"][0]]]
    api.ok(api.post(f"/layers/{layer}/changes", {"creates": [*creates, {"geometry": far}]}))
    job = lab.run(image_ids=[image], complete_term_id=area, plan=FEW | {"rounds": 1})
    found = api.ok(api.get(f"/jobs/{job['id']}/tuning"))
    assert (found["pictures_learnt"], found["held_out"]) == (1, 1)
    assert found["rounds"] == [{"number": 1, "annotated": 8, "added": 0}]


def test_mistakes_are_told_before_anything_starts(api: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(api, [3, 5])
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"image_ids": [lab.images[0]]}, 422, "There are 3 accepted outlines"),
        ({"start": "no-such"}, 404, "There is no model"),
        ({"start": "foreground"}, 422, "not single objects"),
        ({"name": "nuclei"}, 409, "already"),
        ({"name": "../up"}, 422, "name"),
        ({"test_image_ids": lab.images}, 422, "Leave at least one"),
        ({"plan": FEW | {"rounds": 99}}, 422, ""),
        ({"complete_term_id": 999}, 422, ""),
    ]
    for change, status, words in cases:
        answer = lab.start(**change)
        assert answer.status_code == status, (change, answer.text)
        assert words in answer.text
    monkeypatch.setattr(starting, "can_train", lambda: False)
    answer = lab.start()
    assert answer.status_code == 409
    assert "pip install 'cytoloop[train]'" in answer.json()["detail"]
    kinds = {one["kind"] for one in api.ok(api.get(f"/projects/{lab.project}/jobs"))["items"]}
    assert kinds == {"import"}


def test_a_training_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    picture = spots(SIDE, COUNT)
    write_pair(tmp_path, "a", picture, (picture > 500).astype(np.int32))
    configuration = Configuration.model_validate({"optimisation": {"steps": 20_000, "batch": 1}})
    order = Order(configuration=configuration, data=tmp_path, folder=tmp_path / "work", split="all")
    path = tmp_path / "order.json"
    path.write_text(order.model_dump_json())
    command = [sys.executable, "-m", "cytoloop.learning._torch", str(path), "--attached"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert '"images": 1' in process.stdout.readline()
        process.stdin.close()
        assert process.wait(60) == 1
    assert not (tmp_path / "work/weights.onnx").exists()


def test_the_windows_are_those_with_most_objects() -> None:
    assert material.MOST_WINDOWS * material.WINDOW_PX**2 < 64_000_000, "what is read into memory stays bounded"
