"""What a worker process does for classifiers: features of objects, training, predictions, and their order."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from cytoloop.core.geometry import Plane
from cytoloop.jobs.worker import Reporter
from cytoloop.learning.classifiers.configuration import Configuration
from cytoloop.learning.classifiers.package import NewClassifier, read_classifier, write_classifier
from cytoloop.learning.classifiers.predictor import load, probabilities_of
from cytoloop.learning.classifiers.queues import diversity_order
from cytoloop.learning.classifiers.specification import FeatureSpec
from cytoloop.learning.classifiers.training import LabelledObjects, train
from cytoloop.learning.packages.tabular import KnownClass
from cytoloop.workflows.cropnetworks import worker as networks
from cytoloop.workflows.images.files import ImageFiles, open_files

from .cards import card_of
from .plane_features import plane_features
from .shelf import CHECKED, Features, features_of, features_table, read_features, width_of

AT_ONCE = 1000
"""Objects between two reports of progress."""
CANDIDATES = 3000
"""The least certain objects, of which the queue by diversity is made."""
EXAMPLE = 4


def run(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """One step; ``call["step"]`` says which."""
    match call["step"]:
        case "features":
            return find_features(call, reporter)
        case "train":
            return train_classifier(call, reporter)
        case "predict":
            return predict(call, reporter)
        case "rank":
            return rank(call, reporter)
        case "crops":
            return networks.cut(call, reporter)
        case "train-network":
            return networks.train_network(call, reporter)
        case "predict-crops":
            return networks.predict(call, reporter)
        case _:
            return {}


def find_features(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Features of the objects in ``call["input"]`` (Parquet: id, shape, z, t, wkb) into ``call["output"]``."""
    objects = pq.read_table(call["input"])
    values = _computed(call, objects, reporter)
    pq.write_table(features_table(_features(objects, values)), call["output"])
    return {"objects": len(objects)}


def _features(objects: pa.Table, values: NDArray[np.float32]) -> Features:
    ids, shapes = (objects[name].to_numpy().astype(np.int64) for name in ("id", "shape"))
    return Features(ids, shapes, values)


def _computed(call: dict[str, Any], objects: pa.Table, reporter: Reporter, share: float = 1.0) -> NDArray[np.float32]:
    """``(n, f)`` of objects (z, t, wkb) on the image of the call; ``share``: of the task's work."""
    spec = FeatureSpec(**call["spec"])
    found = np.full((len(objects), len(spec.names)), np.nan, np.float32)
    if len(objects) == 0:
        return found
    pyramid = open_files(ImageFiles.of_call(call), reporter)
    try:
        z, t = (objects[name].to_numpy() for name in ("z", "t"))
        outlines = shapely.from_wkb(objects["wkb"].to_numpy(zero_copy_only=False))
        done = 0
        for plane in np.unique(np.stack([z, t], axis=1), axis=0).tolist():
            rows = np.flatnonzero((z == plane[0]) & (t == plane[1]))
            for start in range(0, len(rows), AT_ONCE):
                part = rows[start : start + AT_ONCE]
                found[part] = plane_features(pyramid.source, pyramid.info, list(outlines[part]), spec, Plane(*plane))
                done += len(part)
                reporter.progress(share * done / len(objects), f"Looking at objects, {done:,} of {len(objects):,}")
    finally:
        pyramid.source.close()
    return found


