"""A server whose jobs run on a cluster, and clusters from a queue."""

import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.clusters import Nodes, call_processes, children, command, parent, until
from tests.liveserver import Server
from tests.soak.mosaic import write_mosaic
from tests.soak.slide import FINAL, SlideRun

from cytoloop.cli.main import program
from cytoloop.core.errors import InvalidInputError, NotFoundError, UnavailableError
from cytoloop.jobs.cluster.certificates import Certificates
from cytoloop.jobs.cluster.kubernetes import HOME, Pods, objects
from cytoloop.jobs.cluster.running import announced_address
from cytoloop.jobs.executors.dask import DaskExecutor, Link
from cytoloop.jobs.executors.protocol import Report
from cytoloop.runtime.assembly import assemble
from cytoloop.runtime.settings import Settings

# Dask leaves the socket of a scheduler that went away to the collector.
pytestmark = [pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")]

LOST = "node ended before its task did"


def lost_tasks(run: SlideRun, job: str) -> int:
    """How many tasks of a job were at work on a worker when it died."""
    return sum(LOST in line["text"] for line in run.request("GET", f"/jobs/{job}/log"))


def disturb(run: SlideRun, nodes: Nodes, job: str) -> None:
    """Kill workers of the cluster (SIGKILL) until one died with a task of the job at work."""
    chance = random.Random(5)
    while lost_tasks(run, job) == 0:
        assert run.job(job)["state"] not in FINAL, "the job ended before a worker was killed at work"
        calls = call_processes(nodes.pid)
        if calls:
            os.kill(parent(chance.choice(calls)), signal.SIGKILL)
        time.sleep(chance.uniform(0.2, 1.0))


@pytest.mark.slow
def test_a_slide_on_a_cluster_whose_workers_are_killed_is_that_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = tmp_path / "slides" / "mosaic.tif"
    slide.parent.mkdir()
    write_mosaic(slide, 3600)
    home = tmp_path / "home"
    run = SlideRun(Server(home, "--image-folder", str(slide.parent)), home)
    nodes = Nodes(home)
    try:
        run.server.start()
        run.add(slide)
        here = run.start(method="threshold")
        assert run.finished(here, 200)["state"] == "done"
        expected = run.stored(here)
        assert sum(expected.values()) > 3000
        run.server.stop()

        monkeypatch.setenv("CYTOLOOP_EXECUTOR", "dask")
        nodes.start()
        run.server.start()
        there = run.start(method="threshold")
        disturb(run, nodes, there)
        ended = run.finished(there, 200)
        assert (ended["state"], ended["tasks_failed"]) == ("done", 0)
        assert run.server.worker_pids() == [], "the server itself does no tasks"
        assert run.stored(there) == expected
    finally:
        run.server.stop(signal.SIGKILL)
        nodes.stop()


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for SLURM's programs: each job script runs at once, as a process group of its own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    programs = {
        "sbatch": f'cp "$1" {folder}/$$.job; setsid bash {folder}/$$.job >/dev/null 2>&1 & '
        f'echo $! >> {folder}/jobs; echo "Submitted batch job $!"',
        "scancel": f'echo "$1" >> {folder}/cancelled; kill -9 -- "-$1"',
    }
    for name, text in programs.items():
        path = folder / name
        path.write_text(f"#!/bin/bash\n{text}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.mark.slow
def test_workers_join_by_the_command_of_the_kubernetes_objects(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path / "home", "--host", "127.0.0.1", kind="open")
    worker = next(one for one in objects(Pods()) if one["metadata"]["name"] == "cytoloop-worker")
    line = worker["spec"]["template"]["spec"]["containers"][0]["command"]
    known = Certificates(nodes.home / "cluster" / "certificates")
    executor = DaskExecutor(Link(lambda: announced_address(nodes.home), known, nodes.home))
    reports: list[Report] = []
    executor.start(reports.append)
    joined: subprocess.Popen[bytes] | None = None
    try:
        nodes.start()
        own = {"python": sys.executable, "tls://cytoloop-scheduler:8786": nodes.address, "/tmp": str(tmp_path)}
        joined = subprocess.Popen([own.get(one, one.replace(HOME, str(nodes.home))) for one in line])
        until(executor.free_slots, "the worker did not join")
        executor.submit("1/0/1", "cytoloop.workflows.segmentation.worker:run", {"step": "store"})
        until(lambda: any(one.kind == "done" for one in reports), f"the task did not end: {reports}")
    finally:
        executor.stop()
        if joined is not None:
            joined.terminate()
            joined.wait(60)
        nodes.stop()


@pytest.mark.slow
def test_workers_come_from_a_queue_and_leave_with_the_cluster(queue: Path, tmp_path: Path) -> None:
    nodes = Nodes(tmp_path / "home", "--host", "127.0.0.1", kind="slurm", workers=1)
    reports: list[Report] = []
    known = Certificates(nodes.home / "cluster" / "certificates")
    executor = DaskExecutor(Link(lambda: announced_address(nodes.home), known, nodes.home))
    executor.start(reports.append)
    try:
        nodes.start()
        until(executor.free_slots, "no worker came")
        executor.submit("1/0/1", "work:run", {"folder": str(tmp_path), "n": 0})
        until(lambda: any(one.kind == "done" for one in reports), f"the task did not end: {reports}")
        (job,) = (queue / "jobs").read_text().split()
        assert int(job) not in children(nodes.pid)
        workers = [int(job), *children(int(job))]
    finally:
        executor.stop()
        nodes.stop()
    assert (queue / "cancelled").read_text().split() == [job]
    until(lambda: not any(command(one) for one in workers), "a worker outlived the cluster")


def test_the_server_does_not_import_dask() -> None:
    code = "import sys, cytoloop.cli.main, cytoloop.server.app; print([n for n in ('dask', 'distributed', 'cryptography') if n in sys.modules])"  # fmt: skip  # noqa: E501
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_commands_say_what_is_missing(tmp_path: Path) -> None:
    home = ["--home", str(tmp_path / "home")]
    with pytest.raises(NotFoundError, match="cytoloop cluster certificates"):
        program()(["cluster", "script", "slurm", *home], standalone_mode=False)
    with pytest.raises(UnavailableError, match="cytoloop cluster start"):
        program()(["cluster", "show", *home], standalone_mode=False)
    with pytest.raises(InvalidInputError, match="slurm, lsf, sge"):
        program()(["cluster", "script", "condor", *home], standalone_mode=False)


def test_a_server_that_is_to_use_a_cluster_it_may_not_join_says_so(tmp_path: Path) -> None:
    known = Certificates(tmp_path / "cluster" / "certificates")
    known.make()
    known.key.chmod(0o644)
    with pytest.raises(InvalidInputError, match="chmod 600"):
        assemble(Settings(home=tmp_path, executor="dask"))
    with pytest.raises(ValidationError, match="cluster_address"):
        Settings(home=tmp_path, cluster_address="tcp://head:8786")
