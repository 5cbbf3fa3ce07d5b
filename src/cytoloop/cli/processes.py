"""Several API processes behind one listening socket, and the parent that sees to them.

Each is a process of its own, started anew with the settings on its stdin (they may hold a password, and
arguments can be read by everybody on the machine). It ends when its stdin does, that is, with its parent.
"""

import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from types import FrameType
from typing import IO

from prometheus_client.multiprocess import mark_process_dead

from cytoloop.runtime.settings import Settings

logger = logging.getLogger(__name__)

PATIENCE_S = 20.0
"""How long a process may take to end in order."""
STEADY_S = 10.0
"""A process that lived at least this long is replaced at once, another after ``PAUSE_S``."""
PAUSE_S = 1.0


@dataclass(slots=True)
class _Child:
    process: "subprocess.Popen[bytes]"
    since: float = field(default_factory=time.monotonic)


class Supervisor:
    """Keeps a number of API processes running until it is told to stop."""

    def __init__(self, settings: Settings, listening: socket.socket) -> None:
        self._settings = settings
        self._listening = listening
        self._children: list[_Child] = []
        self._stopping = threading.Event()
        self._counts = settings.home / "metrics"
        """Where the processes count, so that whichever is asked can tell the sum."""

    def run(self) -> None:
        """Start the processes, replace those that end, and return once all have ended after SIGINT or SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        self._listening.listen(2048)
        shutil.rmtree(self._counts, ignore_errors=True)
        self._counts.mkdir(parents=True)
        try:
            self._children = [self._started() for _ in range(self._settings.processes)]
            while not self._stopping.wait(0.2):
                self._replace_ended()
        finally:
            self._end()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()

    def _started(self) -> _Child:
        process = subprocess.Popen(
            [sys.executable, "-m", "cytoloop.cli.process", str(self._listening.fileno())],
            stdin=subprocess.PIPE,
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(self._counts)},
            pass_fds=[self._listening.fileno()],
            start_new_session=True,  # Ctrl+C is for the parent, which ends the others in order
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(self._settings.model_dump(mode="json")).encode() + b"\n")
        process.stdin.flush()
        return _Child(process)

    def _replace_ended(self) -> None:
        for place, child in enumerate(self._children):
            code = child.process.poll()
            if code is None:
                continue
            logger.warning("An API process ended (%s); starting another", _ending(code))
            _close(child.process.stdin)
            mark_process_dead(child.process.pid, str(self._counts))
            if time.monotonic() - child.since < STEADY_S:
                self._stopping.wait(PAUSE_S)
            if self._stopping.is_set():
                return
            self._children[place] = self._started()

    def _end(self) -> None:
        for child in self._children:
            _close(child.process.stdin)
        end = time.monotonic() + PATIENCE_S
        for child in self._children:
            try:
                child.process.wait(timeout=max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()


def _close(stream: IO[bytes] | None) -> None:
    if stream is not None:
        try:
            stream.close()
        except OSError:
            pass  # the other end went away with something unread


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
