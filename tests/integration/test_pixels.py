"""Scribble, train, look at the preview, segment by the pixel classifier: as a script does it over HTTP."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cytoloop.projects import users

from .conftest import running
from .driver import Driver, spots, square, tiff_bytes

SIDE = 128
CENTRES = [(16 + 32 * column, 16 + 32 * row) for row in range(4) for column in range(4)]


def truth() -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    return np.any([(x - cx) ** 2 + (y - cy) ** 2 <= 64 for cx, cy in CENTRES], axis=0)


class Lab:
    """A project with an image of discs, and scribbles of two classes on its layer for them."""

    def __init__(self, api: Driver, content: bytes | None = None) -> None:
        self.api = api
        self.project = api.project()
        made = (
            api.ok(api.post(f"/projects/{self.project}/terms", {"name": name, "color": color}))
            for name, color in (("Disc", "#00cc44"), ("Ground", "#2222dd"))
        )
        self.disc, self.ground = (one["id"] for one in made)
        self.image = api.image(self.project, "a.tif", content)["id"]
        self.layer = api.ok(api.post(f"/images/{self.image}/layers", {"kind": "scribbles"}))["id"]

    def line(self, term: int, *points: tuple[float, float]) -> dict[str, Any]:
        return {"geometry": {"type": "LineString", "coordinates": points}, "term_id": term}

    def draw(self, *creates: dict[str, Any]) -> None:
        self.api.ok(self.api.post(f"/layers/{self.layer}/changes", {"creates": list(creates)}))

    def scribble(self) -> None:
        discs = [self.line(self.disc, (cx - 4, cy), (cx + 4, cy)) for cx, cy in CENTRES[:4]]
        ground = [self.line(self.ground, (cx, cy + 12), (cx, cy + 20)) for cx, cy in CENTRES[:4]]
        point = {"geometry": {"type": "Point", "coordinates": CENTRES[5]}, "term_id": self.disc}
        area = {"geometry": square(28, 28, 6), "term_id": self.ground}
        self.draw(*discs, *ground, point, area)

    def start(self, **body: Any) -> Any:
        return self.api.post(f"/projects/{self.project}/jobs", body)

    def run(self, **body: Any) -> dict[str, Any]:
        return self.api.finished(self.api.ok(self.start(**body)))

    def train(self, **configuration: Any) -> dict[str, Any]:
        body = {"background_term_id": self.ground, "configuration": configuration}
        return self.run(kind="train-pixels", **body)

    def get(self, path: str, **query: Any) -> Any:
        return self.api.ok(self.api.get(f"/projects/{self.project}/{path}", params=query))

    def preview(self, classifier: int = 1, **query: Any) -> Any:
        box = {"x0": 0, "y0": 0, "x1": SIDE, "y1": SIDE}
        return self.api.get(f"/images/{self.image}/pixel-preview", params={**box, "classifier": classifier, **query})

    def objects(self, layer: str) -> list[dict[str, Any]]:
        return self.api.ok(self.api.get(f"/layers/{layer}/annotations", params={"limit": 500}))["items"]


@pytest.fixture
def lab(api: Driver) -> Lab:
    return Lab(api)


def test_from_scribbles_to_objects(lab: Lab) -> None:
    lab.scribble()
    (counted,) = lab.get("scribbles")
    assert {one["term_id"]: one["count"] for one in counted["classes"]} == {lab.disc: 5, lab.ground: 5}
    assert (counted["image_id"], counted["layer_id"]) == (lab.image, lab.layer)
    done = lab.train()
    assert (done["state"], done["error"]) == ("done", None)
    assert done["message"].startswith("Pixel classifier 1 from ")
    assert done["message"].endswith("on held-out scribbles")
    (version,) = lab.get("pixel-classifiers")
    assert (version["version"], version["method"], version["background"]) == (1, "pixels:1", 1)
    assert [one["name"] for one in version["classes"]] == ["Disc", "Ground"]
    assert version["accuracy"] > 0.95
    details = lab.get("pixel-classifiers/1")
    assert details["split"] == "scribble"
    assert "channel_0_gaussian_1.6" in details["features"]
    assert "Held" not in details["card"][:20]
    assert "no scribble is in two parts" in details["card"]

    method = next(
        one for one in lab.api.ok(lab.api.get(f"/methods?project_id={lab.project}")) if one["name"] == "pixels:1"
    )
    assert method["group"] == "own"
    found = lab.run(kind="segment", method="pixels:1", image_ids=[lab.image], term_id=lab.disc)
    assert (found["state"], found["message"]) == ("done", "16 objects found")
    objects = lab.objects(found["layer_ids"][0])
    assert {one["term_id"] for one in objects} == {lab.disc}
    assert all(150 < one["area"] < 260 for one in objects)  # 197 px were drawn
    assert all(0.5 < one["score"] <= 1 for one in objects)


def test_automatic_versions_make_room_but_for_what_was_used_or_made_by_hand(lab: Lab) -> None:
    lab.scribble()

    def train(**more: Any) -> None:
        done = lab.run(kind="train-pixels", background_term_id=lab.ground, configuration={"trees": 5}, **more)
        assert done["state"] == "done", done["error"]

    train()
    for _ in range(2):
        train(automatic=True)
    lab.run(kind="segment", method="pixels:2", image_ids=[lab.image])
    for _ in range(3):
        train(automatic=True)
    # the first was made by hand, the second found objects
    assert [one["version"] for one in lab.get("pixel-classifiers")] == [6, 5, 2, 1]
    assert lab.api.client.delete(f"/api/v1/projects/{lab.project}/pixel-classifiers/6").status_code == 204
    train(automatic=True)
    assert [one["version"] for one in lab.get("pixel-classifiers")] == [7, 5, 2, 1]


def test_the_preview_is_the_truth_in_the_classes_colours(lab: Lab) -> None:
    lab.scribble()
    lab.train()
    answer = lab.preview()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["x-box"] == "0,0,128,128"
    picture = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert picture.shape == (SIDE, SIDE, 4)
    found = (picture[..., :3] == (0x00, 0xCC, 0x44)).all(axis=2)
    ground = (picture[..., :3] == (0x22, 0x22, 0xDD)).all(axis=2)
    assert (found | ground).all()
    assert (found == truth()).mean() > 0.97
    assert picture[..., 3].min() >= 127

    part = lab.preview(x0=20.5, y0=-40, x1=70, y1=50)
    assert part.headers["x-box"] == "20,0,70,50"
    inner = np.asarray(Image.open(io.BytesIO(part.content)))
    assert (inner[..., :3] == picture[0:50, 20:70, :3]).all(axis=2).mean() > 0.97  # beyond the window nothing is read
    assert (
        lab.api.get(f"/images/{lab.image}/pixel-preview", params=dict(answer.request.url.params)).content
        == answer.content
    )
    again = lab.api.client.get(str(answer.request.url), headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304

    only = np.asarray(Image.open(io.BytesIO(lab.preview(only=0).content)))
    assert (only[..., :3] == (0x00, 0xCC, 0x44)).all()
    assert only[truth()][:, 3].mean() > 200 > 60 > only[~truth()][:, 3].mean()


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ({"classifier": 2}, 404, "There is no pixel classifier 2 in this project. There are: 1"),
        ({"x0": 500, "x1": 600}, 422, "does not touch the image"),
        ({"x0": 9, "x1": 9}, 422, "does not touch the image"),
        ({"x1": "nan"}, 422, ""),
        ({"x1": 1e99}, 422, ""),
        ({"z": 3}, 404, "There is no plane"),
        ({"only": 7}, 422, "has 2 classes"),
    ],
)
def test_a_preview_that_cannot_be_says_why(lab: Lab, query: dict[str, Any], status: int, text: str) -> None:
    lab.scribble()
    lab.train(trees=5)
    answer = lab.preview(**query)
    assert answer.status_code in {status, 400, 413} if not text else answer.status_code == status, answer.text
    assert text in answer.text


def test_a_window_that_is_too_large_is_refused(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.scribble()
    lab.train(trees=5)
    monkeypatch.setattr("cytoloop.workflows.pixels.preview.MOST_PIXELS", 1000)
    answer = lab.preview()
    assert answer.status_code == 413
    assert "Zoom in" in answer.text


def test_what_is_missing_is_told_before_a_job_starts(lab: Lab) -> None:
    assert "at least 2 classes" in lab.start(kind="train-pixels").text
    lab.draw(lab.line(lab.disc, (10, 16), (20, 16)))
    answer = lab.start(kind="train-pixels")
    assert (answer.status_code, "at least 2 classes" in answer.text) == (422, True)
    third = lab.api.ok(lab.api.post(f"/projects/{lab.project}/terms", {"name": "Other"}))["id"]
    lab.draw(lab.line(third, (10, 30), (20, 30)))
    answer = lab.start(kind="train-pixels", background_term_id=lab.ground)
    assert "No scribble is of the background, Ground" in answer.text
    assert lab.start(kind="train-pixels", configuration={"sigmas_px": [1e9]}).status_code == 422
    assert lab.start(kind="train-pixels", configuration={"sigmas_px": []}).status_code == 422
    assert "size of a pixel is not known" in lab.start(kind="train-pixels", configuration={"pixel_um": 2}).text


@pytest.mark.parametrize("learner", ["random-forest", "boosting", "patches"])
def test_other_methods_learn_the_same(lab: Lab, learner: str) -> None:
    lab.scribble()
    areas = [{"geometry": square(cx - 6, cy - 6, 12), "term_id": lab.disc} for cx, cy in CENTRES[4:8]] + [
        {"geometry": square(cx + 9, cy - 3, 7), "term_id": lab.ground} for cx, cy in CENTRES[4:8]
    ]
    lab.draw(*areas)
    done = lab.train(learner=learner, trees=20, patch_px=8)
    assert done["state"] == "done", done["error"]
    picture = np.asarray(Image.open(io.BytesIO(lab.preview().content)))
    found = (picture[..., :3] == (0x00, 0xCC, 0x44)).all(axis=2)
    assert (found == truth()).mean() > 0.93


def test_scribbles_are_no_objects_to_learn_from(lab: Lab) -> None:
    lab.draw(*({"geometry": square(cx - 5, cy - 5), "term_id": lab.disc} for cx, cy in CENTRES))
    assert lab.get("labels")["total"] == []


def test_one_layer_of_scribbles_is_shared(accounts: tuple[Driver, Any]) -> None:
    api, services = accounts
    hashed = users.hash_password("correct horse")

    def add(connection: Any) -> list[tuple[int, str]]:
        made = [
            users.create_user(connection, username=name, display_name=name, password_hash=hashed, is_admin=False)
            for name in ("one", "two")
        ]
        return [(one.id, users.create_token(connection, user_id=one.id, name="t", scope="write")[1]) for one in made]

    (_, first), (second_id, second) = services.database.write(add)
    api.client.headers["authorization"] = f"Bearer {first}"
    lab = Lab(api)
    path = f"/api/v1/projects/{lab.project}/members/{second_id}"
    api.ok(api.client.put(path, json={"role": "annotator"}))
    api.client.headers["authorization"] = f"Bearer {second}"
    assert api.ok(api.post(f"/images/{lab.image}/layers", {"kind": "scribbles"}))["id"] == lab.layer
    lab.draw(lab.line(lab.disc, (10, 16), (20, 16)))


def test_a_project_has_only_its_own(lab: Lab) -> None:
    lab.scribble()
    lab.train(trees=5)
    other = Lab(lab.api)
    assert other.get("pixel-classifiers") == []
    for body in ({"kind": "segment"}, {"kind": "compare", "methods": ["pixels:1"], "image_id": other.image}):
        answer = other.start(**{"method": "pixels:1"} | body if body["kind"] == "segment" else body)
        assert answer.status_code == 404, answer.text
        assert "There is no segmentation method 'pixels:1'" in answer.text
    assert other.preview().status_code == 404
    names = {one["name"] for one in lab.api.ok(lab.api.get("/methods"))}
    assert "pixels:1" not in names


def test_versions_are_kept_compared_exported_imported_and_removed(lab: Lab) -> None:
    lab.scribble()
    lab.train(trees=5)
    lab.train(trees=10)
    assert [one["version"] for one in lab.get("pixel-classifiers")] == [2, 1]
    compared = lab.run(kind="compare", methods=["pixels:1", "pixels:2", "threshold"], image_id=lab.image)
    assert compared["message"] == "3 rows to choose from"
    answer = lab.api.get(f"/projects/{lab.project}/pixel-classifiers/2/export")
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert {"bioimageio.yaml", "weights.onnx", "README.md", "test_input.npy", "test_output.npy"} <= set(names)

    other = Lab(lab.api)
    path = f"/api/v1/projects/{other.project}/pixel-classifiers/import"
    taken = lab.api.client.post(path, files={"file": ("p.zip", answer.content)})
    assert taken.status_code == 201, taken.text
    assert taken.json()["version"] == 1
    assert other.preview().content == lab.preview(2).content

    gone = f"/api/v1/projects/{lab.project}/pixel-classifiers/2"
    assert lab.api.client.delete(gone).status_code == 204
    assert lab.api.client.delete(gone).status_code == 404
    assert lab.train(trees=5)["message"].startswith("Pixel classifier 3")


def test_a_package_that_lies_is_refused(lab: Lab) -> None:
    lab.scribble()
    lab.train(trees=5)
    whole = lab.api.get(f"/projects/{lab.project}/pixel-classifiers/1/export").content
    path = f"/api/v1/projects/{lab.project}/pixel-classifiers/import"
    for old, new, told in (
        (b"task: pixel-classification", b"task: classification", "is no pixel classifier"),
        (b"background: 1", b"background: 9", "no class number 9"),
        (b"  - 0.7\n", b"  - 1e9\n", "filters that are not between"),
        (b"channels: 1", b"channels: 2", "does not take 66 features"),
    ):
        buffer = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(buffer, "w") as target:
            for name in source.namelist():
                content = source.read(name)
                if name == "bioimageio.yaml":
                    assert old in content, content.decode()
                    content = content.replace(old, new)
                target.writestr(name, content)
        answer = lab.api.client.post(path, files={"file": ("p.zip", buffer.getvalue())})
        assert answer.status_code == 422, answer.text
        assert told in answer.text
    assert len(lab.get("pixel-classifiers")) == 1


def test_another_kind_of_image_is_refused_with_a_reason(lab: Lab) -> None:
    lab.scribble()
    lab.train(trees=5)
    two = np.stack([spots(), spots()])
    image = lab.api.image(lab.project, "two.tif", tiff_bytes(two, imagej=True, metadata={"axes": "CYX"}))["id"]
    failed = lab.run(kind="segment", method="pixels:1", image_ids=[image])
    assert failed["state"] == "failed"
    assert "has 2 channels, but the pixel classifier learnt from images of 1 channels" in failed["error"]


def test_a_deleted_project_leaves_no_pixel_classifier(tmp_path: Path) -> None:
    with running(tmp_path / "home") as (api, services):
        lab = Lab(api)
        lab.scribble()
        lab.train(trees=5)
        assert list(services.pixels.folder.iterdir())
        assert api.client.delete(f"/api/v1/projects/{lab.project}").status_code == 204
        assert not list(services.pixels.folder.iterdir())
