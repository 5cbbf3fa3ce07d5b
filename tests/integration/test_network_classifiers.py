"""Networks that tell objects apart: trained on crops, told from, gone on with, taken away."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cytoloop.workflows.training import child as trainingchild

from .conftest import running
from .driver import Driver
from .lab import Lab


@pytest.fixture
def api(tmp_path: Path) -> Any:
    with running(tmp_path / "home") as (driver, _):
        yield driver


QUICK: dict[str, Any] = {"learner": "cnn", "side": 32, "epochs": 12, "patience": 12, "batch": 16}


@pytest.mark.slow
def test_a_network_learns_suggests_and_goes_on_learning(api: Driver) -> None:
    lab = Lab(api)
    lab.label(0, lab.ids[0][:30])
    lab.label(1, lab.ids[1][:10])
    job = lab.run(kind="train-classifier", configuration=QUICK, then_classify=[lab.images[1]])
    assert (job["state"], job["error"]) == ("done", None), job
    assert job["message"].startswith("Classifier 1 from 40 labels, F1 ")
    following = api.ok(api.get(f"/projects/{lab.project}/jobs"))["items"][0]
    assert api.finished(following)["message"] == "A class suggested for 39 objects"
    found = lab.objects(1)
    right = [one["term_id"] == lab.truth[key] for key, one in found.items()]
    assert np.mean(right) > 0.9
    queue = lab.get("label-queue", by="diversity", limit=500)
    assert {one["annotation_id"] for one in queue} == set(lab.ids[1][10:])
    details = lab.get("classifiers/1")
    assert (details["learner"], details["subject"], details["ended_by"]) == ("cnn", "objects", "epochs")
    assert [one["epoch"] for one in details["curve"]] == list(range(1, 13))
    assert details["curve"][details["best_epoch"] - 1]["best"]
    assert {one["partition"] for one in details["scores"]} == {"held_out", "training"}
    held = next(one for one in details["scores"] if one["partition"] == "held_out")
    assert held["objects"] == sum(map(sum, held["confusion"])) < 40
    for truth, row in enumerate(held["confusion"]):
        for predicted, count in enumerate(row):
            assert len(lab.get("classifiers/1/objects", truth=truth, predicted=predicted)) == count

    lab.label(0, lab.ids[0][30:])
    again = lab.run(kind="train-classifier", configuration={**QUICK, "epochs": 3}, continue_from=1)
    assert again["state"] == "done", again
    second = lab.get("classifiers/2")
    assert second["continued_from"] == 1
    assert second["curve"][0]["validation_accuracy"] > 0.8
    other = lab.start(kind="train-classifier", configuration={"learner": "encoder"}, continue_from=1)
    assert (other.status_code, "start anew" in other.json()["detail"]) == (422, True)
    wider = lab.start(kind="train-classifier", configuration={**QUICK, "context": 2}, continue_from=1)
    assert wider.status_code == 422

    content = api.get(f"/projects/{lab.project}/classifiers/1/export").content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = set(archive.namelist())
    assert {"weights.onnx", "weights.pt", "bioimageio.yaml", "README.md"} <= names
    assert not {"checked.parquet", "vectors.parquet"} & names
    taken = api.client.post(f"/api/v1/projects/{lab.project}/classifiers/import", files={"file": ("one.zip", content)})
    assert (taken.status_code, taken.json()["version"]) == (201, 3), taken.text
    assert lab.run(kind="classify", classifier=3)["state"] == "done"


def test_without_torch_a_network_is_refused_and_trees_still_learn(api: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(api, images=1)
    lab.label(0, lab.ids[0][:12])
    monkeypatch.setattr(trainingchild, "can_train", lambda: False)
    refused = lab.start(kind="train-classifier", configuration=QUICK)
    assert (refused.status_code, "cytoloop[train]" in refused.json()["detail"]) == (409, True)
    assert lab.run(kind="train-classifier")["state"] == "done"