def train_classifier(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Train on ``call["input"]`` (Parquet: id, shape, features, image, class, tested); a package into ``output``.

    ``call["order"]``: title, classes, spec, configuration and the facts of the record.
    """
    started = time.monotonic()
    order = orjson.loads(Path(call["order"]).read_bytes())
    spec = FeatureSpec(**order["spec"])
    table = pq.read_table(call["input"])
    features = features_of(table, len(spec.names)).values
    truth, groups = (table[name].to_numpy().astype(np.int64) for name in ("class", "image"))
    tested = table["tested"].to_numpy(zero_copy_only=False).astype(bool)
    configuration = Configuration.model_validate(order["configuration"])
    labelled = LabelledObjects(features, truth, groups, len(order["classes"]), tested)
    made = train(labelled, configuration, reporter.progress)
    scores = {name: one.as_json() for name, one in made.scores.items()}
    record = {
        **order["facts"],
        "configuration": configuration.model_dump(mode="json"),
        "features": {"key": spec.key, "count": len(spec.names)},
        "labels": np.bincount(truth[~tested], minlength=labelled.classes).tolist(),
        "test_labels": np.bincount(truth[tested], minlength=labelled.classes).tolist(),
        "images": len(np.unique(groups[~tested])),
        "folds": made.folds,
        "split": "image" if made.by_image else "object",
        "scores": scores,
        "seconds": round(time.monotonic() - started, 2),
    }
    classes = tuple(KnownClass(**one) for one in order["classes"])
    example = features[:EXAMPLE]
    new = NewClassifier(
        title=order["title"],
        classes=classes,
        spec=spec,
        weights=made.weights,
        committee=made.committee,
        test_input=example,
        test_output=probabilities_of(made.weights, example, len(classes)),
        card=card_of(order["title"], classes, record, order["subject"]),
        record=record,
        subject=order["subject"],
    )
    package = Path(call["output"])
    write_classifier(package, new)
    _write_checked(package, table.filter(pa.array(~tested)), made.held_out)
    return {"labels": int((~tested).sum()), "macro_f1": scores["held_out"]["macro_f1"]}


def _write_checked(package: Path, objects: pa.Table, held_out: NDArray[np.float32]) -> None:
    """What each label was taken for while it was held out: columns layer, id, truth, predicted, score."""
    best = held_out.argmax(axis=1)
    columns = {
        "layer": objects["layer"],
        "id": objects["id"],
        "truth": objects["class"],
        "predicted": pa.array(best.astype(np.int64)),
        "score": pa.array(held_out.max(axis=1).astype(np.float64)),
    }
    pq.write_table(pa.table(columns), package / CHECKED, compression="zstd")


def predict(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Classes of the objects in ``call["input"]`` (as for features, and version), into ``call["output"]``.

    ``call["known"]`` holds features that need not be computed; those that were go to ``call["found"]``.
    """
    predictor = load(read_classifier(Path(call["classifier"])))
    objects = pq.read_table(call["input"])
    width = len(FeatureSpec(**call["spec"]).names)
    known = features_of(pq.read_table(call["known"]), width)
    values = np.full((len(objects), width), np.nan, np.float32)
    ids = objects["id"].to_numpy()
    place = np.searchsorted(known.ids, ids)
    hit = np.isin(ids, known.ids)
    values[hit] = known.values[place[hit]]
    rest = objects.filter(pa.array(~hit))
    values[~hit] = _computed(call, rest, reporter, 0.9)
    reporter.progress(0.9, "Classifying")
    seen = networks.Seen(predictor.probabilities(values), values)
    networks.predictions_table(objects, seen, predictor.disagreement(values), Path(call["output"]))
    pq.write_table(features_table(_features(rest, values[~hit])), call["found"], compression="zstd")
    return {"objects": len(objects)}


def rank(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Which objects to look at next, of the predictions in ``call["parts"]`` (path and layer), into ``output``.

    Columns: layer, id, uncertainty, disagreement, and diversity: the rank from 0, -1 beyond the queue.
    """
    width = width_of(Path(call["parts"][0]["path"]))
    known = Path(call["labelled"])
    labelled = read_features(known, width).values if known.is_file() else np.zeros((0, width), np.float32)
    tables = [pq.read_table(one["path"]) for one in call["parts"]]
    layers = [np.full(len(table), one["layer_id"], np.int64) for one, table in zip(call["parts"], tables, strict=True)]
    joined = pa.concat_tables(tables)
    unsure = joined["uncertainty"].to_numpy().astype(np.float64)
    candidates = np.argsort(-unsure, kind="stable")[:CANDIDATES]
    reporter.progress(0.3, "Finding out what to look at next")
    values = features_of(joined, width).values[candidates]
    order = diversity_order(values, labelled[-CANDIDATES:], unsure[candidates])
    diversity = np.full(len(joined), -1, np.int64)
    diversity[candidates[order]] = np.arange(len(order))
    columns = {name: joined[name] for name in ("id", "uncertainty", "disagreement")}
    table = pa.table({"layer": pa.array(np.concatenate(layers)), **columns, "diversity": pa.array(diversity)})
    pq.write_table(table, call["output"], compression="zstd")
    return {"objects": len(joined)}
