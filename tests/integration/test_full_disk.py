"""A real disk that fills up while a slide is segmented: told in plain words, and exact once there is room again."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
from tests.liveserver import Server
from tests.soak.mosaic import write_mosaic
from tests.soak.slide import API, FINAL, SlideRun

DISK_MB = 48


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own in memory."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "none", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """A file that takes all that is left."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue
    return filler


@pytest.mark.slow
def test_a_slide_on_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    slide = tmp_path / "slides" / "mosaic.tif"
    slide.parent.mkdir()
    write_mosaic(slide, 3600)
    run = SlideRun(Server(small_disk / "home", "--image-folder", str(slide.parent)), small_disk / "home")
    run.server.start()
    try:
        run.add(slide)
        expected = run.stored(_undisturbed(run))
        assert sum(expected.values()) > 3000
        job = run.start(method="threshold")
        run.wait(lambda: run.job(job)["tasks_done"] > 0, 120)
        filler = fill(small_disk)
        assert run.job(job)["state"] == "running", "the disk filled up while work was in flight"
        _the_page_is_told(run)
        assert run.job(job)["state"] not in FINAL or "disk is full" in (run.job(job)["error"] or "")
        filler.unlink()
        if (ended := run.finished(job, 300))["tasks_failed"]:
            assert "disk is full" in ended["error"]
            run.request("POST", f"/jobs/{job}/retry")
            run.wait(lambda: run.job(job)["state"] in FINAL and run.job(job)["tasks_failed"] == 0, 300)
        assert run.stored(job) == expected
    finally:
        run.server.stop()


def _undisturbed(run: SlideRun) -> str:
    job = run.start(method="threshold")
    assert run.finished(job, 300)["state"] == "done"
    return job


def _the_page_is_told(run: SlideRun) -> None:
    """Nothing that would have to be stored is told as stored."""
    refusals: list[httpx.Response] = []

    def refused() -> bool:
        answer = httpx.post(f"{run.server.url}{API}/projects", json={"name": "x" * 200}, timeout=60)
        if not answer.is_success:
            refusals.append(answer)
        return bool(refusals)

    run.wait(refused, 60)
    told = refusals[0]
    assert told.status_code == 507, told.text
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json()["code"] == "storage_full"
    assert "Free some space" in told.json()["detail"]
