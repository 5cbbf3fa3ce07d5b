"""A real server in a process of its own."""

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO


class Server:
    """A ``cytoloop serve`` that can be ended, killed and started again on the same folder."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self._home = home
        self._arguments = arguments
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, stderr: IO[bytes] | None = None) -> None:
        command = [sys.executable, "-m", "cytoloop.cli", "serve", "--home", str(self._home), "--no-browser"]
        command += ["--port", str(self._port), *self._arguments]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr)
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.url}/health/ready") as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server is not running"
        return self._process.pid

    def worker_pids(self) -> list[int]:
        """The worker processes that run now."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        every = {int(pid) for task in tasks for pid in _children(task).split()}
        return [pid for pid in sorted(every) if b"cytoloop.jobs.worker" in _command(pid)]


def _children(task: Path) -> str:
    """Of a thread, which may have ended by now."""
    try:
        return (task / "children").read_text()
    except OSError:
        return ""


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
