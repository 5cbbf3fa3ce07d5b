"""Training a model in a process of its own: torch never enters this one."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cytoloop.learning.training.dataset import pairs_in
from cytoloop.learning.training.order import Order

from .child import run_child
from .curves import write_curves_page

_MODULE = "cytoloop.learning._torch"


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

    def tell(message: dict[str, Any]) -> None:
        if "loss" in message:
            write_curves_page(order.folder, order.configuration.name)
            on_curve(_point(message))

    run_child(_MODULE, path, order.folder / "errors.log", tell, python)
    write_curves_page(order.folder, order.configuration.name, finished=True)
    return Trained(order.folder / "weights.onnx", json.loads((order.folder / "record.json").read_text()))


def _point(message: dict[str, Any]) -> Curve:
    return Curve(message["step"], message["steps"], message["loss"], message.get("validation_loss"), message["seconds"])
