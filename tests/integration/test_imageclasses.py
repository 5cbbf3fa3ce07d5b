"""Classes of whole images: given, learnt, suggested, agreed to, as a table."""

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from .conftest import running
from .driver import Driver

QUICK: dict[str, Any] = {"learner": "cnn", "side": 32, "epochs": 12, "patience": 12, "batch": 16}


def picture(rng: np.random.Generator, striped: bool, side: int = 48) -> np.ndarray:
    """Stripes, or a noisy ground with one spot."""
    noise = rng.normal(100, 10, (side, side))
    if striped:
        noise[:, int(rng.integers(4)) :: 6] += 120
    else:
        y, x = rng.integers(8, side - 14, 2)
        noise[y : y + 12, x : x + 12] += 120
    return noise.clip(0, 65535).astype(np.uint16)


def content(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array)
    return buffer.getvalue()


class Collection:
    """A project of images of two classes."""

    def __init__(self, api: Driver, count: int) -> None:
        self.api = api
        self.project = api.project()
        self.striped, self.spotted = (
            api.ok(api.post(f"/projects/{self.project}/terms", {"name": name}))["id"] for name in ("Striped", "Spotted")
        )
        rng = np.random.default_rng(0)
        self.truth: dict[str, int] = {}
        for number in range(count):
            name = f"{number:02}.tif"
            image = api.image(self.project, name, content(picture(rng, number % 2 == 0)))["id"]
            self.truth[image] = self.striped if number % 2 == 0 else self.spotted

    def give(self, images: dict[str, int | None]) -> Any:
        body = {"images": [{"image_id": image, "term_id": term} for image, term in images.items()]}
        return self.api.put(f"/api/v1/projects/{self.project}/image-classes", json=body)

    def run(self, **body: Any) -> dict[str, Any]:
        return self.api.finished(self.api.ok(self.start(**body)))

    def start(self, **body: Any) -> Any:
        return self.api.post(f"/projects/{self.project}/jobs", body)

    def images(self) -> dict[str, dict[str, Any]]:
        found = self.api.ok(self.api.get(f"/projects/{self.project}/images", params={"limit": 1000}))["items"]
        return {one["id"]: one for one in found}

    def rows(self) -> list[dict[str, str]]:
        text = self.api.get(f"/projects/{self.project}/image-classes.csv").text
        return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def api(tmp_path: Path) -> Any:
    with running(tmp_path / "home") as (driver, _):
        yield driver


@pytest.mark.slow
@pytest.mark.parametrize("configuration", [{"learner": "extra-trees", "trees": 50}, QUICK], ids=["trees", "cnn"])
def test_images_are_labelled_learnt_suggested_and_accepted(api: Driver, configuration: dict[str, Any]) -> None:
    some = Collection(api, 20)
    ids = list(some.truth)
    assert some.start(kind="train-image-classifier").status_code == 422
    assert api.ok(some.give({one: some.truth[one] for one in ids[:14]})) == {"changed": 14}
    before = some.images()
    assert [before[one]["term_id"] for one in ids] == [some.truth[one] for one in ids[:14]] + [None] * 6
    job = some.run(kind="train-image-classifier", configuration=configuration)
    assert (job["state"], job["error"]) == ("done", None), job
    assert job["message"].startswith("Classifier 1 from 14 images, F1 ")
    following = api.ok(api.get(f"/projects/{some.project}/jobs"))["items"][0]
    assert api.finished(following)["message"] == "A class suggested for 6 images"
    after = some.images()
    assert all(after[one]["term_score"] is None for one in ids[:14])
    assert all(0.4 <= after[one]["term_score"] <= 1 for one in ids[14:])
    assert sum(after[one]["term_id"] == some.truth[one] for one in ids[14:]) >= 5

    (version,) = api.ok(api.get(f"/projects/{some.project}/classifiers", params={"of": "images"}))
    assert (version["subject"], version["labels"]) == ("images", [7, 7])
    assert api.ok(api.get(f"/projects/{some.project}/classifiers")) == []
    path = f"/projects/{some.project}/classifiers/1"
    details = api.ok(api.get(path, params={"of": "images"}))
    assert "Tells images apart" in details["card"]
    held = next(one for one in details["scores"] if one["partition"] == "held_out")
    for truth, row in enumerate(held["confusion"]):
        for predicted, count in enumerate(row):
            cell = api.ok(api.get(f"{path}/images", params={"truth": truth, "predicted": predicted}))
            assert len(cell) == count
            wanted = details["classes"][truth]["name"]
            assert all(
                {some.striped: "Striped", some.spotted: "Spotted"}[some.truth[one["image_id"]]] == wanted
                for one in cell
            )

    corrected = ids[-1]
    api.ok(some.give({corrected: some.truth[corrected], ids[-2]: None}))
    least = 0.4
    accepted = api.ok(
        api.post(f"/projects/{some.project}/image-classes/suggestions", {"action": "accept", "min_score": least})
    )
    assert accepted == {"changed": 4}
    rows = some.rows()
    assert [one["image"] for one in rows] == [f"{number:02}.tif" for number in range(20)]
    assert (rows[-1]["probability"], rows[-2]["class"]) == ("", "")
    assert rows[-1]["by"] not in ("", "classifier")
    api.ok(some.start(kind="classify-images"))
    with zipfile.ZipFile(io.BytesIO(api.get(f"{path}/export", params={"of": "images"}).content)) as archive:
        assert "checked.parquet" not in archive.namelist()
    packed = api.get(f"{path}/export", params={"of": "images"}).content
    wrong = api.client.post(f"/api/v1/projects/{some.project}/classifiers/import", files={"file": ("c.zip", packed)})
    assert (wrong.status_code, "tells images apart" in wrong.json()["detail"]) == (422, True)
    right = api.client.post(
        f"/api/v1/projects/{some.project}/classifiers/import?of=images", files={"file": ("c.zip", packed)}
    )
    assert right.json()["version"] == 2


