"""Objects looked at together: of one layer, or of the layers like it in all images of the project, as one table."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from cytoloop.annotations import layers as layer_store
from cytoloop.annotations.model import Layer, Status
from cytoloop.annotations.points import count_points
from cytoloop.core.errors import InvalidInputError, NotFoundError, TooLargeError
from cytoloop.measurements.exploring.wells import group_of, well_of
from cytoloop.measurements.table import ColumnSpec
from cytoloop.projects.images import ProjectImage, project_images
from cytoloop.workflows.measurements.tables import BASIC, TEXT_COLUMNS, LayerTable, layer_table

Scope = Literal["image", "project"]
"""The layer alone, or with those like it in the other images of the project."""
Grouping = Literal["class", "image", "group", "well", "cluster"]
MAX_OBJECTS = 1_000_000
DERIVED = ("pca_1", "pca_2", "tsne_1", "tsne_2", "umap_1", "umap_2", "cluster", "outlier")
"""Columns that come from other columns."""
_NO_NUMBERS = {"id", "term_id", *TEXT_COLUMNS}
_PLACES = re.compile(r"box_[xy][01]_px|orientation_deg")


@dataclass(frozen=True, slots=True)
class Member:
    """A layer with its image, and what is known of its objects; ``rows`` are those that are not rejected."""

    layer: Layer
    image: ProjectImage
    table: LayerTable
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Population:
    """Objects that were not rejected, of one or more layers, one after the other."""

    members: tuple[Member, ...]
    columns: tuple[ColumnSpec, ...]
    """Columns that hold numbers, of any of the layers."""

    def __len__(self) -> int:
        return sum(len(one.rows) for one in self.members)

    def values(self, key: str) -> NDArray[Any]:
        """``(n,)``; NaN where a layer does not have this column."""
        parts = [
            one.table.values[key][one.rows] if key in one.table.values else np.full(len(one.rows), np.nan)
            for one in self.members
        ]
        return np.concatenate(parts) if parts else np.zeros(0)

    @property
    def member_of(self) -> NDArray[np.int64]:
        """``(n,)``: the number of each object's layer among ``members``."""
        return np.repeat(np.arange(len(self.members)), [len(one.rows) for one in self.members])

    @property
    def notes(self) -> list[str]:
        """What was told when columns were derived, each once."""
        return list(dict.fromkeys(note for one in self.members for note in one.table.notes))

    def column(self, key: str) -> ColumnSpec:
        """The column of this key, or ``NotFoundError``."""
        for one in self.columns:
            if one.key == key:
                return one
        raise NotFoundError(f"There is no column {key!r} of numbers; the layer may have to be measured first.")

    def comparable_columns(self) -> list[str]:
        """What tells how objects look: measurements of all layers, without places, and without px where there is µm."""
        found = [
            one.key
            for one in self.columns
            if one not in BASIC
            and one.key not in DERIVED
            and not _PLACES.fullmatch(one.key)
            and all(one.key in member.table.values for member in self.members)
        ]
        physical = {one.replace("_um", "_px") for one in found if "_um" in one}
        return [one for one in found if one not in physical]


def like_layers(connection: Connection, layer: Layer, image: ProjectImage) -> list[tuple[Layer, ProjectImage]]:
    """The layer and, of every other image of its project, the one that is like it.

    That is the layer of the same run, else the newest of the same kind and name; the number at the end of a run's name
    does not count.
    """
    found: list[tuple[Layer, ProjectImage]] = []
    for other in project_images(connection, image.project_id, limit=100_000):
        if other.id == image.id:
            found.append((layer, image))
            continue
        same = [one for one in layer_store.layers_of_image(connection, other.id) if _alike(one, layer)]
        if same:
            of_run = [one for one in same if one.run_id is not None and one.run_id == layer.run_id]
            found.append(((of_run or same)[-1], other))
    return found


def _alike(one: Layer, other: Layer) -> bool:
    if one.run_id is not None and one.run_id == other.run_id:
        return True
    return one.kind == other.kind and _bare(one) == _bare(other)


def _bare(layer: Layer) -> str:
    return re.sub(r" [0-9]+$", "", layer.name) if layer.kind == "run" else layer.name


def population_of(
    connection: Connection, layer: Layer, image: ProjectImage, folder: Path, scope: Scope = "image"
) -> Population:
    """The objects of a layer, or of the measured layers like it. ``folder`` holds the measured tables.

    Raises
    ------
    TooLargeError
        There are more than a million objects.
    """
    layers = [(layer, image)] if scope == "image" else like_layers(connection, layer, image)
    chosen = [one for one in layers if one[0].id == layer.id or one[0].measurements is not None]
    total = sum(count_points(connection, one.id) for one, _ in chosen)
    if total > MAX_OBJECTS:
        raise TooLargeError(
            f"{total:,} objects are more than can be looked at together ({MAX_OBJECTS:,}). Choose one image, or a "
            "layer with fewer objects."
        )
    members: list[Member] = []
    for one, its_image in chosen:
        table = layer_table(connection, one, folder)
        rows = np.flatnonzero(table.values["status"] != int(Status.REJECTED))
        members.append(Member(one, its_image, table, rows))
    columns = {one.key: one for member in members for one in member.table.columns if one.key not in _NO_NUMBERS}
    return Population(tuple(members), tuple(columns.values()))


@dataclass(frozen=True, slots=True)
class Groups:
    """``of (n,)``: the number of each object's group; ``names`` and, by class, ``term_ids`` (0: none) of the groups."""

    of: NDArray[np.int64]
    names: tuple[str, ...]
    term_ids: tuple[int, ...] = ()
    image_counts: tuple[int, ...] = ()


def grouped(population: Population, by: Grouping, class_names: dict[int, str]) -> Groups:
    """Objects by what they have in common. Wells and groups are read from the images' names."""
    member_of = population.member_of
    match by:
        case "class":
            terms = population.values("term_id").astype(np.int64)
            known, of = np.unique(terms, return_inverse=True)
            numbers = tuple(int(one) for one in known)
            names = tuple(class_names.get(one, "Unclassified") if one else "Unclassified" for one in numbers)
            return _with_images(of, names, member_of, numbers)
        case "cluster":
            if not any(one.key == "cluster" for one in population.columns):
                raise InvalidInputError("There are no clusters yet. Find some first, then group by them.")
            clusters = np.nan_to_num(population.values("cluster"), nan=-1).astype(np.int64)
            known, of = np.unique(clusters, return_inverse=True)
            special = {-1: "Not looked at", 0: "No cluster"}
            return _with_images(of, tuple(special.get(one, f"Cluster {one}") for one in known.tolist()), member_of)
        case "image":
            names = tuple(one.image.name for one in population.members)
            return _with_images(member_of, names, member_of)
        case "group" | "well":
            read = group_of if by == "group" else well_of
            own = [read(one.image.name) or "No well in the name" for one in population.members]
            known, of = np.unique(np.array(own, dtype=object).astype(str), return_inverse=True)
            return _with_images(of[member_of], tuple(known.tolist()), member_of)


def _with_images(
    of: NDArray[Any], names: Sequence[str], member_of: NDArray[np.int64], term_ids: tuple[int, ...] = ()
) -> Groups:
    of = of.astype(np.int64)
    pairs = np.unique(np.stack([of, member_of]), axis=1)
    counts = np.bincount(pairs[0], minlength=len(names))
    return Groups(of, tuple(names), term_ids, tuple(int(one) for one in counts))
