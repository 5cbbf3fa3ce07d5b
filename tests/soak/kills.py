"""Kill what segments a slide again and again, and see that exactly the expected objects are there in the end.

``python -m tests.soak.kills`` segments a mosaic of real H&E once undisturbed, then once for each seed while the server
or a worker is killed (SIGKILL) at random moments, each time with work in flight. It ends with 1 where the outlines
stored differ in any byte or number from those of the undisturbed run.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.liveserver import Server

from .mosaic import write_mosaic
from .slide import FINAL, SlideRun


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="disturbed runs")
    parser.add_argument("--kills", type=int, default=5, help="kills in each of them")
    parser.add_argument("--side", type=int, default=8000, help="side of the slide (px)")
    parser.add_argument("--method", default="nuclei")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="cytoloop-soak-"))
    try:
        return _soak(folder, given)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _soak(folder: Path, given: argparse.Namespace) -> int:
    slide = folder / "slides" / "mosaic.tif"
    slide.parent.mkdir()
    write_mosaic(slide, given.side)
    run = SlideRun(Server(folder / "home", "--image-folder", str(slide.parent)), folder / "home")
    run.server.start()
    try:
        run.add(slide)
        begun = time.monotonic()
        job = run.start(method=given.method)
        assert run.finished(job, 36_000)["state"] == "done"
        expected = run.stored(job)
        took = time.monotonic() - begun
        print(f"undisturbed: {sum(expected.values()):,} objects in {took:.0f} s", flush=True)
        bad = 0
        for seed in range(given.seeds):
            found, resumed = disturbed(run, random.Random(seed), given.kills, given.method, took)
            while not resumed:  # the machine is quicker now than it was
                took /= 2
                found, resumed = disturbed(run, random.Random(seed), given.kills, given.method, took)
            same = found == expected
            bad += not same
            print(f"seed {seed}: {'exact' if same else 'DIFFERENT'}, {sum(found.values()):,} objects, "
                  f"{len(resumed)} kills, work went on after at most {max(resumed):.1f} s", flush=True)  # fmt: skip
        return 1 if bad else 0
    finally:
        run.server.stop(signal.SIGKILL)


def disturbed(
    run: SlideRun, chance: random.Random, kills: int, method: str, took_s: float
) -> tuple[Counter[bytes], list[float]]:
    """Segment the slide under kills; what is stored in the end, and after how long the work went on each time (s)."""
    job = run.start(method=method)
    resumed: list[float] = []
    for _ in range(kills):
        time.sleep(chance.uniform(0.05, took_s / (kills + 1)))
        run.wait(lambda: _in_flight(run, job) or run.job(job)["state"] in FINAL, 60)
        if run.job(job)["state"] in FINAL:
            break
        begun, done = time.monotonic(), run.job(job)["progress"]
        victim = _kill_one(run, chance)
        run.wait(lambda: _in_flight(run, job) or run.job(job)["state"] in FINAL, 60)
        resumed.append(time.monotonic() - begun)
        print(f"  at {done:.0%}: killed {victim}; work went on after {resumed[-1]:.1f} s", flush=True)
    ended = run.finished(job, 36_000)
    if ended["tasks_failed"]:  # a part whose worker was killed three times is given up: a person would try again
        assert "signal 9" in ended["error"], ended
        print(f"  {ended['message']}; tried again", flush=True)
        run.request("POST", f"/jobs/{job}/retry")
        run.wait(lambda: run.job(job)["state"] in FINAL and run.job(job)["finished_at"] != ended["finished_at"], 36_000)
        ended = run.job(job)
    assert (ended["state"], ended["tasks_failed"]) == ("done", 0), ended
    return run.stored(job), resumed


def _kill_one(run: SlideRun, chance: random.Random) -> str:
    """Kill a worker or the server, which is then started again; what it was."""
    workers = run.server.worker_pids()
    if workers and chance.random() < 0.5:
        os.kill(chance.choice(workers), signal.SIGKILL)
        return "a worker"
    run.server.stop(signal.SIGKILL)
    run.server.start()
    return "the server"


def _in_flight(run: SlideRun, job: str) -> bool:
    """Whether a worker is at work: a task runs, and its process is there."""
    return run.job(job)["state"] == "running" and bool(run.server.worker_pids())


if __name__ == "__main__":
    sys.exit(main())
