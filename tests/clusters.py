"""A real cluster of this machine's processes: ``cytoloop cluster start local``."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


class Nodes:
    """A scheduler and its workers, which can be ended, killed and started again on the same home folder."""

    def __init__(self, home: Path, *arguments: str, kind: str = "local", workers: int = 2) -> None:
        self.home = home
        self._command = [sys.executable, "-m", "cytoloop.cli", "cluster", "start", kind, "--home", str(home)]
        self._command += ["--workers", str(workers), *arguments]
        self._announcement = home / "cluster" / "scheduler.json"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._announcement.unlink(missing_ok=True)
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent / "unit" / "jobs")}
        self._process = subprocess.Popen(self._command, env=environment, stdout=subprocess.DEVNULL)
        until(lambda: self._announcement.exists() or self._process.poll() is not None, "the cluster did not start")
        assert self._process.poll() is None, "the cluster ended at once"

    @property
    def address(self) -> str:
        return json.loads(self._announcement.read_text())["address"]

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None


def until(condition: Callable[[], object], complaint: str, seconds: float = 240) -> None:
    """Wait for something; fail with the complaint if it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, complaint
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    """The processes that a process started, all the way down."""
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *children(int(child))]
    except OSError:
        pass  # it ended meanwhile
    return found


def command(pid: int) -> str:
    """A process's command line, empty when it is gone (or a zombie)."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def parent(pid: int) -> int:
    """The process that started it."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def call_processes(pid: int) -> list[int]:
    """Processes below one that run calls: each is beside Dask's own process of a worker."""
    return [one for one in children(pid) if "cytoloop.jobs.worker" in command(one)]
