"""Sets as jobs: their files equal those of the direct routes, wait for a day, and go with the project."""

import os
import time
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from cytoloop.projects import users
from cytoloop.runtime.assembly import Services
from cytoloop.workflows import shelf as shelves

from .conftest import running
from .driver import API, Driver, square


class Made:
    """A server with a project of two images with objects."""

    def __init__(self, api: Driver, services: Services) -> None:
        self.api, self.services = api, services
        self.project = api.project("Sets")
        self.images = [api.image(self.project, name=name)["id"] for name in ("first.tif", "second image.tif")]
        term = api.ok(api.post(f"/projects/{self.project}/terms", {"name": "cell"}))["id"]
        for image in self.images:
            creates = [
                {"geometry": square(10, 10, 20), "term_id": term, "tags": ["x"], "score": 0.25},
                {"geometry": square(50, 50, 10), "status": "predicted"},
                {"geometry": square(80, 80, 10), "status": "rejected"},
            ]
            api.ok(api.post(f"/layers/{api.layer(image)}/changes", {"creates": creates}))

    def export(self, **order: Any) -> dict[str, Any]:
        return self.api.finished(self.api.ok(self.api.post(f"/projects/{self.project}/exports", order)))

    def send(self, content: bytes, name: str = "mine.zip") -> Any:
        return self.api.client.post(f"{API}/projects/{self.project}/set-imports?name={name}", content=content)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    with running(tmp_path / "home") as (api, services):
        yield Made(api, services)


def contents(path: Path, packed: bytes) -> dict[str, bytes]:
    path.write_bytes(packed)
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.mark.parametrize("order", [{"set": "annotatorj"}, {"set": "geojson", "predictions": False}, {"set": "coco"}])
def test_a_job_makes_the_files_of_the_direct_route(made: Made, tmp_path: Path, order: dict[str, Any]) -> None:
    job = made.export(**order)
    assert job["state"] == "done", job["error"]
    answer = made.api.get(f"/jobs/{job['id']}/file")
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="Sets_{order["set"]}.zip"')
    assert (job["file"]["name"], job["file"]["size_bytes"]) == (f"Sets_{order['set']}.zip", len(answer.content))
    assert "to download" in job["message"]
    direct = made.api.get(f"/projects/{made.project}/export", params=order)
    assert contents(tmp_path / "job.zip", answer.content) == contents(tmp_path / "direct.zip", direct.content)


def test_images_and_classes_are_chosen_and_nothing_is_told(made: Made, tmp_path: Path) -> None:
    one = made.export(set="labels", image_ids=[made.images[1]], classes=["cell"])
    names = contents(tmp_path / "a.zip", made.api.get(f"/jobs/{one['id']}/file").content)
    assert list(names) == ["labelled_masks/second_image.tif"]
    none = made.export(set="labels", classes=["nobody"])
    assert (none["state"], "nothing to export" in none["error"], none["file"]) == ("failed", True, None)
    assert made.api.get(f"/jobs/{none['id']}/file").status_code == 404
    unknown = made.api.post(f"/projects/{made.project}/exports", {"set": "pdf"})
    assert (unknown.status_code, "annotatorj" in unknown.json()["detail"]) == (422, True)


