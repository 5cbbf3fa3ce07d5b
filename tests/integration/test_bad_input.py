"""What goes wrong ends in a plain problem, and leaves nothing behind."""

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from .conftest import running
from .driver import API, Driver, square, tiff_bytes


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def bomb() -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (40_000, 40_000)).save(buffer, "PNG")
    return buffer.getvalue()


BAD_FILES = {
    "truncated.tif": tiff_bytes()[:2000],
    "one-byte.tif": b"I",
    "bomb.png": bomb(),
    "unknown.xyz": b"just some text that is no image " * 40,
    "cut.zip": zipped({"a.tif": tiff_bytes()})[:-200],
    "escape.zip": zipped({"../../evil.tif": tiff_bytes()}),
    "no.zip": b"PK nothing",
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_told_and_nothing_of_it_stays(tmp_path: Path, name: str) -> None:
    home = tmp_path / "home"
    with running(home) as (api, services):
        project = api.project()
        upload = api.send(project, name, BAD_FILES[name])
        images = api.settled(project)
        told = api.ok(api.get(f"/uploads/{upload}"))
        assert told["state"] == "failed"
        assert len(told["error"]) > 20
        assert str(tmp_path) not in told["error"]
        assert all(one["state"] == "failed" and one["error"] for one in images)
        for image in images:
            assert api.client.delete(f"{API}/images/{image['id']}").status_code == 204
        assert api.images(project) == []
        kept = [one for one in home.rglob("*") if one.is_file() and "sqlite" not in one.name]
        # the names of the installation and of who may delete images, which every home has
        assert {str(one.relative_to(home)) for one in kept} == {"installation", "images/owner"}
        assert not (tmp_path / "evil.tif").exists()
        assert services.blobs


def test_a_zip_becomes_its_images_and_junk_is_left_out(api: Driver) -> None:
    project = api.project()
    files = {"a.tif": tiff_bytes(), "sub/b.tif": tiff_bytes(tiff_array()), "__MACOSX/a.tif": b"x", ".DS_Store": b"x"}
    api.send(project, "set.zip", zipped(files))
    assert sorted((one["name"], one["state"]) for one in api.settled(project)) == [
        ("a.tif", "ready"),
        ("b.tif", "ready"),
    ]


def tiff_array() -> object:
    import numpy as np

    return np.arange(64 * 64, dtype="uint8").reshape(64, 64)


def test_a_file_with_no_pixels_is_refused_at_the_door(api: Driver) -> None:
    project = api.project()
    response = api.client.post(
        f"{API}/projects/{project}/uploads", headers={"Upload-Length": "0", "Upload-Metadata": "filename YQ=="}
    )
    assert response.status_code == 422


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..\\x.tif"])
def test_names_that_lead_elsewhere_are_refused(api: Driver, name: str) -> None:
    import base64

    project = api.project()
    coded = base64.b64encode(name.encode()).decode()
    response = api.client.post(
        f"{API}/projects/{project}/uploads", headers={"Upload-Length": "5", "Upload-Metadata": f"filename {coded}"}
    )
    assert response.status_code == 422
    assert "out of its folder" in response.json()["detail"]


BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [9, 9], [9, 0], [0, 9], [0, 0]]]}
BAD_OBJECTS = {
    "self-crossing": ({"geometry": BOW_TIE}, "not a valid shape"),
    "not finite": ({"geometry": {"type": "Point", "coordinates": [1e999, 0]}}, "finite"),
    "outside": ({"geometry": square(120, 120, 50)}, "outside the image"),
    "unknown class": ({"geometry": square(1, 1), "term_id": 99}, "no class 99"),
    "no such plane": ({"geometry": square(1, 1), "z": 7}, "1 z and 1 t planes"),
    "wrong kind": ({"geometry": {"type": "Point", "coordinates": [1, 1]}, "kind": "ellipse"}, "called a ellipse"),
    "misspelt field": ({"geometry": square(1, 1), "term": 1}, "not permitted"),
    "score": ({"geometry": square(1, 1), "score": 1.5}, "less than or equal to 1"),
}


@pytest.mark.parametrize("name", BAD_OBJECTS)
def test_a_bad_object_refuses_the_whole_change(api: Driver, name: str) -> None:
    body, reason = BAD_OBJECTS[name]
    layer = api.layer(api.image(api.project())["id"])
    import json

    content = json.dumps({"creates": [{"geometry": square(3, 3)}, body]})
    response = api.client.post(
        f"{API}/layers/{layer}/changes", content=content, headers={"Content-Type": "application/json"}
    )
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert reason in problem["detail"]
    assert problem["code"] in ("invalid_input", "invalid_geometry")
    assert api.ok(api.get(f"/layers/{layer}/objects"))["total"] == 0


