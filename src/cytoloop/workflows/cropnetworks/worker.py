"""What a worker process does for networks that tell objects apart: crops, training, predictions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from cytoloop.core.geometry import Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.jobs.worker import Reporter
from cytoloop.learning.classifiers.configuration import NetworkConfiguration
from cytoloop.learning.classifiers.cropclassifier import Seen, load_network
from cytoloop.learning.classifiers.crops import CropSpec
from cytoloop.learning.classifiers.package import read_classifier
from cytoloop.learning.classifiers.queues import uncertainty
from cytoloop.learning.packages.tabular import KnownClass
from cytoloop.workflows.classification.shelf import CHECKED, VECTORS, Features, features_table, write_features
from cytoloop.workflows.images.files import ImageFiles, open_files

from .cutting import plane_crops
from .learning import LabelledCrops, Learnt, Lesson, OnPoint, learn

AT_ONCE = 500
"""Objects whose crops are in memory at once."""


def cut(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Crops of the objects in ``call["input"]`` (Parquet: id, shape, z, t, wkb) into the array ``call["output"]``."""
    objects = pq.read_table(call["input"])
    spec = CropSpec(**call["spec"])
    target = np.lib.format.open_memmap(call["output"], mode="w+", dtype=np.float32, shape=(len(objects), *spec.shape))
    pyramid = open_files(ImageFiles.of_call(call), reporter)
    try:
        done = 0
        for rows, crops in _crops(pyramid, objects, spec):
            target[rows] = crops
            done += len(rows)
            reporter.progress(done / len(objects), f"Cutting out objects, {done:,} of {len(objects):,}")
    finally:
        pyramid.source.close()
    target.flush()
    return {"objects": len(objects)}


def _crops(
    pyramid: Pyramid, objects: pa.Table, spec: CropSpec
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Rows of the table and their crops, part by part."""
    if len(objects) == 0:
        return
    places = np.stack([objects["z"].to_numpy(), objects["t"].to_numpy()], axis=1)
    for z, t in np.unique(places, axis=0).tolist():
        rows = np.flatnonzero((places == (z, t)).all(axis=1))
        for start in range(0, len(rows), AT_ONCE):
            chosen = rows[start : start + AT_ONCE]
            outlines = list(shapely.from_wkb(objects["wkb"].take(chosen).to_pylist()))
            yield chosen, plane_crops(pyramid, outlines, spec, Plane(z, t))


def train_network(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Train on crops in ``call["parts"]`` (arrays) with the labels ``call["input"]``; a package into ``output``.

    The labels (Parquet: row, counted over all parts; id, class, image, layer, tested) are in the order of the rows.
    ``call["work"]`` is a folder that a later try goes on from; ``call["order"]``: title, classes, spec,
    configuration, facts, and the earlier classifier.
    """
    order = orjson.loads(Path(call["order"]).read_bytes())
    table = pq.read_table(call["input"])
    earlier = order["earlier"]
    lesson = Lesson(
        title=order["title"],
        classes=tuple(KnownClass(**one) for one in order["classes"]),
        spec=CropSpec(**order["spec"]),
        configuration=NetworkConfiguration.model_validate(order["configuration"]),
        facts=order["facts"],
        subject=order["subject"],
        earlier=None if earlier is None else read_classifier(Path(earlier["folder"])),
        earlier_number=None if earlier is None else earlier["number"],
    )
    row, truth, image = (table[name].to_numpy().astype(np.int64) for name in ("row", "class", "image"))
    tested = table["tested"].to_numpy(zero_copy_only=False).astype(bool)
    parts = [np.load(one, mmap_mode="r", allow_pickle=False) for one in call["parts"]]
    labelled = LabelledCrops(parts, row, truth, image, tested)
    reporter.progress(0.0, "Preparing the training")
    made = learn(labelled, lesson, Path(call["work"]), Path(call["output"]), telling(reporter))
    _write_private(made, table)
    scores = made.package.record["scores"]["held_out"]
    return {"labels": sum(made.package.record["labels"]), "macro_f1": scores["macro_f1"]}


def telling(reporter: Reporter) -> OnPoint:
    """Reports of progress from the points of the curves."""

    def tell(point: dict[str, Any]) -> None:
        text = (
            f"Epoch {point['epoch']} of at most {point['epochs']}, loss {point['loss']:.2f}, "
            f"held out {point['validation_loss']:.2f}, accuracy {point['validation_accuracy']:.2f}"
        )
        reporter.progress(0.95 * point["epoch"] / point["epochs"], text)

    return tell


def _write_private(made: Learnt, table: pa.Table) -> None:
    """What the held-out labels were taken for; and vectors of all labels, from which the queues keep away."""
    folder = made.package.folder
    checked = table.take(pa.array(made.held_rows))
    columns = {
        "layer": checked["layer"],
        "id": checked["id"],
        "truth": checked["class"],
        "predicted": pa.array(made.held_out.argmax(axis=1).astype(np.int64)),
        "score": pa.array(made.held_out.max(axis=1).astype(np.float64)),
    }
    pq.write_table(pa.table(columns), folder / CHECKED, compression="zstd")
    nothing = np.zeros(len(made.vectors), np.int64)
    write_features(folder / VECTORS, Features(nothing, nothing, made.vectors))


def predict(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Classes of the objects in ``call["input"]`` (as for crops, and version), into ``call["output"]``."""
    package = read_classifier(Path(call["classifier"]))
    network = load_network(package)
    objects = pq.read_table(call["input"])
    spec = CropSpec(**call["spec"])
    likely = np.zeros((len(objects), len(package.classes)), np.float32)
    width = network.look(np.zeros((1, *spec.shape), np.float32)).vectors.shape[1]
    vectors = np.zeros((len(objects), width), np.float32)
    pyramid = open_files(ImageFiles.of_call(call), reporter)
    try:
        done = 0
        for rows, crops in _crops(pyramid, objects, spec):
            seen = network.look(crops)
            likely[rows], vectors[rows] = seen.probabilities, seen.vectors
            done += len(rows)
            reporter.progress(done / len(objects), f"Classifying, {done:,} of {len(objects):,}")
    finally:
        pyramid.source.close()
    predictions_table(objects, Seen(likely, vectors), network.disagreement(vectors), Path(call["output"]))
    return {"objects": len(objects)}


def predictions_table(objects: pa.Table, seen: Seen, disagreement: NDArray[np.float64], output: Path) -> None:
    """Predictions of objects (id, shape, version) as the classification job takes them."""
    ids, shapes = (objects[name].to_numpy().astype(np.int64) for name in ("id", "shape"))
    table = features_table(Features(ids, shapes, seen.vectors)).append_column("version", objects["version"])
    likely = seen.probabilities
    best = likely.argmax(axis=1)
    columns = {
        "class": pa.array(best.astype(np.int32)),
        "score": pa.array(likely[np.arange(len(best)), best].astype(np.float64)),
        "uncertainty": pa.array(uncertainty(likely)),
        "disagreement": pa.array(disagreement),
    }
    for name, column in columns.items():
        table = table.append_column(name, column)
    pq.write_table(table, output, compression="zstd")
