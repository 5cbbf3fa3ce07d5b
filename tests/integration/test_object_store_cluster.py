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