def test_suggestions_can_be_taken_away_and_foreign_classes_are_refused(api: Driver) -> None:
    some = Collection(api, 2)
    one, other = some.truth
    assert some.give({one: 999}).status_code == 422
    assert some.give({"00000000-0000-0000-0000-000000000000": some.striped}).status_code == 404
    api.ok(some.give({one: some.striped}))
    assert api.ok(api.post(f"/projects/{some.project}/image-classes/suggestions", {"action": "clear"}))["changed"] == 0
    api.ok(api.delete(f"/api/v1/terms/{some.striped}"))
    assert some.images()[one]["term_id"] is None
    api.ok(api.delete(f"/api/v1/images/{other}"))
    assert len(some.rows()) == 1


def test_a_suggestion_can_be_put_back(api: Driver) -> None:
    some = Collection(api, 2)
    one, other = some.truth
    path = f"/api/v1/projects/{some.project}/image-classes"

    def put(**given: Any) -> Any:
        return api.client.put(path, json={"images": [{"image_id": one, **given}]})

    api.ok(some.give({one: some.striped, other: some.spotted}))
    api.ok(put(term_id=some.spotted, term_score=0.7))
    images = some.images()
    assert (images[one]["term_id"], images[one]["term_score"]) == (some.spotted, 0.7)
    assert (images[other]["term_id"], images[other]["term_score"]) == (some.spotted, None)
    decided = api.post(f"/projects/{some.project}/image-classes/suggestions", {"action": "accept"})
    assert api.ok(decided) == {"changed": 1}
    for wrong in ({"term_id": None, "term_score": 0.7}, {"term_id": some.spotted, "term_score": 1.1}):
        answer = put(**wrong)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert some.images()[one]["term_score"] is None


@pytest.mark.slow
@pytest.mark.parametrize("learner", ["extra-trees", "cnn"])
def test_images_of_one_pixel_and_of_numbers_that_are_none_are_learnt_from(api: Driver, learner: str) -> None:
    some = Collection(api, 8)
    strange = [np.zeros((1, 1), np.uint16), np.full((30, 40), np.nan, np.float32), np.full((2, 700), 65535, np.uint16)]
    for number, array in enumerate(strange):
        image = api.image(some.project, f"strange-{number}.tif", content(array))["id"]
        some.truth[image] = some.striped
    api.ok(some.give(dict(some.truth)))
    configuration = {**QUICK, "epochs": 2} if learner == "cnn" else {"learner": learner, "trees": 20}
    job = some.run(kind="train-image-classifier", configuration=configuration)
    assert (job["state"], job["error"]) == ("done", None), job
    assert job["message"].startswith("Classifier 1 from 11 images")
