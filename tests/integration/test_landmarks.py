"""Place landmarks, train, detect, review and measure: as a script does it over HTTP."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from cytoloop.learning.landmarks.fish import Fish, drawn_fish

from .driver import API, Driver, tiff_bytes

QUICK = {"size_px": 128, "trees": 8, "samples": 1500, "views": 3, "folds": 2}
SIZE = (240, 180)
UM = 0.5
NAMES = ("snout", "eye", "tail fork")


class Pond:
    """A project of drawn fish with classes for three landmarks."""

    def __init__(self, api: Driver, count: int) -> None:
        self.api = api
        self.project = api.project()
        self.terms = {name: self._term(name) for name in NAMES}
        self.fish = [drawn_fish(seed, *SIZE) for seed in range(count)]
        for at, one in enumerate(self.fish):
            api.send(self.project, f"{at}.tif", fish_bytes(one))
        images = sorted(api.settled(self.project), key=lambda one: one["name"])
        assert [one["state"] for one in images] == ["ready"] * count
        self.images = [one["id"] for one in images]

    def _term(self, name: str) -> int:
        return self.api.ok(self.api.post(f"/projects/{self.project}/terms", {"name": name}))["id"]

    def layer(self, at: int) -> str:
        return self.api.ok(self.api.post(f"/images/{self.images[at]}/layers", {"kind": "landmarks"}))["id"]

    def point(self, name: str, at: int) -> dict[str, Any]:
        return {
            "geometry": {"type": "Point", "coordinates": self.fish[at].points[name]},
            "term_id": self.terms[name],
        }

    def place(self, at: int, *names: str) -> None:
        creates = [self.point(name, at) for name in names or NAMES]
        self.api.ok(self.api.post(f"/layers/{self.layer(at)}/changes", {"creates": creates}))

    def start(self, **body: Any) -> Any:
        return self.api.post(f"/projects/{self.project}/jobs", body)

    def run(self, **body: Any) -> dict[str, Any]:
        return self.api.finished(self.api.ok(self.start(**body)), within_s=180)

    def train(self, **body: Any) -> dict[str, Any]:
        return self.run(kind="train-landmarks", **{"configuration": QUICK, **body})

    def get(self, path: str = "landmarks", **query: Any) -> Any:
        return self.api.ok(self.api.get(f"/projects/{self.project}/{path}", params=query))

    def on(self, at: int) -> dict[int, dict[str, Any]]:
        """The landmarks of an image by class."""
        found = self.api.ok(self.api.get(f"/images/{self.images[at]}/landmarks"))
        return {one["term_id"]: one for one in found}

    def plan(self, *measures: tuple[str, ...]) -> Any:
        body = {
            "term_ids": list(self.terms.values()),
            "measures": [{"term_ids": [self.terms[name] for name in one]} for one in measures],
        }
        return self.api.put(f"{API}/projects/{self.project}/landmarks", json=body)

    def error(self, at: int, name: str) -> float:
        found, truth = self.on(at)[self.terms[name]], self.fish[at].points[name]
        return float(np.hypot(found["x"] - truth[0], found["y"] - truth[1]))


def fish_bytes(fish: Fish) -> bytes:
    return tiff_bytes(fish.image, imagej=True, resolution=(1 / UM, 1 / UM), metadata={"unit": "um"})


@pytest.fixture
def pond(api: Driver) -> Pond:
    pond = Pond(api, 8)
    for at in range(6):
        pond.place(at)
    return pond


def test_from_points_to_suggestions_and_back(pond: Pond) -> None:
    told = pond.get()
    assert told["is_chosen"] is False
    assert told["term_ids"] == list(pond.terms.values())
    assert [(one["placed"], one["suggested"]) for one in told["counts"]] == [(6, 0)] * 3
    done = pond.train()
    assert (done["state"], done["error"]) == ("done", None)
    assert done["message"].startswith("Landmark detector 1 from 6 images, ")
    (version,) = pond.get("landmark-detectors")
    assert [one["name"] for one in version["landmarks"]] == list(NAMES)
    for one in version["landmarks"]:
        assert (one["images"], one["count"]) == (6, 6)
        assert one["median_px"] < 0.6 * one["baseline_px"]
        assert one["median_um"] == pytest.approx(UM * one["median_px"], rel=0.1)
    assert "held out" in pond.get("landmark-detectors/1")["card"]

    found = pond.run(kind="detect-landmarks")
    assert (found["state"], found["error"]) == ("done", None)
    assert found["message"].startswith("6 landmarks suggested")  # two images of three; the others have people's
    assert {one["state"] for one in pond.on(0).values()} == {"placed"}
    assert {one["state"] for one in pond.on(6).values()} == {"suggested"}
    for at in (6, 7):
        for name in NAMES:
            assert pond.error(at, name) < 15, name
    assert all(0 <= one["confidence"] <= 1 for one in pond.on(6).values())

    # again: earlier suggestions make room, and it is one step to undo
    pond.run(kind="detect-landmarks", image_ids=[pond.images[6]])
    assert len(pond.on(6)) == 3
    layer = pond.layer(6)
    stored = pond.api.ok(pond.api.get(f"/layers/{layer}/annotations"))["items"]
    assert len(stored) == 3
    pond.api.ok(pond.api.post(f"/images/{pond.images[7]}/undo"))
    assert pond.on(7) == {}


def test_a_moved_suggestion_is_a_persons_and_the_rest_is_accepted_at_once(pond: Pond) -> None:
    pond.train()
    pond.run(kind="detect-landmarks", image_ids=[pond.images[6]])
    eye = pond.on(6)[pond.terms["eye"]]
    edit = {
        "id": eye["annotation_id"],
        "version": eye["version"],
        "geometry": {"type": "Point", "coordinates": [50, 60]},
    }
    pond.api.ok(pond.api.post(f"/layers/{eye['layer_id']}/changes", {"updates": [edit]}))
    moved = pond.on(6)[pond.terms["eye"]]
    assert (moved["state"], moved["x"], moved["y"], moved["confidence"]) == ("placed", 50, 60, None)
    path = f"/images/{pond.images[6]}"
    pond.api.ok(pond.api.post(f"{path}/undo"))
    assert pond.on(6)[pond.terms["eye"]]["state"] == "suggested"
    pond.api.ok(pond.api.post(f"{path}/redo"))
    assert pond.api.ok(pond.api.post(f"{path}/landmarks/accept", {})) == {"accepted": 2}
    assert {one["state"] for one in pond.on(6).values()} == {"placed"}
    pond.api.ok(pond.api.post(f"{path}/undo"))
    assert sum(one["state"] == "suggested" for one in pond.on(6).values()) == 2
    pond.run(kind="detect-landmarks", image_ids=[pond.images[6]])
    assert pond.on(6)[pond.terms["eye"]]["x"] == 50  # what a person placed stays


def test_distances_and_angles_over_images(pond: Pond) -> None:
    assert pond.plan(("snout", "tail fork"), ("snout", "eye", "tail fork")).status_code == 200
    table = pond.get("landmarks/measures")
    assert table["columns"] == ["snout – tail fork [px]", "snout – tail fork [um]", "snout – eye – tail fork [deg]"]
    assert [row["image_name"] for row in table["rows"]] == [f"{at}.tif" for at in range(6)]
    points = pond.fish[0].points
    length = float(np.hypot(*np.subtract(points["snout"], points["tail fork"])))
    first = table["rows"][0]
    assert first["state"] == "placed"
    assert first["values"][:2] == pytest.approx([length, UM * length])
    arms = [np.subtract(points[name], points["eye"]) for name in ("snout", "tail fork")]
    cosine = arms[0] @ arms[1] / np.prod([np.hypot(*one) for one in arms])
    assert first["values"][2] == pytest.approx(np.degrees(np.arccos(cosine)))
    pond.place(6, "snout")
    last = pond.get("landmarks/measures")["rows"][-1]
    assert (last["state"], last["values"]) == ("incomplete", [None, None, None])
    path = f"/projects/{pond.project}/landmarks/measures"
    as_csv = pc.read_csv(io.BytesIO(pond.api.get(f"{path}.csv").content)).to_pydict()
    as_parquet = pq.read_table(io.BytesIO(pond.api.get(f"{path}.parquet").content)).to_pydict()
    assert as_csv["snout – tail fork [px]"][0] == pytest.approx(length)
    assert as_parquet["state"] == ["placed"] * 6 + ["incomplete"]
    assert list(as_parquet) == ["image", "z", "t", "state", *table["columns"]]


@pytest.mark.parametrize(
    ("measures", "text"),
    [((("snout", "snout"),), "names a landmark twice"), ((("snout",),), "at least 2")],
)
def test_measures_that_cannot_be_are_refused(pond: Pond, measures: tuple[tuple[str, ...], ...], text: str) -> None:
    answer = pond.plan(*measures)
    assert answer.status_code == 422
    assert text in answer.text


def test_what_is_missing_is_told_before_a_job_starts(api: Driver) -> None:
    pond = Pond(api, 4)
    answer = pond.start(kind="train-landmarks")
    assert answer.status_code == 422
    assert "There is no landmark to learn" in answer.text
    for at in range(3):
        pond.place(at, "snout")
    pond.place(0, "eye")
    answer = pond.start(kind="train-landmarks")
    assert "on fewer is 'eye' (1)" in answer.json()["detail"]
    pond.place(1, "snout")
    answer = pond.start(kind="train-landmarks", term_ids=[pond.terms["snout"]])
    assert "'snout' has 2 points on 1.tif" in answer.json()["detail"]
    assert pond.get()["problems"][0]["image_name"] == "1.tif"
    assert pond.start(kind="train-landmarks", term_ids=[99_999]).status_code == 422
    assert pond.start(kind="train-landmarks", configuration={"size_px": 5000}).status_code == 422
    assert "no landmark detector yet" in pond.start(kind="detect-landmarks").json()["detail"]
    assert pond.start(kind="detect-landmarks", detector=7).status_code == 404
    outside = {"geometry": {"type": "Point", "coordinates": [9999, 5]}, "term_id": pond.terms["eye"]}
    assert api.post(f"/layers/{pond.layer(0)}/changes", {"creates": [outside]}).status_code == 422


def test_an_image_may_lack_a_landmark_and_a_tiny_one_is_refused(pond: Pond) -> None:
    pond.place(6, "snout", "eye")
    done = pond.train()
    assert done["state"] == "done", done["error"]
    (version,) = pond.get("landmark-detectors")
    assert [one["images"] for one in version["landmarks"]] == [7, 7, 6]
    pond.api.image(pond.project, "tiny.tif", tiff_bytes(np.zeros((3, 3), np.uint8)))
    answer = pond.start(kind="detect-landmarks")
    assert answer.status_code == 422
    assert "tiny.tif has 3 x 3 px" in answer.json()["detail"]


def test_a_detector_travels_as_a_package(pond: Pond, tmp_path: Path) -> None:
    pond.train()
    content = pond.api.get(f"/projects/{pond.project}/landmark-detectors/1/export").content
    other = pond.api.project("Other")
    path = f"{API}/projects/{other}/landmark-detectors/import"
    made = pond.api.client.post(path, files={"file": ("d.zip", content)})
    assert made.status_code == 201, made.text
    assert [one["name"] for one in made.json()["landmarks"]] == list(NAMES)
    terms = pond.api.ok(pond.api.get(f"/projects/{other}/ontology"))["terms"]
    assert [one["name"] for one in terms] == list(NAMES)
    image = pond.api.image(other, "a.tif", fish_bytes(pond.fish[7]))["id"]
    done = pond.api.finished(
        pond.api.ok(pond.api.post(f"/projects/{other}/jobs", {"kind": "detect-landmarks", "image_ids": [image]}))
    )
    assert done["message"].startswith("3 landmarks suggested")
    damaged = tmp_path / "damaged.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(damaged, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"nothing" if name == "weights.onnx" else old.read(name))
    answer = pond.api.client.post(path, files={"file": ("d.zip", damaged.read_bytes())})
    assert answer.status_code == 422
    assert pond.api.client.post(path, files={"file": ("d.zip", b"no zip")}).status_code == 422
    assert pond.api.client.delete(f"{API}/projects/{pond.project}/landmark-detectors/1").status_code == 204
    assert pond.get("landmark-detectors") == []
