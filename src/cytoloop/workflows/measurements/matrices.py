"""Measured objects as files for analysis elsewhere: CSV, Parquet and AnnData, with what is known of their images."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection

from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import Status
from cytoloop.exchange.anndata import Column, Matrix, write_h5ad
from cytoloop.measurements.exploring.wells import group_of, well_of
from cytoloop.workflows.exchange.downloads import class_names, column_title
from cytoloop.workflows.exploration.populations import Population

from .tables import BASIC

_PROJECTIONS = {"X_pca": ("pca_1", "pca_2"), "X_tsne": ("tsne_1", "tsne_2"), "X_umap": ("umap_1", "umap_2")}
_OWN = {one.key for one in BASIC} | {"cluster"} | {key for keys in _PROJECTIONS.values() for key in keys}
"""Columns that are not measurements of how an object looks."""


def matrix_of(connection: Connection, population: Population, project_id: int) -> Matrix:
    """Measurements as float32, all else about the objects beside them; positions are in px."""
    names = class_names(connection, project_id)
    columns = [one for one in population.columns if one.key not in _OWN]
    values = [population.values(one.key).astype(np.float32) for one in columns]
    about: dict[str, Column] = {key: _readable(population, key, names) for key in ("term_id", "kind", "status")}
    about["class"] = about.pop("term_id")
    about |= _about_images(population)
    for key in ("id", "z", "t"):
        about[key] = population.values(key).astype(np.int64)
    for key in ("score", "term_score"):
        about[key] = population.values(key).astype(np.float64)
    present = {one.key for one in population.columns}
    if "cluster" in present:
        numbers = population.values("cluster").tolist()
        about["cluster"] = [None if one != one else f"{int(one)}" for one in numbers]  # noqa: PLR0124 - NaN
    places = {"spatial": np.stack([population.values("x"), population.values("y")], axis=1)}
    for name, keys in _PROJECTIONS.items():
        if present.issuperset(keys):
            places[name] = np.stack([population.values(key) for key in keys], axis=1)
    return Matrix(
        np.stack(values, axis=1) if values else np.zeros((len(population), 0), np.float32),
        [str(one) for one in population.values("id").tolist()],
        [one.key for one in columns],
        about,
        {"label": _texts([one.label for one in columns]), "unit": _texts([one.unit for one in columns])},
        places,
        {"spatial_unit": "px", "notes": "\n".join(population.notes)},
    )


def _texts(texts: list[str]) -> list[str | None]:
    return [*texts]


def _about_images(population: Population) -> dict[str, list[str | None]]:
    members = population.members
    of_member: dict[str, list[str | None]] = {
        "image": [one.image.name for one in members],
        "layer": [one.layer.name for one in members],
        "group": [group_of(one.image.name) for one in members],
        "well": [well_of(one.image.name) for one in members],
    }
    member_of = population.member_of.tolist()
    return {key: [texts[one] for one in member_of] for key, texts in of_member.items()}


def _readable(population: Population, key: str, names: dict[int, str]) -> list[str | None]:
    values = population.values(key).astype(np.int64).tolist()
    match key:
        case "term_id":
            return [names.get(one) for one in values]
        case "kind":
            return [Kind(one).name.lower() for one in values]
        case _:
            return [Status(one).name.lower() for one in values]


def population_file(connection: Connection, population: Population, project_id: int, ending: str) -> bytes:
    """Objects as .csv, .parquet or .h5ad, with image, layer, group and well of each."""
    buffer = io.BytesIO()
    if ending == "h5ad":
        write_h5ad(matrix_of(connection, population, project_id), buffer)
        return buffer.getvalue()
    names = class_names(connection, project_id)
    data: dict[str, Any] = {key: pa.array(texts, pa.string()) for key, texts in _about_images(population).items()}
    data["id"] = pa.array(population.values("id").astype(np.int64))
    for key in ("term_id", "kind", "status"):
        data["class" if key == "term_id" else key] = pa.array(_readable(population, key, names), pa.string())
    for one in population.columns:
        data[column_title(one)] = pa.array(population.values(one.key), from_pandas=True)
    table = pa.table(data)
    if ending == "csv":
        pc.write_csv(table, buffer)
    else:
        pq.write_table(table, buffer)
    return buffer.getvalue()
