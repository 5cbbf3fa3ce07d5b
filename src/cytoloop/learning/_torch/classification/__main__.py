"""``python -m cytoloop.learning._torch.classification ORDER.json``: one training on crops in a process of its own.

It talks and ends as ``cytoloop.learning._torch`` does; the file ``stop`` in its folder ends it, too.
"""

import json
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from cytoloop.core.errors import CytoloopError
from cytoloop.learning._torch.process import ATTACHED, end_with_parent, tell
from cytoloop.learning.classifiers.order import CROPS, CURVES, TRUTH, VALIDATION, ClassOrder
from cytoloop.learning.training.order import STOP

from .export import export_classifier
from .networks import CropNetwork
from .start import begin
from .training import ClassTraining, Data, Point

_signalled = threading.Event()


def run(order: ClassOrder) -> None:
    """Train as ordered; writes ``weights.onnx``, ``weights.pt`` and ``record.json`` into the order's folder."""
    if order.threads is not None:
        torch.set_num_threads(order.threads)
    data = Data(
        np.load(order.data / CROPS, mmap_mode="r", allow_pickle=False),
        np.load(order.data / TRUTH, allow_pickle=False),
        np.load(order.data / VALIDATION, allow_pickle=False),
    )
    torch.manual_seed(order.configuration.seed)
    network = CropNetwork(order.configuration, data.crops.shape[1] - 1, len(order.classes))
    begin(network, order, data.crops)
    training = ClassTraining(
        network,
        order.configuration,
        data,
        order.folder / "checkpoint.pt",
        lambda: _signalled.is_set() or (order.folder / STOP).exists(),
    )
    best = training.run(lambda point: _report(order.folder, point))
    network.load_state_dict(best)
    export_classifier(network, order.configuration.side, order.folder)
    record = {
        "epochs": training.epoch,
        "best_epoch": training.best_epoch,
        "ended_by": training.ended_by,
        "parameters": sum(one.numel() for one in network.parameters()),
        "device": str(training.device),
        "torch": torch.__version__,
    }
    (order.folder / "record.json").write_text(json.dumps(record))
    tell({"done": True, **record})


def _report(folder: Path, point: Point) -> None:
    line = json.dumps(asdict(point))
    with (folder / CURVES).open("a") as curves:
        curves.write(line + "\n")
    tell(asdict(point))


def main() -> int:
    """Run the order in the file named by the first argument."""
    signal.signal(signal.SIGTERM, lambda *_: _signalled.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent tells when to stop
    if ATTACHED in sys.argv[2:]:
        threading.Thread(target=end_with_parent, daemon=True).start()
    order = ClassOrder.model_validate_json(Path(sys.argv[1]).read_text())
    order.folder.mkdir(parents=True, exist_ok=True)
    try:
        run(order)
    except CytoloopError as error:
        tell({"error": error.message})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
