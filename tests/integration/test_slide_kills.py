"""A slide whose server, workers or database are killed ends with exactly the objects of an undisturbed run."""

import random
import signal
import time
from pathlib import Path

import pytest
from tests.databases import running_cluster
from tests.liveserver import Server
from tests.soak.kills import disturbed
from tests.soak.mosaic import write_mosaic
from tests.soak.slide import FINAL, SlideRun


@pytest.mark.slow
def test_a_killed_slide_ends_exact(tmp_path: Path) -> None:
    slide = tmp_path / "slides" / "mosaic.tif"
    slide.parent.mkdir()
    write_mosaic(slide, 3600)
    run = SlideRun(Server(tmp_path / "home", "--image-folder", str(slide.parent)), tmp_path / "home")
    run.server.start()
    try:
        run.add(slide)
        job = run.start(method="threshold")
        assert run.finished(job, 300)["state"] == "done"
        expected = run.stored(job)
        assert sum(expected.values()) > 3000
        found, resumed = disturbed(run, random.Random(3), 2, "threshold", took_s=8)
        assert len(resumed) == 2
        assert found == expected
    finally:
        run.server.stop(signal.SIGKILL)


@pytest.mark.slow
def test_a_slide_whose_database_is_killed_ends_exact(tmp_path: Path) -> None:
    slide = tmp_path / "slides" / "mosaic.tif"
    slide.parent.mkdir()
    write_mosaic(slide, 3600)
    with running_cluster(durable=True) as cluster, cluster.database() as url:
        server = Server(tmp_path / "home", "--image-folder", str(slide.parent), "--database", url)
        run = SlideRun(server, tmp_path / "home", database=url)
        server.start()
        try:
            run.add(slide)
            undisturbed = run.start(method="threshold")
            assert run.finished(undisturbed, 300)["state"] == "done"
            expected = run.stored(undisturbed)
            assert sum(expected.values()) > 3000
            job = run.start(method="threshold")
            done = 0
            for _ in range(2):
                run.wait(lambda least=done: run.job(job)["tasks_done"] > least, 120)
                assert run.job(job)["state"] not in FINAL, "the kill must meet work in flight"
                cluster.crash()
                time.sleep(1.5)
                cluster.start()
                done = run.job(job)["tasks_done"]
            ended = run.finished(job, 300)
            assert (ended["state"], ended["tasks_failed"]) == ("done", 0), ended
            assert run.stored(job) == expected
        finally:
            server.stop()
