"""What runs on a node of the cluster: one call at a time, in a worker process beside Dask's.

Dask's own process only waits. So a call that crashes or takes all memory ends its own process, a cancelled one is
killed at once, and heartbeats go on however busy the work is. Calls and reports are JSON text.
"""

import queue
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from distributed import get_worker

from cytoloop import __version__
from cytoloop.jobs.executors.local import LocalExecutor
from cytoloop.jobs.executors.protocol import Report

LOOK_EVERY_S = 0.2
"""How often a node looks whether its call is still wanted."""
PROGRESS_EVERY_S = 0.3
ENDS = ("done", "failed", "died")


class _Process:
    """The worker process of one of Dask's threads; it outlives calls, so that libraries and models stay loaded."""

    def __init__(self, memory_bytes: int) -> None:
        self.reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self.executor = LocalExecutor(1, memory_bytes)
        self.executor.start(self.reports.put)


_of_thread = threading.local()


def run_call(message: bytes) -> bytes:
    """Run a call; the report of its end as JSON. ``message``: see ``DaskExecutor.submit``."""
    given = orjson.loads(message)
    refusal = _refusal(given)
    if refusal is not None:
        return orjson.dumps(asdict(Report(given["key"], "failed", text=refusal)))
    worker = get_worker()
    task = worker.get_current_task()

    def is_wanted() -> bool:
        state = worker.state.tasks.get(task)
        return state is not None and state.state not in ("cancelled", "released", "forgotten")

    def tell(report: Report) -> None:
        worker.log_event(given["topic"], orjson.dumps(asdict(report)).decode())

    return orjson.dumps(asdict(_ended(given, is_wanted, tell)))


def _refusal(given: dict[str, Any]) -> str | None:
    """Why this node cannot do the work, or None."""
    node = socket.gethostname()
    if given["version"] != __version__:
        return f"The node {node} runs Cytoloop {__version__}, the server {given['version']}. Install the same version."
    if not Path(given["home"]).is_dir():
        return f"The node {node} does not see {given['home']}. Mount the server's home folder there at the same path."
    return None


def _ended(given: dict[str, Any], is_wanted: Callable[[], bool], tell: Callable[[Report], None]) -> Report:
    """The last report of the call; earlier ones are told as they come."""
    process = getattr(_of_thread, "process", None)
    if process is None:
        process = _of_thread.process = _Process(given["memory_bytes"])
    key = given["key"]
    process.executor.submit(key, given["function"], given["call"])
    told = 0.0
    while is_wanted():
        try:
            report = process.reports.get(timeout=LOOK_EVERY_S)
        except queue.Empty:
            continue
        if report.key != key:
            continue  # of a call that was cancelled
        if report.kind in ENDS:
            return report
        now = time.monotonic()
        if report.kind != "progress" or now - told > PROGRESS_EVERY_S:
            told = now if report.kind == "progress" else told
            tell(report)
    process.executor.cancel(key)
    return Report(key, "failed", text="Cancelled")