def test_nan_in_json_is_refused(api: Driver) -> None:
    layer = api.layer(api.image(api.project())["id"])
    content = '{"creates": [{"geometry": {"type": "Point", "coordinates": [NaN, 1]}}]}'
    response = api.client.post(
        f"{API}/layers/{layer}/changes", content=content, headers={"Content-Type": "application/json"}
    )
    assert response.status_code in (400, 422)
    assert api.ok(api.get(f"/layers/{layer}/objects"))["total"] == 0


def test_a_stale_edit_gets_the_object_as_it_is_now(api: Driver) -> None:
    layer = api.layer(api.image(api.project())["id"])
    key = api.ok(api.post(f"/layers/{layer}/changes", {"creates": [{"geometry": square(3, 3)}]}))["created_ids"][0]
    edit = {"updates": [{"id": key, "version": 1, "geometry": square(9, 9)}]}
    api.ok(api.post(f"/layers/{layer}/changes", edit))
    response = api.post(f"/layers/{layer}/changes", edit)
    assert response.status_code == 409
    problem = response.json()
    assert problem["code"] == "stale_version"
    assert problem["current"][0]["version"] == 2
    assert problem["current"][0]["geometry"] == square(9, 9)


def test_a_body_of_200_megabytes_is_refused_announced_or_not(api: Driver) -> None:
    layer = api.layer(api.image(api.project())["id"])
    path = f"{API}/layers/{layer}/changes"
    announced = api.client.post(path, content=b"x", headers={"Content-Length": str(200 << 20)})
    assert announced.status_code == 413
    assert announced.json()["code"] == "too_large"

    def chunks() -> object:
        for _ in range(200):
            yield b" " * (1 << 20)

    streamed = api.client.post(path, content=chunks(), headers={"Content-Type": "application/json"})
    assert streamed.status_code == 413
    assert "several smaller" in streamed.json()["detail"]


def test_more_than_ten_thousand_objects_at_once_are_refused(api: Driver) -> None:
    layer = api.layer(api.image(api.project())["id"])
    body = {"creates": [{"geometry": {"type": "Point", "coordinates": [1, 1]}}] * 10_001}
    assert api.post(f"/layers/{layer}/changes", body).status_code == 422


def test_ten_thousand_objects_in_one_request_are_stored_once_even_if_sent_twice(api: Driver) -> None:
    layer = api.layer(api.image(api.project())["id"])
    points = [{"geometry": {"type": "Point", "coordinates": [n % 128, n // 128]}} for n in range(10_000)]
    body = {"creates": points, "idempotency_key": "the same again"}
    first, second = (api.ok(api.post(f"/layers/{layer}/changes", body)) for _ in range(2))
    assert first == second
    assert len(set(first["created_ids"])) == 10_000
    assert api.ok(api.get(f"/layers/{layer}/objects?limit=1"))["total"] == 10_000
    page = api.ok(api.get(f"/layers/{layer}/annotations?bbox=0,0,10,10&limit=10000"))["items"]
    assert len(page) == 121


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"kind": "segment", "method": "magic"}, "no segmentation method"),
        ({"kind": "segment", "method": "threshold", "parameters": {"smothing": 1}}, "smothing"),
        ({"kind": "segment", "method": "threshold", "z": 5}, "planes along z"),
        ({"kind": "segment", "method": "threshold", "region": BOW_TIE}, "cross itself"),
        ({"kind": "segment", "method": "threshold", "region": square(900, 900)}, "does not touch"),
        ({"kind": "paint"}, "kind"),
    ],
)
def test_a_bad_job_is_refused_before_it_starts(api: Driver, body: dict, reason: str) -> None:
    project = api.project()
    image = api.image(project)
    if "region" in body:
        body = {**body, "image_ids": [image["id"]]}
    response = api.post(f"/projects/{project}/jobs", body)
    assert response.status_code in (404, 422)
    assert reason in response.json()["detail"]
    assert api.ok(api.get(f"/images/{image['id']}/layers")) == []


def test_measuring_nothing_is_told(api: Driver) -> None:
    project = api.project()
    layer = api.layer(api.image(project)["id"])
    response = api.post(f"/projects/{project}/jobs", {"kind": "measure", "layer_ids": [layer]})
    assert response.status_code == 422
    assert "no objects yet" in response.json()["detail"]


def test_unknown_addresses_are_problems_too(api: Driver) -> None:
    response = api.get("/nothing/here")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"
