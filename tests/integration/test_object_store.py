"""A server whose images lie in an object store: outages, damage, what is swept, and what must not be told."""

import io
import logging
import signal
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest
import zarr
from tests.liveserver import Server
from tests.objectstore import KEY_ID, SECRET, TestBucket

from cytoloop.jobs import waiting
from cytoloop.storage.blobs import objects
from cytoloop.workflows.images import importing
from cytoloop.workflows.images.custody import Custody

from .conftest import running
from .driver import API, Driver, spots, tiff_bytes

Pair = tuple[Driver, Any]


@pytest.fixture
def images() -> str:
    return "s3"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outages of tests are short."""
    monkeypatch.setattr(waiting, "OUTAGE_S", 0.5)
    monkeypatch.setattr(objects, "CHECKED_FOR_S", 0.0)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Pair]:
    with running(tmp_path / "home") as pair:
        yield pair


def until(condition: Any, complaint: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, complaint
        time.sleep(0.05)


def forget_here(services: Any, home: Path) -> None:
    """Nothing of the images is open or in the cache any more, as on another machine or after a long time."""
    library = services.library
    with library._lock:
        entries, library._open = list(library._open.values()), type(library._open)()
    for entry in entries:
        entry.close()
    cache = services.blobs._cache
    for key in [one.name for one in (home / "cache" / "blobs" / "blobs").iterdir()]:
        assert cache._remove(key)


def test_an_image_lies_in_the_bucket_and_is_read_by_way_of_the_cache(
    server: Pair, bucket: TestBucket, tmp_path: Path
) -> None:
    api, _services = server
    content = tiff_bytes()
    image = api.image(api.project(), content=content)
    assert bucket.keys() == [image["sha256"]]
    assert bucket.read(bucket.object_of(image["sha256"], "original/a.tif")) == content
    home = tmp_path / "home"
    assert [one for one in (home / "images").rglob("*") if one.is_file() and one.stat().st_size > 0] == []
    assert [one for one in (home / "uploads").rglob("*") if one.is_file()] == []
    assert [one for one in (home / "scratch").rglob("*") if one.is_file()] == []
    assert api.get(f"/images/{image['id']}/thumbnail?size=64").headers["content-type"] == "image/jpeg"
    assert not (home / "cache" / "blobs" / "blobs").exists(), "lists of images do not bring them here"
    assert api.get(f"/images/{image['id']}/tiles/0/0/0").status_code == 200
    assert (home / "cache" / "blobs" / "blobs" / image["sha256"] / "original" / "a.tif").read_bytes() == content
    assert api.get(f"/images/{image['id']}/original").content == content
    assert api.ok(api.get(f"/images/{image['id']}/arrival"))["here"] is True


def test_several_images_of_one_file_and_zarr_folders_work(server: Pair, bucket: TestBucket, tmp_path: Path) -> None:
    api, services = server
    project = api.project()
    folder = tmp_path / "cells.zarr"
    root = zarr.open_group(folder, mode="w", zarr_format=2)
    pixels = np.arange(2 * 40 * 60, dtype="uint16").reshape(2, 40, 60)
    root.create_array("0", data=pixels, chunks=(1, 16, 16))
    axes = [{"name": "c", "type": "channel"}, {"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
    scale = [{"type": "scale", "scale": [1.0, 1.0, 1.0]}]
    datasets = [{"path": "0", "coordinateTransformations": scale}]
    root.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": datasets}]
    ids = [
        api.send(project, one.name, one.read_bytes(), hold="1", relativePath=one.relative_to(tmp_path).as_posix())
        for one in sorted(folder.rglob("*"))
        if one.is_file() and one.stat().st_size
    ]
    api.ok(api.post(f"/projects/{project}/imports", {"upload_ids": ids}))
    (image,) = api.settled(project)
    assert (image["state"], image["size_c"]) == ("ready", 2), image["error"]
    forget_here(services, tmp_path / "home") if (tmp_path / "home/cache/blobs/blobs").exists() else None
    raw = api.get(f"/images/{image['id']}/raw/0/0/0?c=1")
    shown = np.frombuffer(raw.content, "<u2").reshape([int(one) for one in raw.headers["x-array-shape"].split(",")])
    assert (shown[0] == pixels[1, : shown.shape[1], : shown.shape[2]]).all()
    assert api.get(f"/images/{image['id']}/original").status_code == 409


def test_an_outage_while_importing_holds_the_job_up_and_no_longer(server: Pair, bucket: TestBucket) -> None:
    api, _ = server
    project = api.project()
    bucket.store.door.shut()
    api.send(project, "a.tif", tiff_bytes())

    def message() -> str:
        return api.ok(api.get(f"/projects/{project}/jobs"))["items"][0]["message"]

    until(lambda: "cannot be reached" in message(), "the job does not say that it waits")
    assert message().startswith("Waiting for what does not answer. The object store at s3://")
    time.sleep(3)
    (job,) = api.ok(api.get(f"/projects/{project}/jobs"))["items"]
    assert job["state"] == "running", "more tries than an error would have had"
    told = [line for line in api.ok(api.get(f"/jobs/{job['id']}/log")) if "Waiting" in line["text"]]
    assert len(told) == 1, "it is told once"
    assert api.images(project)[0]["state"] == "importing"
    bucket.store.door.open()
    (image,) = api.settled(project)
    assert image["state"] == "ready", image["error"]
    assert bucket.keys() == [image["sha256"]]


def test_an_outage_while_looking_is_told_and_passes(server: Pair, bucket: TestBucket, tmp_path: Path) -> None:
    api, _services = server
    image = api.image(api.project())
    assert api.client.get("/health/ready").status_code == 200
    bucket.store.door.shut()
    for path in ("tiles/0/0/0", "thumbnail", "histogram", "original", "raw/0/0/0?c=0"):
        answer = api.get(f"/images/{image['id']}/{path}")
        assert answer.status_code == 503, path
        assert "The object store at s3://" in answer.json()["detail"]
        assert answer.headers["retry-after"]
    ready = api.client.get("/health/ready")
    assert (ready.status_code, ready.json()["code"]) == (503, "unavailable")
    assert "object store" in ready.json()["detail"]
    assert "cytoloop_object_store_up 0.0" in api.client.get("/metrics").text
    arrival = api.ok(api.get(f"/images/{image['id']}/arrival"))
    assert arrival["here"] is False
    bucket.store.door.open()
    until(lambda: api.get(f"/images/{image['id']}/tiles/0/0/0").status_code == 200, "it does not come back", 20)
    assert api.client.get("/health/ready").status_code == 200
    metrics = api.client.get("/metrics").text
    assert "cytoloop_object_store_up 1.0" in metrics
    assert 'cytoloop_blob_cache_total{result="miss"} 1.0' in metrics
    fetched = next(line for line in metrics.splitlines() if line.startswith("cytoloop_blob_bytes_total "))
    assert image["size_bytes"] <= float(fetched.split()[1]) < 2 * image["size_bytes"]
    bucket.store.door.shut()
    assert api.get(f"/images/{image['id']}/tiles/0/0/0").status_code == 200, "what is here is shown"


def test_a_page_is_told_how_much_of_an_image_has_come(
    server: Pair, bucket: TestBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, services = server
    pixels = np.random.default_rng(1).integers(0, 60_000, (1500, 1500), "uint16")
    image = api.image(api.project(), content=tiff_bytes(pixels))
    services.library._patience_s = 0.2
    bucket.store.door.delay_s = 0.05
    answer = api.get(f"/images/{image['id']}/tiles/0/0/0")
    assert (answer.status_code, answer.json()["code"]) == (503, "arriving")
    assert answer.json()["detail"].startswith("The image is being fetched from the object store")
    told = api.ok(api.get(f"/images/{image['id']}/arrival"))
    assert (told["here"], told["error"]) == (False, None)
    bucket.store.door.delay_s = 0.0
    until(lambda: api.ok(api.get(f"/images/{image['id']}/arrival"))["here"], "it does not arrive")
    assert api.get(f"/images/{image['id']}/tiles/0/0/0").status_code == 200


def test_a_file_that_is_not_what_was_stored_is_not_served(server: Pair, bucket: TestBucket, tmp_path: Path) -> None:
    api, _ = server
    content = tiff_bytes()
    image = api.image(api.project(), content=content)
    name = bucket.object_of(image["sha256"], "original/a.tif")
    bucket.write(name, content[:-1] + bytes([content[-1] ^ 1]))
    for path in ("tiles/0/0/0", "original", "thumbnail?size=600"):
        answer = api.get(f"/images/{image['id']}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (422, "damaged_file")
        assert "a.tif in the object store is not what was stored" in answer.json()["detail"]
    project = image["project_id"]
    job = api.finished(api.ok(api.post(f"/projects/{project}/jobs", {"kind": "segment", "method": "threshold"})))
    assert (job["state"], "not what was stored" in job["error"]) == ("failed", True)
    bucket.write(name, content)
    until(lambda: api.get(f"/images/{image['id']}/original").status_code == 200, "a restored file is not read", 20)


def test_a_restored_cache_entry_is_used_again_after_it_went(server: Pair, bucket: TestBucket, tmp_path: Path) -> None:
    api, services = server
    image = api.image(api.project())
    first = api.get(f"/images/{image['id']}/raw/0/0/0?c=0").content
    assert services.blobs._cache._remove(image["sha256"]), "nobody reads it, so it may go"
    assert not (tmp_path / "home/cache/blobs/blobs" / image["sha256"]).exists()
    assert api.get(f"/images/{image['id']}/raw/0/0/0?c=0").content == first
    assert (tmp_path / "home/cache/blobs/blobs" / image["sha256"]).exists(), "the image was opened anew"


def test_what_is_removed_goes_from_the_bucket_unless_it_is_still_used(server: Pair, bucket: TestBucket) -> None:
    api, _ = server
    one, two = api.project("1"), api.project("2")
    first, second = api.image(one), api.image(two)
    assert len(bucket.keys()) == 1
    api.ok(api.client.delete(f"{API}/images/{first['id']}"))
    assert len(bucket.keys()) == 1
    assert api.get(f"/images/{second['id']}/thumbnail").status_code == 200
    api.ok(api.client.delete(f"{API}/projects/{two}"))
    assert bucket.keys() == []
    assert bucket.names("lab/images/data/") == []


def test_an_image_removed_during_an_outage_goes_from_the_bucket_later(server: Pair, bucket: TestBucket) -> None:
    api, services = server
    kept, gone = api.project("kept"), api.project("gone")
    image = api.image(kept, content=tiff_bytes(spots(64)))
    removed = api.image(gone)
    bucket.store.door.shut()
    api.ok(api.client.delete(f"{API}/images/{removed['id']}"))
    bucket.store.door.open()
    assert services.custody.sweep() == 0, "what was stored just now may belong to an import"
    assert services.custody.sweep(grace=timedelta(0)) >= 1
    assert bucket.keys() == [image["sha256"]]


def test_the_sweeper_touches_nothing_that_belongs_to_another_installation(
    server: Pair, bucket: TestBucket, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    api, services = server
    api.image(api.project())
    with running(tmp_path / "other") as (theirs, other):
        image = theirs.image(theirs.project(), content=tiff_bytes(spots(64)))
        with caplog.at_level(logging.WARNING):
            assert other.custody.sweep(grace=timedelta(0)) == 0
            theirs.ok(theirs.client.delete(f"{API}/images/{image['id']}"))
        assert "belong to another installation" in caplog.text
        assert len(bucket.keys()) == 2
        other.custody.adopt()
        assert other.custody.sweep(grace=timedelta(0)) == 2
    assert Custody(services.database, services.blobs, tmp_path / "home").is_ours() is False


def test_a_server_killed_before_the_record_leaves_an_orphan_that_is_swept(
    bucket: TestBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    stopped = threading.Event()

    def record(*_: object) -> None:
        stopped.set()
        raise RuntimeError("the process ends here")

    with running(home) as (api, _):
        project = api.project()
        first = api.image(project)
        with monkeypatch.context() as patch:
            patch.setattr(importing, "_recorded", record)
            api.send(project, "b.tif", tiff_bytes(spots(64)))
            (_, image) = sorted(api.settled(project), key=lambda one: one["name"])
        assert stopped.is_set()
        assert image["state"] == "failed"
    assert len(bucket.keys()) == 2
    with running(home) as (api, services):
        assert services.custody.sweep() == 0, "within the time of grace it could still be recorded"
        assert services.custody.sweep(grace=timedelta(0)) == 1
        assert bucket.keys() == [first["sha256"]]
        assert len([one for one in api.images(project) if one["state"] == "ready"]) == 1


@pytest.mark.slow
def test_a_server_killed_while_it_sends_begins_again_and_nothing_is_told_of_credentials(
    bucket: TestBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, databases: Any
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("CYTOLOOP_LOG_FORMAT", "json")
    server = Server(home, "--blobs", bucket.url)
    content = tiff_bytes(np.random.default_rng(1).integers(0, 60_000, (3000, 3000), "uint16"))
    log = io.FileIO(tmp_path / "log", "w")
    bucket.store.door.delay_s = 0.3
    try:
        server.start(stderr=log)
        with httpx.Client(base_url=server.url, headers={"X-Requested-With": "test"}, timeout=60) as client:
            api = Driver(client)
            project = api.project()
            api.send(project, "a.tif", content)
            until(lambda: bucket.names("lab/images/data/") or _storing(api, project), "nothing is sent")
            processes = [server.pid, *server.worker_pids()]
            told = b"".join(Path(f"/proc/{one}/cmdline").read_bytes() for one in processes)
            assert bucket.name.encode() in told
            server.stop(signal.SIGKILL)
        assert bucket.keys() == []
        bucket.store.door.delay_s = 0.0
        server.start(stderr=log)
        with httpx.Client(base_url=server.url, headers={"X-Requested-With": "test"}, timeout=60) as client:
            api = Driver(client)
            (image,) = api.settled(project)
            assert image["state"] == "ready", image["error"]
            bucket.store.door.shut()
            answers = [client.get(f"{API}/{path}").text for path in ("projects", f"projects/{project}/jobs", "session")]
            answers += [client.get(path).text for path in ("/health/ready", "/metrics")]
            answers += [client.get(f"{API}/images/{image['id']}/thumbnail").text]
    finally:
        server.stop(signal.SIGKILL)
        log.close()
    database = b"".join(one.read_bytes() for one in home.glob("cytoloop.sqlite*"))
    everything = [told, (tmp_path / "log").read_bytes(), database, *(one.encode() for one in answers)]
    assert any(b"object store" in one for one in everything)
    for secret in (SECRET, KEY_ID):
        assert not [one for one in everything if secret.encode() in one]


def _storing(api: Driver, project: str) -> bool:
    jobs = api.ok(api.get(f"/projects/{project}/jobs"))["items"]
    return any("Sending" in one["message"] for one in jobs)
