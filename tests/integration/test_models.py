"""Models over the web API: the list, the card, the weights for the browser, import, export, removal."""

import hashlib
import io
import zipfile
from pathlib import Path

import onnxruntime
import pytest

from cytoloop.workflows.models.library import export_model

from ..tinymodels import package  # noqa: TID252 - tests are no package
from .driver import API, Driver


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return export_model(package(tmp_path / "made" / "tiny"), tmp_path / "tiny.zip")


def imported(api: Driver, archive: Path, **form: str) -> dict[str, object]:
    files = {"file": (archive.name, archive.read_bytes(), "application/zip")}
    return api.ok(api.client.post(f"{API}/models/import", files=files, data=form))


def test_a_model_is_imported_shown_used_exported_and_removed(api: Driver, archive: Path) -> None:
    before = {one["name"] for one in api.ok(api.get("/models"))}
    made = imported(api, archive)
    assert (made["name"], made["shipped"], made["licence"]) == ("tiny", False, "CC0-1.0")
    assert made["card"].startswith("# Tiny nuclei")
    assert made["pictures"] == ["cover.png", "failures.png"]
    assert made["scores"] == [
        {"images": "all", "count": 3, "dsb": 0.5, "f1": 0.8, "missed": None, "extra": None, "split": None,
         "merged": None}
    ]  # fmt: skip
    assert {one["name"] for one in api.ok(api.get("/models"))} == before | {"tiny"}
    groups = {one["name"]: one["group"] for one in api.ok(api.get("/methods"))}
    assert (groups["tiny"], groups["threshold"]) == ("own", "classical")
    sent = api.get("/models/tiny/export")
    assert "tiny.zip" in sent.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(sent.content)) as one, zipfile.ZipFile(archive) as other:
        assert one.namelist() == other.namelist()
    project = api.project()
    image = api.image(project)["id"]
    body = {"kind": "segment", "method": "tiny", "parameters": {"diameter_px": 20}, "image_ids": [image]}
    job = api.finished(api.ok(api.post(f"/projects/{project}/jobs", body)))
    assert job["state"] == "done", job
    assert api.client.delete(f"{API}/models/tiny").status_code == 204
    assert {one["name"] for one in api.ok(api.get("/models"))} == before


def test_weights_are_kept_by_the_browser(api: Driver, archive: Path) -> None:
    digest = imported(api, archive)["weights_sha256"]
    plain = api.get("/models/tiny/weights")
    assert hashlib.sha256(plain.content).hexdigest() == digest
    assert plain.headers["cache-control"] == "private, no-cache"
    again = api.get("/models/tiny/weights", headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    named = api.get(f"/models/tiny/weights?sha256={digest}")
    assert "immutable" in named.headers["cache-control"]
    assert onnxruntime.InferenceSession(named.content).get_inputs()[0].name == "image"
    assert api.get(f"/models/tiny/weights?sha256={'0' * 64}").status_code == 404


def test_pictures_are_those_of_the_card_only(api: Driver, archive: Path) -> None:
    imported(api, archive)
    found = api.get("/models/tiny/pictures/cover.png")
    assert (found.status_code, found.headers["content-type"]) == (200, "image/png")
    for name in ("weights.onnx", "..%2Fbioimageio.yaml", "%2Fetc%2Fpasswd", "none.png"):
        assert api.get(f"/models/tiny/pictures/{name}").status_code == 404


def test_what_is_wrong_with_an_import_is_told(api: Driver, archive: Path) -> None:
    def refused(sent: str, content: bytes, **form: str) -> tuple[int, str]:
        answer = api.client.post(f"{API}/models/import", files={"file": (sent, content)}, data=form)
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.status_code, answer.json()["detail"]

    whole = archive.read_bytes()
    assert refused("a.zip", whole[: len(whole) // 2])[0] == 422
    status, told = refused("a.zip", b"nonsense")
    assert (status, "not a complete zip" in told) == (422, True)
    outward = io.BytesIO()
    with zipfile.ZipFile(outward, "w") as opened:
        opened.writestr("../../rdf.yaml", "type: model")
    status, told = refused("a.zip", outward.getvalue())
    assert (status, "out of its folder" in told) == (422, True)
    assert refused("a.zip", whole, name="../up")[0] == 422
    assert refused("a.zip", whole, name="threshold")[0] == 409
    assert "tiny" not in [one["name"] for one in api.ok(api.get("/models"))]
    assert api.client.delete(f"{API}/models/none").status_code == 404


def test_a_record_that_is_no_json_is_shown_all_the_same(api: Driver, tmp_path: Path) -> None:
    training = {"scores": {"all": {"images": 1, "dsb": float("nan"), "f1": 1.0}, "odd": 3}, "when": {1: float("inf")}}
    made = package(tmp_path / "made" / "odd", training=training)
    found = imported(api, export_model(made, tmp_path / "odd.zip"))
    assert found["scores"] == []
    assert found["training"]["when"] == {"1": None}
