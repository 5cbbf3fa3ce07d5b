"""Tasks on a cluster whose nodes read images from an object store, with either database."""

import shutil
import signal
from pathlib import Path

import httpx2 as httpx
import pytest
from tests.clusters import Nodes
from tests.databases import Databases
from tests.liveserver import Server
from tests.objectstore import TestBucket
from tests.soak.mosaic import write_mosaic
from tests.soak.slide import SlideRun

from .driver import Driver

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")]


def uploaded(run: SlideRun, slide: Path) -> None:
    """The slide in a project, sent as from a browser."""
    with httpx.Client(base_url=run.server.url, timeout=120) as client:
        api = Driver(client)
        run.project = api.project("Slides")
        run.image = api.image(run.project, slide.name, slide.read_bytes())["id"]


@pytest.mark.parametrize(("engine", "images"), [("sqlite", "s3"), ("postgresql", "s3"), ("postgresql", "folder")])
def test_a_slide_on_a_cluster_is_that_of_this_machine(
    tmp_path: Path,
    databases: Databases,
    images: str,
    engine: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slide, home, node_cache = tmp_path / "mosaic.tif", tmp_path / "home", tmp_path / "node-cache"
    write_mosaic(slide, 2400)
    url = databases.url(home)
    if engine == "postgresql":
        monkeypatch.setenv("CYTOLOOP_DATABASE", url)
    bucket: TestBucket | None = request.getfixturevalue("bucket") if images == "s3" else None
    run = SlideRun(Server(home), home, database=url)
    nodes = Nodes(home)
    try:
        run.server.start()
        uploaded(run, slide)
        here = run.start(method="threshold")
        assert run.finished(here, 200)["state"] == "done"
        expected = run.stored(here)
        assert sum(expected.values()) > 1000
        run.server.stop()

        monkeypatch.setenv("CYTOLOOP_EXECUTOR", "dask")
        if bucket is not None:
            shutil.rmtree(home / "cache")
            assert not list((home / "images").rglob("*.tif")), "the home does not hold the image"
        with monkeypatch.context() as on_nodes:
            on_nodes.setenv("CYTOLOOP_BLOB_CACHE", str(node_cache))
            on_nodes.delenv("CYTOLOOP_DATABASE", raising=False)
            on_nodes.delenv("CYTOLOOP_BLOBS", raising=False)
            nodes.start()
        run.server.start()
        there = run.start(method="threshold")
        ended = run.finished(there, 250)
        assert (ended["state"], ended["tasks_failed"]) == ("done", 0), ended["error"]
        assert run.server.worker_pids() == [], "the server itself does no tasks"
        assert run.stored(there) == expected
        if bucket is not None:
            (cached,) = (node_cache / "blobs").iterdir()
            assert [cached.name] == bucket.keys(), "the nodes brought the image to a cache of their own"
            assert not (home / "cache").exists()
    finally:
        run.server.stop(signal.SIGKILL)
        nodes.stop()


@pytest.mark.parametrize("engine", ["postgresql"])
def test_several_processes_share_a_bucket_and_fetch_an_image_once(
    tmp_path: Path, databases: Databases, bucket: TestBucket, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("CYTOLOOP_DATABASE", databases.url(home))
    monkeypatch.setenv("CYTOLOOP_MODE", "single_user")
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    server = Server(home, "--processes", "2", "--workers", "1")
    try:
        server.start()
        processes: set[str] = set()
        with httpx.Client(base_url=server.url, timeout=60) as client:
            api = Driver(client)
            image = api.image(api.project())
        for _ in range(60):  # each connection may reach another process
            with httpx.Client(base_url=server.url, timeout=60) as client:
                processes.add(client.get("/health/live").json()["process"])
                assert client.get(f"/api/v1/images/{image['id']}/tiles/0/0/0").status_code == 200
        assert len(processes) == 2, "both processes showed it"
        with httpx.Client(base_url=server.url, timeout=60) as client:
            metrics = client.get("/metrics").text.splitlines()
            told = {line.split()[0]: float(line.split()[1]) for line in metrics if line.startswith("cytoloop_blob")}
            assert told['cytoloop_blob_cache_total{result="miss"}'] == 1
            assert told['cytoloop_blob_cache_total{result="hit"}'] >= 1
            assert client.delete(f"/api/v1/images/{image['id']}").status_code == 204
        assert bucket.keys() == []
    finally:
        server.stop(signal.SIGTERM)
