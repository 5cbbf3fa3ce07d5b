"""Supervised worker processes on this machine.

Each worker serves one call at a time. One that dies costs its call only, and is replaced.
"""

import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO, Any

import orjson

from .protocol import Report

OnReport = Callable[[Report], None]


class _Worker:
    """One process, started when it is first needed."""

    def __init__(self, on_report: OnReport, on_free: Callable[[], None], memory_bytes: int) -> None:
        self._on_report = on_report
        self._on_free = on_free
        self._memory_bytes = memory_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None
        self.key: str | None = None

    def begin(self, key: str, function: str, call: dict[str, Any]) -> None:
        self.key = key
        if self._process is None or self._process.poll() is not None:
            self._launch()
        process = self._process
        assert process is not None
        assert process.stdin is not None
        try:
            process.stdin.write(orjson.dumps({"key": key, "function": function, "call": call}) + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass  # the listener sees the end of its output and reports the death

    def _launch(self) -> None:
        command = [
            sys.executable,
            "-m",
            "cytoloop.jobs.worker",
            str(self._memory_bytes),
        ]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._process = process
        assert process.stdout is not None
        self._listener = threading.Thread(
            target=self._listen,
            args=(process, process.stdout),
            name="worker-reports",
            daemon=True,
        )
        self._listener.start()

    def _listen(self, process: "subprocess.Popen[bytes]", reports: IO[bytes]) -> None:
        for line in reports:
            report = Report(**orjson.loads(line))
            if report.key != self.key:
                continue
            ended = report.kind in ("done", "failed")
            if ended:
                self.key = None
            self._on_report(report)
            if ended:
                self._on_free()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                _close(stream)
        if process is self._process and self.key is not None:
            key, self.key = self.key, None
            self._on_report(Report(key, "died", text=_cause_of_death(process.returncode), again=True))
            self._on_free()

    def kill(self) -> None:
        """End the process at once and forget its call."""
        self.key = None
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            # The thread that reads its reports sees their end and closes the pipes.
            if self._listener is not None:
                self._listener.join(timeout=5)


def _close(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except OSError:
        pass  # unsent bytes of a killed process


def _cause_of_death(code: int) -> str:
    cause = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"The worker process ended unexpectedly ({cause}); the file may be damaged or too large for it."


class LocalExecutor:
    """A fixed number of worker processes.

    Parameters
    ----------
    workers
        Processes at most; they start when there is work.
    memory_bytes
        Memory that each may take, 0 for no limit.
    """

    def __init__(self, workers: int, memory_bytes: int = 0) -> None:
        self._count = max(1, workers)
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._workers: list[_Worker] = []

    def start(self, on_report: OnReport, on_free: Callable[[], None] = lambda: None) -> None:
        self._workers = [_Worker(on_report, on_free, self._memory_bytes) for _ in range(self._count)]

    def free_slots(self) -> int:
        with self._lock:
            return sum(one.key is None for one in self._workers)

    def submit(self, key: str, function: str, call: dict[str, Any]) -> None:
        with self._lock:
            worker = next(one for one in self._workers if one.key is None)
            worker.begin(key, function, call)

    def cancel(self, key: str) -> None:
        with self._lock:
            for one in self._workers:
                if one.key == key:
                    one.kill()

    def process_ids(self) -> list[int]:
        """Ids of the running processes, for supervision and tests."""
        return [
            one._process.pid  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - same module
            for one in self._workers
            if one._process is not None and one._process.poll() is None  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        ]

    def stop(self) -> None:
        with self._lock:
            for one in self._workers:
                one.kill()
