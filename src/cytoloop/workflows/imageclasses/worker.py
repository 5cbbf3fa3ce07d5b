"""What a worker process does for classes of images: looking at them, training, predictions."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cytoloop.core.errors import CytoloopError
from cytoloop.jobs.worker import Reporter
from cytoloop.learning.classifiers.cropclassifier import load_network
from cytoloop.learning.classifiers.crops import CropSpec, Spec, spec_from
from cytoloop.learning.classifiers.package import read_classifier
from cytoloop.learning.classifiers.predictor import load
from cytoloop.workflows.classification.shelf import Features, write_features
from cytoloop.workflows.classification.worker import train_classifier
from cytoloop.workflows.cropnetworks.worker import train_network
from cytoloop.workflows.images.files import ImageFiles, open_files

from .seeing import seen, stacked


def run(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """One step; ``call["step"]`` says which."""
    match call["step"]:
        case "look":
            return look(call, reporter)
        case "predict":
            return predict(call, reporter)
        case "train":
            return train_classifier(call, reporter)
        case _:
            return train_network(call, reporter)


def look(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """What is seen of ``call["images"]`` (id, name, files): features into ``output``, or crops and ``objects``."""
    spec = spec_from(call["spec"])
    ids, values = _looked_at(call, spec, reporter)
    nothing = np.zeros(len(ids), np.int64)
    if isinstance(spec, CropSpec):
        np.save(call["output"], values)
        pq.write_table(pa.table({"id": pa.array(ids), "shape": pa.array(nothing)}), call["objects"])
    else:
        write_features(Path(call["output"]), Features(ids, nothing, values))
    return {"images": len(ids)}


def _looked_at(call: dict[str, Any], spec: Spec, reporter: Reporter) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Rows of the images that could be read, and what was seen of each."""
    ids: list[int] = []
    found: list[NDArray[np.float32]] = []
    for number, one in enumerate(call["images"]):
        reporter.progress(number / len(call["images"]), f"Looking at {one['name']}")
        try:
            pyramid = open_files(ImageFiles.of_call(one["files"]), reporter)
            try:
                found.append(seen(pyramid, spec))
            finally:
                pyramid.source.close()
        except (CytoloopError, OSError) as error:
            reporter.log(f"{one['name']} was left out: {error}", "warning")
            continue
        ids.append(one["id"])
    return np.array(ids, np.int64), stacked(found, spec)


def predict(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Classes of ``call["images"]`` by ``call["classifier"]`` into ``output`` (Parquet: id, class, score)."""
    package = read_classifier(Path(call["classifier"]))
    ids, values = _looked_at(call, package.spec, reporter)
    if isinstance(package.spec, CropSpec):
        network = load_network(package)
        likely = network.look(values).probabilities if len(ids) else np.zeros((0, len(package.classes)), np.float32)
    else:
        likely = load(package).probabilities(values)
    best = likely.argmax(axis=1) if len(ids) else np.zeros(0, np.int64)
    score = likely.max(axis=1) if len(ids) else np.zeros(0, np.float32)
    table = {"id": ids, "class": best.astype(np.int32), "score": score.astype(np.float64)}
    pq.write_table(pa.table({name: pa.array(column) for name, column in table.items()}), call["output"])
    return {"images": len(ids)}
