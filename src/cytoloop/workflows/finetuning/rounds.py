"""Fine-tuning in rounds: train, look at the training images, take in what the model is sure of, train on.

``learning.training.incomplete`` tells by which rule. Every round begins with the annotations, so that a wrong object
of one round does not stay for ever.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from cytoloop.learning.networkmethod import NetworkMethod, NetworkParameters
from cytoloop.learning.packages.model import ModelPackage
from cytoloop.learning.training.dataset import Pair, pairs_in, read_example
from cytoloop.learning.training.incomplete import UNKNOWN, added_objects, begun, completed
from cytoloop.learning.training.order import STOP, Order
from cytoloop.learning.training.scoring import pixels_of
from cytoloop.workflows.models.packaging import About, unwritten_package
from cytoloop.workflows.training.curves import read_curves
from cytoloop.workflows.training.running import Curve, Trained, train

from .plan import TuningPlan, Unmarked


@dataclass(frozen=True, slots=True)
class Round:
    """What one training saw: annotated objects, and objects that the model before it added."""

    number: int
    annotated: int
    added: int


@dataclass(frozen=True, slots=True)
class Tuned:
    """The last training's weights and record, and what every round saw."""

    trained: Trained
    rounds: list[Round]


_POINT = ("step", "loss", "validation_loss")
OnCurve = Callable[[int, Curve], None]


def fine_tune(start: ModelPackage, order: Order, plan: TuningPlan, on_curve: OnCurve = lambda _, __: None) -> Tuned:
    """Train from ``start`` on the pairs of ``order.data``, whose labels may hold -1 (not known).

    Everything lies in ``order.folder``; a call that was ended goes on where it stood. The labels of held-out pairs
    stay as they are.
    """
    rounds: list[Round] = []
    method, initial = NetworkMethod(start), start.weights
    found: Trained | None = None
    stop = order.folder / STOP
    for number in range(1, plan.trainings + 1):
        if found is not None and stop.exists():
            break
        folder = order.folder / f"round-{number}"
        seen = _labelled(order, folder, method, number, plan)
        own = order.model_copy(
            update={"data": folder / "data", "folder": folder, "initial": initial, "stop_file": stop}
        )
        found = _trained(own, number, on_curve)
        rounds.append(seen)
        if found.record["steps"] < plan.steps:  # a person ended it, and wants what was learnt
            break
        initial = found.weights
        method = NetworkMethod(unwritten_package(folder, initial, start.spec, About(start.title, "", "")))
    assert found is not None  # there is one round at least
    record = {
        **found.record,
        "continued_from": start.name,
        "rounds": [asdict(one) for one in rounds],
        "unmarked": plan.unmarked.value,
    }
    return Tuned(Trained(found.weights, record), rounds)


def read_curve(folder: Path) -> list[dict[str, Any]]:
    """The points of all rounds so far: ``round``, ``step``, ``loss``, and where it was taken ``validation_loss``."""
    rounds = sorted((int(one.name.removeprefix("round-")), one) for one in folder.glob("round-*"))
    return [
        {"round": number, **{key: point[key] for key in _POINT if key in point}}
        for number, one in rounds
        for point in read_curves(one / "curves.jsonl")
    ]


def _trained(order: Order, number: int, on_curve: OnCurve) -> Trained:
    record = order.folder / "record.json"
    weights = order.folder / "weights.onnx"
    if record.exists() and weights.exists():  # done before the call was ended
        return Trained(weights, json.loads(record.read_text()))
    return train(order, on_curve=lambda point: on_curve(number, point))


def _labelled(order: Order, folder: Path, method: NetworkMethod, number: int, plan: TuningPlan) -> Round:
    """Write the pairs of a round; those of a round that has begun stay."""
    known = folder / "round.json"
    if known.exists():
        return Round(**json.loads(known.read_text()))
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("images", "labels"):
        (folder / "data" / name).mkdir(parents=True)
    held = set(order.held_out or ())
    annotated = added = 0
    for pair in pairs_in(order.data):
        _linked(pair.image, folder / "data" / "images" / pair.image.name)
        target = folder / "data" / "labels" / f"{pair.name}.tif"
        if plan.unmarked is Unmarked.BACKGROUND or pair.name in held:
            labels = read_example(pair).labels
            annotated += 0 if pair.name in held else int(np.unique(labels[labels > 0]).size)
            tifffile.imwrite(target, labels, compression="deflate")
            continue
        own, new = _improved(pair, target, method, number)
        annotated, added = annotated + own, added + new
    found = Round(number, annotated, added)
    known.write_text(json.dumps(asdict(found)))
    return found


def _improved(pair: Pair, target: Path, method: NetworkMethod, number: int) -> tuple[int, int]:
    """Write the labels of one pair for a round; how many objects are annotated, and how many were added."""
    example = read_example(pair)
    labels = example.labels
    pixels, parameters = pixels_of(example), NetworkParameters.model_validate({})
    calibration = method.calibrate(pixels, parameters)
    probability = method.foreground(pixels, parameters, calibration)
    if number == 1:
        better = begun(labels, probability)
    else:
        better = completed(labels, method.segment(pixels, parameters, calibration).labels, probability)
    tifffile.imwrite(target, better, compression="deflate")
    return int(np.unique(labels[labels > 0]).size), added_objects(labels, better)


def copy_with_unknown(data: Path, folder: Path) -> Path:
    """The pairs with -1 (not known) in place of 0; labels that hold -1 already stay as they are."""
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for pair in pairs_in(data):
        labels = read_example(pair).labels
        if not (labels == UNKNOWN).any():
            labels = np.where(labels == 0, UNKNOWN, labels).astype(np.int32)
        tifffile.imwrite(folder / "labels" / f"{pair.name}.tif", labels, compression="deflate")
        _linked(pair.image, folder / "images" / pair.image.name)
    return folder


def _linked(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target)
