"""A slide whose server and workers are killed ends with exactly the objects of a run that nothing disturbed."""

import random
import signal
from pathlib import Path

import pytest
from tests.liveserver import Server
from tests.soak.kills import disturbed
from tests.soak.mosaic import write_mosaic
from tests.soak.slide import SlideRun


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
