"""What a worker process does to arrange, group or rank objects by their measurements."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cytoloop.jobs.worker import Reporter
from cytoloop.measurements.exploring import clustering, outliers, projecting
from cytoloop.measurements.exploring.scaling import Scaled, scaled

OWN = ("layer", "id")
"""Columns of the input that say whose a row is."""

Derived = tuple[dict[str, NDArray[np.float64]], dict[str, str], str]
"""Columns ``(m,)``, their labels, and what to say of them."""


def run(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Derive columns of the measurements in ``call["input"]`` (Parquet: layer, id, and one a measurement).

    They go into ``call["output"]`` (layer, id, and the new columns). ``call["order"]`` says which.
    """
    table = pq.read_table(call["input"])
    columns = {name: table[name].to_numpy() for name in table.column_names if name not in OWN}
    reporter.progress(0.05, "Scaling")
    known = scaled(columns)
    with threadpool_limits(1):
        found, labels, said = _derived(known, call["order"], reporter)
    written: dict[str, pa.Array | pa.ChunkedArray] = {name: table[name] for name in OWN}
    for key, values in found.items():
        whole = np.full(len(table), np.nan)
        whole[known.rows] = values
        written[key] = pa.array(whole)
    pq.write_table(pa.table(written), call["output"])
    notes = [f"{said}, from {_counted(len(known.names), 'measurement')}.", *known.remarks(len(table))]
    for note in notes[1:]:
        reporter.log(note)
    described = [{"key": key, "label": labels[key], "unit": ""} for key in found]
    return {"objects": len(known.rows), "columns": described, "notes": notes, "measurements": list(known.names)}


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _derived(known: Scaled, order: dict[str, Any], reporter: Reporter) -> Derived:
    match order["step"]:
        case "project":
            return _projected(known.values, order, reporter)
        case "cluster":
            return _clustered(known.values, order, reporter)
        case _:
            return _ranked(known.values, order, reporter)


def _projected(values: NDArray[np.float64], order: dict[str, Any], reporter: Reporter) -> Derived:
    method, seed = order["method"], order["seed"]
    names = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
    reporter.progress(0.1, names[method])

    def tell(share: float) -> None:
        reporter.progress(share, names[method])

    match method:
        case "pca":
            found = projecting.principal_components(values, seed=seed)
        case "tsne":
            found = projecting.tsne(values, perplexity=order["perplexity"], seed=seed, tell=tell)
        case _:
            found = projecting.umap(values, neighbours=order["neighbours"], seed=seed, tell=tell)
    shares = [f" ({100 * one:.0f} % of the variance)" for one in found.shares] or ["", ""]
    keys = (f"{method}_1", f"{method}_2")
    labels = {key: f"{names[method]} {at + 1}{shares[at]}" for at, key in enumerate(keys)}
    of = "" if method == "pca" or found.used == len(values) else f", {found.used:,} of them drawn at random"
    said = f"{names[method]} of {_counted(len(values), 'object')}{of}"
    return {key: found.places[:, at] for at, key in enumerate(keys)}, labels, said


def _clustered(values: NDArray[np.float64], order: dict[str, Any], reporter: Reporter) -> Derived:
    method = clustering.Method(order["method"])
    names = {"kmeans": "k-means", "mixture": "Gaussian mixture", "hdbscan": "HDBSCAN"}
    reporter.progress(0.2, names[method])
    found = clustering.find_clusters(
        values, method, count=order["count"], smallest=order["smallest"], seed=order["seed"]
    )
    labels = np.where(found.labels < 0, np.nan, found.labels.astype(np.float64))
    apart = "" if np.isnan(found.silhouette) else f" (silhouette {found.silhouette:.2f})"
    none = int((found.labels == 0).sum())
    said = f"{_counted(found.count, 'cluster')}{apart} of {_counted(len(values), 'object')} by {names[method]}"
    if none:
        said += f", {none:,} in none"
    if (found.labels < 0).any():
        said += f", {int((found.labels >= 0).sum()):,} of them drawn at random"
    return {"cluster": labels}, {"cluster": f"Cluster ({names[method]})"}, said


def _ranked(values: NDArray[np.float64], order: dict[str, Any], reporter: Reporter) -> Derived:
    measure = outliers.Measure(order["method"])
    reporter.progress(0.2, "Looking for unusual objects")
    found = outliers.unusualness(values, measure, seed=order["seed"])
    label = "Unusual (isolation forest)" if measure is outliers.Measure.FOREST else "Unusual (robust distance)"
    return {"outlier": found}, {"outlier": label}, f"How unusual {_counted(len(values), 'object')} are"
