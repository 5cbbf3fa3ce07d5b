"""Training a model in a process of its own: torch never enters this one."""

import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cytoloop.core.errors import CytoloopError, InvalidInputError
from cytoloop.learning.training.dataset import pairs_in
from cytoloop.learning.training.order import Order

from .curves import write_curves_page

_MODULE = "cytoloop.learning._torch"
_LAST_LINES = 20
_CALM = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads of torch sleep while they wait for each other: where other work wants the processors too, a step with
threads that spin takes many times as long."""


class TrainingFailedError(CytoloopError, RuntimeError):
    """The training process ended without a model."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A point of the curves: the step and its losses."""

    step: int
    steps: int
    loss: float
    validation_loss: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Trained:
    """Where the weights lie, and the record of how they came about."""

    weights: Path
    record: dict[str, Any] = field(default_factory=dict[str, Any])


def train(order: Order, *, on_curve: Callable[[Curve], None] = lambda _: None, python: str = sys.executable) -> Trained:
    """Train as ordered. Curves go to ``curves.jsonl`` and ``curves.html``, a page that renews itself.

    A second call with the same order goes on where the first was ended. Ctrl-C ends the training after its step and
    keeps what was learnt.

    Raises
    ------
    NotFoundError, InvalidInputError
        The data are no pairs of images and labels.
    TrainingFailedError
        Torch is not installed, or the process failed; the message tells its last words.
    """
    pairs_in(order.data)
    order.folder.mkdir(parents=True, exist_ok=True)
    path = order.folder / "order.json"
    path.write_text(order.model_dump_json(indent=2))
    last: dict[str, Any] = {}
    log = order.folder / "errors.log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [python, "-m", _MODULE, str(path), "--attached"],
            stdin=subprocess.PIPE,  # whose end tells the training that this process is gone
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**_CALM, **os.environ},
        ) as process,
    ):
        try:
            for last in _messages(process):
                if "loss" in last:
                    write_curves_page(order.folder, order.configuration.name)
                    on_curve(_point(last))
        except KeyboardInterrupt:
            process.send_signal(signal.SIGTERM)
            last = deque(_messages(process), maxlen=1).pop()
    _check(process.returncode, last, log.read_text())
    write_curves_page(order.folder, order.configuration.name, finished=True)
    return Trained(order.folder / "weights.onnx", json.loads((order.folder / "record.json").read_text()))


def _point(message: dict[str, Any]) -> Curve:
    return Curve(message["step"], message["steps"], message["loss"], message.get("validation_loss"), message["seconds"])


def _messages(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None  # asked for
    for line in process.stdout:
        if line.startswith("{"):
            yield json.loads(line)


def _check(code: int, last: dict[str, Any], errors: str) -> None:
    if "error" in last:
        raise InvalidInputError(last["error"])
    if code == 0:
        return
    if "No module named 'torch'" in errors:
        raise TrainingFailedError("Training needs torch. Install it with: pip install 'cytoloop[train]'.")
    told = "\n".join(errors.strip().splitlines()[-_LAST_LINES:])
    raise TrainingFailedError(f"The training process ended with code {code}.\n{told}")
