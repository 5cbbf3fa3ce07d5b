"""Kill what segments a slide again and again, and see that exactly the expected objects are there in the end.

``python -m tests.soak.kills`` segments a mosaic of real H&E once undisturbed, then once for each seed while a worker,
the server (and what hands out its work) or, with ``--engine postgresql``, the database is killed (SIGKILL) at random
moments, each time with work in flight. It ends with 1 where the outlines stored differ in any byte or number from
those of the undisturbed run.
"""

import argparse
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests.databases import Cluster, running_cluster
from tests.liveserver import Server

from .mosaic import write_mosaic
from .slide import FINAL, SlideRun


@dataclass(frozen=True, slots=True)
class Kill:
    """What was killed, the share of the job that was done, and after how long work was in flight again (s)."""

    victim: str
    done: float
    resumed_s: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="disturbed runs")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--kills", type=int, default=5, help="kills in each of them")
    parser.add_argument("--side", type=int, default=8000, help="side of the slide (px)")
    parser.add_argument("--method", default="nuclei")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite", help="the database")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="cytoloop-soak-"))
    try:
        with _started(folder, given) as (run, cluster):
            return _soak(run, cluster, given)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _started(folder: Path, given: argparse.Namespace) -> Generator[tuple[SlideRun, Cluster | None]]:
    """A server with a slide, and its PostgreSQL, if it has one."""
    slide = folder / "slides" / "mosaic.tif"
    slide.parent.mkdir()
    write_mosaic(slide, given.side)
    arguments = ["--image-folder", str(slide.parent)]
    with (
        running_cluster(durable=True) if given.engine == "postgresql" else nullcontext() as cluster,
        cluster.database() if cluster else nullcontext() as url,
    ):
        server = Server(folder / "home", *arguments, *(["--database", url] if url else []))
        run = SlideRun(server, folder / "home", database=url)
        server.start()
        try:
            run.add(slide)
            yield run, cluster
        finally:
            server.stop(signal.SIGKILL)


def _soak(run: SlideRun, cluster: Cluster | None, given: argparse.Namespace) -> int:
    begun = time.monotonic()
    job = run.start(method=given.method)
    assert run.finished(job, 36_000)["state"] == "done"
    expected = run.stored(job)
    took = time.monotonic() - begun
    print(f"undisturbed: {sum(expected.values()):,} objects in {took:.0f} s", flush=True)
    bad, every = 0, list[Kill]()
    for seed in range(given.first, given.first + given.seeds):
        found, kills = disturbed(run, random.Random(seed), given.kills, given.method, took, cluster)
        while not kills:  # the machine is quicker now than it was
            took /= 2
            found, kills = disturbed(run, random.Random(seed), given.kills, given.method, took, cluster)
        same = found == expected
        bad += not same
        every += kills
        print(f"seed {seed}: {'exact' if same else 'DIFFERENT'}, {sum(found.values()):,} objects, {len(kills)} kills, "
              f"work went on after at most {max(one.resumed_s for one in kills):.1f} s", flush=True)  # fmt: skip
    print(f"{given.seeds - bad} of {given.seeds} runs exact, {len(every)} kills")
    for victim in sorted({one.victim for one in every}):
        times = [one.resumed_s for one in every if one.victim == victim]
        print(f"  {len(times)} of {victim}: work went on after {statistics.median(times):.1f} s (median), "
              f"{max(times):.1f} s at most")  # fmt: skip
    return 1 if bad else 0


def disturbed(
    run: SlideRun, chance: random.Random, kills: int, method: str, took_s: float, cluster: Cluster | None = None
) -> tuple[Counter[bytes], list[Kill]]:
    """Segment the slide under kills; what is stored in the end, and the kills that met work in flight."""
    job = run.start(method=method)
    done: list[Kill] = []
    for _ in range(kills):
        time.sleep(chance.uniform(0.05, took_s / (kills + 1)))
        run.wait(lambda: _in_flight(run, job) or run.job(job)["state"] in FINAL, 60)
        if run.job(job)["state"] in FINAL:
            break
        begun, progress = time.monotonic(), run.job(job)["progress"]
        victim = _kill_one(run, chance, cluster)
        run.wait(lambda: _in_flight(run, job) or run.job(job)["state"] in FINAL, 60)
        done.append(Kill(victim, progress, time.monotonic() - begun))
        print(f"  at {progress:.0%}: killed {victim}; work went on after {done[-1].resumed_s:.1f} s", flush=True)
    ended = run.finished(job, 36_000)
    if ended["tasks_failed"]:  # a part whose worker was killed three times is given up: a person would try again
        assert "signal 9" in ended["error"], ended
        print(f"  {ended['message']}; tried again", flush=True)
        run.request("POST", f"/jobs/{job}/retry")
        run.wait(lambda: run.job(job)["state"] in FINAL and run.job(job)["finished_at"] != ended["finished_at"], 36_000)
        ended = run.job(job)
    assert (ended["state"], ended["tasks_failed"]) == ("done", 0), ended
    return run.stored(job), done


def _kill_one(run: SlideRun, chance: random.Random, cluster: Cluster | None) -> str:
    """Kill a worker, or the server or the database, which are then started again; what it was."""
    workers = run.server.worker_pids()
    victim = chance.choice(["worker", "server"] if cluster is None else ["worker", "server", "database"])
    if victim == "worker" and workers:
        os.kill(chance.choice(workers), signal.SIGKILL)
        return "a worker"
    if victim == "database" and cluster is not None:
        cluster.crash()
        time.sleep(chance.uniform(0, 1.5))
        cluster.start()
        return "the database"
    run.server.stop(signal.SIGKILL)
    run.server.start()
    return "the server"


def _in_flight(run: SlideRun, job: str) -> bool:
    """Whether a worker is at work: a task runs, and its process is there."""
    return run.job(job)["state"] == "running" and bool(run.server.worker_pids())


if __name__ == "__main__":
    sys.exit(main())
