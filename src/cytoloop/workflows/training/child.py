"""A process that trains: torch never enters this one."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cytoloop.core.errors import ConflictError, CytoloopError, InvalidInputError

_LAST_LINES = 20
_CALM = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads of torch sleep while they wait for each other: where other work wants the processors too, a step with
threads that spin takes many times as long."""
NEEDS_TORCH = "Training needs torch. Install it with: pip install 'cytoloop[train]'."


def can_train() -> bool:
    """Whether torch is installed; it is not imported."""
    return find_spec("torch") is not None


def require_torch() -> None:
    """Raise ``ConflictError`` where torch is not installed."""
    if not can_train():
        raise ConflictError(
            "Training a network needs torch. Install it where the server runs: pip install 'cytoloop[train]'. "
            "The other methods train without it."
        )


class TrainingFailedError(CytoloopError, RuntimeError):
    """The training process ended without a model."""


def run_child(
    module: str,
    order: Path,
    log: Path,
    on_message: Callable[[dict[str, Any]], None],
    python: str = sys.executable,
) -> None:
    """Run ``python -m MODULE ORDER`` to its end, and hand on what it tells; Ctrl-C asks it to end and keep its work.

    Raises
    ------
    InvalidInputError
        It says what is wrong with the order.
    TrainingFailedError
        Torch is not installed, or the process failed; the message tells its last words.
    """
    refusal = ""
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [python, "-m", module, str(order), "--attached"],
            stdin=subprocess.PIPE,  # whose end tells the training that this process is gone
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**_CALM, **os.environ},
        ) as process,
        _interrupts_end(process),
    ):
        for message in _messages(process):
            refusal = str(message.get("error", ""))
            on_message(message)
    if refusal:
        raise InvalidInputError(refusal)
    _check(process.returncode, log.read_text())


@contextmanager
def _interrupts_end(process: subprocess.Popen[str]) -> Generator[None]:
    """Ctrl-C asks the process to end, whatever this one is at; only the main thread hears of Ctrl-C.

    It stays ignored where it was, as in the background of a shell.
    """
    alone = threading.current_thread() is not threading.main_thread()
    if alone or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: process.send_signal(signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _messages(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None  # asked for
    for line in process.stdout:
        if line.startswith("{"):
            yield json.loads(line)


def _check(code: int, errors: str) -> None:
    if code == 0:
        return
    if "No module named 'torch'" in errors:
        raise TrainingFailedError(NEEDS_TORCH)
    told = "\n".join(errors.strip().splitlines()[-_LAST_LINES:])
    raise TrainingFailedError(f"The training process ended with code {code}.\n{told}")
