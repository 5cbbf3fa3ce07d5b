"""Label, train, apply, correct, train again: as a script does it over HTTP."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from shapely.geometry import shape

from cytoloop.learning.slides import grid
from cytoloop.projects import users
from cytoloop.workflows.classification import labelled

from .conftest import running
from .driver import Driver, square
from .lab import CELL, Lab, dotted


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


@pytest.mark.parametrize("tiled", [False, True])
def test_what_a_segmentation_finds_is_classified_as_its_last_stage(
    api: Driver, monkeypatch: pytest.MonkeyPatch, tiled: bool
) -> None:
    lab = Lab(api)
    lab.label(0, lab.ids[0])
    lab.run(kind="train-classifier")
    if tiled:
        monkeypatch.setattr(grid, "WHOLE_PIXELS", 1000)
        monkeypatch.setattr(grid, "CORE_PX", 100)
        monkeypatch.setattr(grid, "MARGIN_PX", 20)
    assert lab.start(kind="segment", method="threshold", classifier=7).status_code == 404
    job = lab.run(kind="segment", method="threshold", image_ids=[lab.images[1]], classifier=1)
    assert (job["state"], job["parameters"]["classifier"]) == ("done", 1)
    assert (job["tasks_total"] > 4) == tiled
    following = lab.api.ok(lab.api.get(f"/projects/{lab.project}/jobs"))["items"][0]
    assert (following["kind"], lab.api.finished(following)["state"]) == ("classify", "done")
    layers = lab.api.ok(lab.api.get(f"/images/{lab.images[1]}/layers"))
    (run,) = (one for one in layers if one["kind"] == "run")
    found = lab.api.ok(lab.api.get(f"/layers/{run['id']}/annotations", params={"limit": 200}))["items"]
    assert len(found) == len(lab.ids[1])
    places = [shape(one["geometry"]).centroid for one in found]
    spots = {(x + CELL / 2, y + CELL / 2): bright for x, y, bright in dotted(1)[1]}
    right = 0
    for place, one in zip(places, found, strict=True):
        near = min(spots, key=lambda spot: (spot[0] - place.x) ** 2 + (spot[1] - place.y) ** 2)
        right += one["term_id"] == (lab.bright if spots[near] else lab.dull)
    assert right / len(found) > 0.9
    assert all(one["term_score"] is not None for one in found), "suggestions, until a person agrees"


def test_labels_of_large_layers_are_counted_alike(api: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(api)
    lab.label(0, lab.ids[0][:16])
    lab.run(kind="train-classifier", then_classify=[lab.images[1]])
    lab.run(kind="classify")
    api.ok(
        api.post(
            f"/layers/{lab.layers[0]}/changes", {"creates": [{"geometry": {"type": "Point", "coordinates": [3, 3]}}]}
        )
    )
    by_rows = lab.get("labels")
    assert sum(one["suggested"] for one in by_rows["total"]) > 50
    monkeypatch.setattr(labelled, "LARGE_LAYER", 10)
    assert lab.get("labels") == by_rows


def test_a_deleted_project_leaves_no_classifiers(tmp_path: Path) -> None:
    with running(tmp_path / "home") as (api, _):
        lab = Lab(api)
        lab.label(0, lab.ids[0][:16])
        lab.run(kind="train-classifier")
        folder = tmp_path / "home" / "classifiers" / lab.project
        assert folder.is_dir()
        assert api.delete(f"/api/v1/projects/{lab.project}").status_code == 204
        assert not folder.exists()


def test_too_few_labels_are_refused_with_what_to_do(api: Driver) -> None:
    lab = Lab(api, images=1)
    for ids in ([], lab.ids[0][:1]):
        lab.label(0, ids)
        refused = lab.start(kind="train-classifier")
        assert refused.status_code == 422, refused.text
        assert "at least 2 objects in each of 2 classes" in refused.json()["detail"]
    refused = lab.start(kind="classify")
    assert (refused.status_code, "no classifier of objects yet" in refused.json()["detail"]) == (404, True)
    assert lab.get("classifiers") == []
    assert api.get(f"/projects/{lab.project}/classifiers/1").status_code == 404


def test_suggestions_spare_what_people_did_and_are_undone_as_one_step(api: Driver) -> None:
    lab = Lab(api, images=1)
    lab.label(0, lab.ids[0][:12])
    lab.run(kind="train-classifier")
    locked, rejected = lab.ids[0][20], lab.ids[0][21]
    for key, action in (
        (locked, {"action": "set_locked", "locked": True}),
        (rejected, {"action": "set_status", "status": "rejected"}),
    ):
        api.ok(api.post(f"/layers/{lab.layers[0]}/bulk", {"action": action, "ids": [key]}))
    lab.label(0, [lab.ids[0][13]], wrong=True)
    before = lab.objects(0)
    lab.run(kind="classify", layer_ids=[lab.layers[0]])
    after = lab.objects(0)
    spared = {*lab.ids[0][:12], lab.ids[0][13], locked, rejected}
    assert all(after[key] == before[key] for key in spared)
    assert all(after[key]["term_score"] is not None for key in set(after) - spared)
    assert after[lab.ids[0][13]]["term_id"] != lab.truth[lab.ids[0][13]]
    undone = api.ok(api.post(f"/images/{lab.images[0]}/undo"))
    assert undone["redo_label"] == "Classify 34 objects"
    back = lab.objects(0)
    assert all(back[key]["term_id"] is None and back[key]["term_score"] is None for key in set(after) - spared)
    api.ok(api.post(f"/images/{lab.images[0]}/redo"))
    again = lab.objects(0)
    fields = ("term_id", "term_score")
    assert all([again[key][one] for one in fields] == [after[key][one] for one in fields] for key in after)


def test_suggestions_are_found_by_filters_sorted_and_accepted(api: Driver) -> None:
    lab = Lab(api, images=1)
    lab.label(0, lab.ids[0][:12])
    lab.run(kind="train-classifier", then_classify=[])
    lab.run(kind="classify", image_ids=[lab.images[0]])
    path = f"/layers/{lab.layers[0]}/objects/index"
    index = api.ok(api.get(path, params={"suggested": True, "sort": "term_score"}))
    assert len(index["ids"]) == 37
    assert all(index["suggested"])
    scores = [lab.objects(0)[key]["term_score"] for key in index["ids"]]
    assert scores == sorted(scores)
    middle = scores[len(scores) // 2]
    accepted = api.ok(
        api.post(
            f"/layers/{lab.layers[0]}/bulk",
            {"action": {"action": "accept_term"}, "filter": {"suggested": True, "min_term_score": middle}},
        )
    )
    assert accepted["changed"] == sum(one >= middle for one in scores)
    left = api.ok(api.get(path, params={"suggested": True}))
    assert len(left["ids"]) == 37 - accepted["changed"]
    assert accepted["history"]["undo_label"].startswith("Accept the class of")
    gone = api.ok(
        api.post(
            f"/layers/{lab.layers[0]}/bulk",
            {"action": {"action": "set_term", "term_id": None}, "filter": {"suggested": True}},
        )
    )
    assert gone["changed"] == len(left["ids"])


def test_the_same_class_given_by_a_person_is_agreement(api: Driver) -> None:
    lab = Lab(api, images=1)
    lab.label(0, lab.ids[0][:12])
    lab.run(kind="train-classifier", then_classify=[])
    lab.run(kind="classify")
    one = lab.objects(0)[lab.ids[0][30]]
    update = {"id": one["id"], "version": one["version"], "term_id": one["term_id"]}
    api.ok(api.post(f"/layers/{lab.layers[0]}/changes", {"updates": [update]}))
    now = lab.objects(0)[one["id"]]
    assert (now["term_id"], now["term_score"], one["term_score"] is None) == (one["term_id"], None, False)


def test_test_images_are_scored_and_not_learnt_from(api: Driver) -> None:
    lab = Lab(api)
    lab.label(0, lab.ids[0][:20])
    lab.label(1, lab.ids[1][:20], wrong=True)
    lab.run(kind="train-classifier", test_image_ids=[lab.images[1]])
    details = lab.get("classifiers/1")
    scores = {one["partition"]: one for one in details["scores"]}
    assert (scores["test"]["objects"], scores["held_out"]["objects"]) == (20, 20)
    assert scores["test"]["accuracy"] < 0.2
    assert scores["held_out"]["accuracy"] > 0.8
    assert (details["split"], details["images"]) == ("object", 1)


@pytest.mark.parametrize("learner", ["boosting", "svm", "linear"])
def test_every_method_trains_over_http(api: Driver, learner: str) -> None:
    lab = Lab(api, images=1)
    lab.label(0, lab.ids[0][:24])
    done = lab.run(kind="train-classifier", configuration={"learner": learner, "trees": 60})
    assert done["state"] == "done", done
    (one,) = lab.get("classifiers")
    assert one["learner"] == learner
    assert one["macro_f1"] > 0.7
    assert lab.run(kind="classify")["message"] == "A class suggested for 25 objects"


def test_a_classifier_goes_to_another_project_as_a_package(api: Driver) -> None:
    lab = Lab(api, images=1)
    lab.label(0, lab.ids[0][:20])
    lab.run(kind="train-classifier")
    packed = api.get(f"/projects/{lab.project}/classifiers/1/export")
    assert packed.headers["content-type"] == "application/zip"
    names = set(zipfile.ZipFile(io.BytesIO(packed.content)).namelist())
    assert {"bioimageio.yaml", "weights.onnx", "README.md", "test_input.npy"} <= names
    assert not [one for one in names if one.endswith((".pkl", ".parquet", ".joblib"))]

    other = Lab(api, images=0)
    other.project = api.project("Other")
    content, spots = dotted(7)
    image = api.image(other.project, "z.tif", content)["id"]
    layer = api.layer(image)
    api.ok(api.post(f"/layers/{layer}/changes", {"creates": [{"geometry": square(x, y, CELL)} for x, y, _ in spots]}))
    taken = api.client.post(
        f"/api/v1/projects/{other.project}/classifiers/import", files={"file": ("c.zip", packed.content)}
    )
    details = api.ok(taken)
    assert (details["version"], details["labels"], len(details["scores"])) == (1, lab.get("classifiers/1")["labels"], 2)
    terms = {one["name"]: one["id"] for one in other.get("ontology")["terms"]}
    assert {"Bright", "Dull"} <= set(terms)
    other.layers = [layer]
    assert other.run(kind="classify")["message"] == "A class suggested for 49 objects"
    found = sorted(other.objects(0).values(), key=lambda one: one["id"])
    right = [
        one["term_id"] == terms["Bright" if bright else "Dull"]
        for one, (_, _, bright) in zip(found, spots, strict=True)
    ]
    assert np.mean(right) > 0.9
    assert other.get("classifiers/1/objects", truth=0, predicted=0) == []
    assert api.client.delete(f"/api/v1/projects/{other.project}/classifiers/1").status_code == 204
    assert other.get("classifiers") == []


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"nonsense", zipped(), zipped(**{"../x": b"1"}), zipped(**{"bioimageio.yaml": b"type: model\n"})],
    ids=["no zip", "empty", "leads out", "no classifier"],
)
def test_bad_packages_leave_nothing(api: Driver, content: bytes) -> None:
    project = api.project()
    refused = api.client.post(f"/api/v1/projects/{project}/classifiers/import", files={"file": ("c.zip", content)})
    assert refused.status_code in (404, 422), refused.text
    assert refused.json()["detail"]
    assert api.ok(api.get(f"/projects/{project}/classifiers")) == []


def test_a_classifier_of_gray_images_refuses_colours(api: Driver) -> None:
    lab = Lab(api, images=1)
    lab.label(0, lab.ids[0][:12])
    lab.run(kind="train-classifier")
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.zeros((64, 64, 3), np.uint8), photometric="rgb")
    image = api.image(lab.project, "colour.tif", buffer.getvalue())["id"]
    layer = api.layer(image)
    api.ok(api.post(f"/layers/{layer}/changes", {"creates": [{"geometry": square(5, 5)}]}))
    refused = lab.start(kind="classify", image_ids=[image])
    assert refused.status_code == 422
    assert "colour.tif" in refused.json()["detail"]
    assert "RGB" in refused.json()["detail"]


def test_one_does_not_suggest_classes_on_the_layer_of_somebody_else(accounts: Any) -> None:
    driver, services = accounts
    people = {
        name: services.database.write(
            lambda c, name=name: (
                users.create_user(
                    c,
                    username=name,
                    display_name=name,
                    password_hash=users.hash_password("correct horse"),
                    is_admin=False,
                ).id
            )
        )
        for name in ("owner", "helper")
    }
    tokens = {
        name: services.database.write(lambda c, key=key: users.create_token(c, user_id=key, name="t", scope="write")[1])
        for name, key in people.items()
    }

    def as_(name: str) -> Driver:
        driver.client.headers["authorization"] = f"Bearer {tokens[name]}"
        return driver

    lab = Lab(as_("owner"), images=1)
    lab.label(0, lab.ids[0][:12])
    lab.run(kind="train-classifier")
    member = {"role": "annotator"}
    driver.ok(driver.client.put(f"/api/v1/projects/{lab.project}/members/{people['helper']}", json=member))
    lab.api = as_("helper")
    assert lab.start(kind="classify", layer_ids=[lab.layers[0]]).status_code == 403
    nothing = lab.start(kind="classify")
    assert (nothing.status_code, "nothing to classify" in nothing.json()["detail"]) == (422, True)
    assert all(one["term_score"] is None for one in lab.objects(0).values())