def test_the_file_is_gone_after_a_day_and_with_its_project(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    job, other = made.export(set="labels"), made.export(set="boxes")
    services = made.services
    services.sweeper.sweep()
    assert len(list(services.shelf.folder.iterdir())) == 2
    monkeypatch.setattr(shelves, "KEPT", timedelta(0))
    services.sweeper.sweep()
    assert list(services.shelf.folder.iterdir()) == []
    gone = made.api.get(f"/jobs/{job['id']}/file")
    assert (gone.status_code, "Export it again" in gone.json()["detail"]) == (404, True)
    monkeypatch.undo()
    again = made.export(set="labels")
    place = services.shelf.place(UUID(again["id"]))
    made.api.ok(made.api.client.delete(f"{API}/projects/{made.project}"))
    long_ago = time.time() - 2 * shelves.ARRIVING_S
    os.utime(place, (long_ago, long_ago))
    services.sweeper.sweep()
    assert not place.exists()
    assert made.api.get(f"/jobs/{other['id']}/file").status_code == 404


def test_a_zip_is_imported_by_a_job_and_told_in_its_log(made: Made, tmp_path: Path) -> None:
    packed = made.api.get(f"/jobs/{made.export(set='geojson')['id']}/file").content
    job = made.api.finished(made.api.ok(made.send(packed)))
    assert (job["state"], job["message"]) == ("done", "4 objects in 2 new layers"), job["error"]
    assert job["title"] == "Import mine.zip"
    assert sorted(job["image_ids"]) == sorted(made.images)
    layer = made.api.ok(made.api.get(f"/images/{made.images[0]}/layers"))[-1]
    assert (layer["kind"], layer["name"], layer["count"], layer["run_id"]) == ("import", "mine", 2, job["id"])
    items = made.api.ok(made.api.get(f"/layers/{layer['id']}/annotations"))["items"]
    assert [(one["tags"], one["score"], one["status"]) for one in items] == [
        (["x"], 0.25, "accepted"),
        ([], None, "predicted"),
    ]
    assert not (made.services.shelf.place(UUID(job["id"])) / "set.zip").exists()


def test_a_zip_that_cannot_be_read_stores_nothing(made: Made, tmp_path: Path) -> None:
    before = made.api.ok(made.api.get(f"/projects/{made.project}"))["annotation_count"]
    assert made.send(b"").status_code == 422
    broken = made.api.finished(made.api.ok(made.send(b"PK and no more")))
    assert (broken["state"], "not a complete zip" in broken["error"]) == ("failed", True)
    strange = tmp_path / "strange.zip"
    with zipfile.ZipFile(strange, "w") as archive:
        archive.writestr("labelled_masks/first.tif", b"II*\0 and no more")
    damaged = made.api.finished(made.api.ok(made.send(strange.read_bytes(), "..%2F..%2Fstrange.zip")))
    assert (damaged["state"], "damaged" in damaged["error"], damaged["title"]) == ("failed", True, "Import strange.zip")
    assert made.api.ok(made.api.get(f"/projects/{made.project}"))["annotation_count"] == before
    retried = made.api.finished(made.api.ok(made.api.post(f"/jobs/{damaged['id']}/retry")))
    assert retried["state"] == "failed"
    folders = list(made.services.shelf.folder.iterdir())
    assert sorted(one.name for one in folders) == sorted([broken["id"], damaged["id"]])


def test_a_viewer_may_cancel_an_export_of_their_own_only(accounts: tuple[Driver, Services]) -> None:
    api, services = accounts
    hashed = users.hash_password("correct horse battery")
    tokens: dict[str, str] = {}
    ids: dict[str, int] = {}
    for name in ("owner", "viewer"):
        user = services.database.write(
            lambda c, name=name: users.create_user(
                c, username=name, display_name=name, password_hash=hashed, is_admin=False
            )
        )
        ids[name] = user.id
        tokens[name] = services.database.write(
            lambda c, key=user.id: users.create_token(c, user_id=key, name="t", scope="write")[1]
        )

    def as_(name: str) -> Driver:
        api.client.headers["authorization"] = f"Bearer {tokens[name]}"
        return api

    project = as_("owner").project()
    image = api.image(project)["id"]
    api.ok(api.post(f"/layers/{api.layer(image)}/changes", {"creates": [{"geometry": square(5, 5)}]}))
    api.ok(api.client.put(f"{API}/projects/{project}/members/{ids['viewer']}", json={"role": "viewer"}))
    theirs = api.finished(api.ok(api.post(f"/projects/{project}/exports", {"set": "labels"})))
    mine = as_("viewer").finished(api.ok(api.post(f"/projects/{project}/exports", {"set": "labels"})))
    assert api.post(f"/jobs/{mine['id']}/cancel").status_code == 200
    assert api.post(f"/jobs/{theirs['id']}/cancel").status_code == 403
    refused = api.client.post(f"{API}/projects/{project}/set-imports", content=b"PK")
    assert refused.status_code == 403
    api.client.headers.pop("authorization")
