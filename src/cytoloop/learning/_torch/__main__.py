"""``python -m cytoloop.learning._torch ORDER.json``: one training in a process of its own.

Progress goes to standard output, one JSON object a line. SIGTERM ends the training after the step in work; what was
learnt so far is written. With ``--attached`` it ends at once when its standard input does, that is, with its parent.
"""

import json
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path

import numpy as np

from cytoloop.core.errors import CytoloopError
from cytoloop.learning.training.configuration import Augmentations, Configuration
from cytoloop.learning.training.dataset import Example, examples_of, pairs_in
from cytoloop.learning.training.imagetypes import image_types
from cytoloop.learning.training.order import Order
from cytoloop.learning.training.samples import Sample, SampleStream

from .export import export_onnx, state_of_onnx
from .networks import parameter_count
from .process import ATTACHED, end_with_parent, tell
from .training import Plan, Progress, Training

_VALIDATION_VIEWS = 64
_VALIDATION_SEED = 999_999
_REPORT_EVERY = 50
"""Steps between two points of the curves; fewer in a short training."""
_stopping = False


def _stop(*_: object) -> None:
    global _stopping  # noqa: PLW0603 - a signal handler has no other way to tell
    _stopping = True


def run(order: Order) -> None:
    """Train as ordered; writes ``weights.onnx`` and ``record.json`` into the order's folder."""
    configuration = order.configuration
    pairs = pairs_in(order.data)
    examples = examples_of(pairs, [one.name for one in pairs])
    types = image_types(examples, configuration.types)
    split = order.split_of(types)
    by_name = {one.name: one for one in examples}
    stream = _stream([by_name[name] for name in split.training], types, configuration)
    validation = _validation([by_name[name] for name in split.validation], types, configuration)
    initial = None if order.initial is None else state_of_onnx(order.initial, configuration)
    plan = Plan(
        checkpoint=order.folder / "checkpoint.pt",
        report_every=max(1, min(_REPORT_EVERY, configuration.optimisation.steps // 20)),
        threads=order.threads,
        loaders=order.loaders,
        stop=lambda: _stopping or (order.stop_file is not None and order.stop_file.exists()),
    )
    training = Training(configuration, stream, validation, plan, initial)
    tell({"parameters": parameter_count(training.network), "images": len(split.training), "step": training.step})
    state = training.run(lambda progress: _report(order.folder, progress))
    export_onnx(state, configuration, order.folder / "weights.onnx")
    record = {
        "configuration": configuration.model_dump(mode="json"),
        "split": order.split,
        "images": len(split.training),
        "held_out": len(split.validation),
        "steps": training.step,
        "seconds": round(training.seconds, 1),
        "device": str(training.device),
        "parameters": parameter_count(training.network),
        "continued_from": None if order.initial is None else order.initial.parent.name,
    }
    (order.folder / "record.json").write_text(json.dumps(record, indent=2))
    tell({"done": True, **record})


def _stream(examples: list[Example], types: dict[str, int], configuration: Configuration) -> SampleStream:
    return SampleStream(examples, [types[one.name] for one in examples], configuration)


def _validation(examples: list[Example], types: dict[str, int], configuration: Configuration) -> list[Sample]:
    """Views of the held-out images, unchanged in look and always the same."""
    if not examples:
        return []
    plain = Augmentations.model_validate(dict.fromkeys(Augmentations.model_fields, 0.0))
    quiet = configuration.model_copy(update={"augmentation": plain, "seed": _VALIDATION_SEED})
    stream = _stream(examples, types, quiet)
    return [stream.sample(number) for number in range(_VALIDATION_VIEWS)]


def _report(folder: Path, progress: Progress) -> None:
    line = json.dumps({key: value for key, value in asdict(progress).items() if value is not None})
    with (folder / "curves.jsonl").open("a") as curves:
        curves.write(line + "\n")
    tell(json.loads(line))


def main() -> int:
    """Run the order in the file named by the first argument."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent tells when to stop
    if ATTACHED in sys.argv[2:]:
        threading.Thread(target=end_with_parent, daemon=True).start()
    order = Order.model_validate_json(Path(sys.argv[1]).read_text())
    order.folder.mkdir(parents=True, exist_ok=True)
    np.seterr(all="ignore")
    try:
        run(order)
    except CytoloopError as error:
        tell({"error": error.message})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
