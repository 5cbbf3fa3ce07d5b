"""Classifiers of a project on disk: numbered versions, the features of objects, and what to look at next."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cytoloop.core.errors import CytoloopError, NotFoundError
from cytoloop.learning.classifiers.package import ClassifierPackage, Subject, read_classifier
from cytoloop.workflows.objects.idblocks import IdBlocks
from cytoloop.workflows.versions.folder import VersionFolder

from .labelled import ObjectRow


class RowSpec(Protocol):
    """What the numbers of an object are: a key for the folder, and their names."""

    @property
    def key(self) -> str: ...
    @property
    def names(self) -> tuple[str, ...]: ...


CHECKED = "checked.parquet"
"""File of a version that says what its labels were taken for while they were held out; it stays in the project."""

VECTORS = "vectors.parquet"
"""File of a version that is a network: what it makes of its labels; it stays in the project."""
PRIVATE = frozenset({CHECKED, VECTORS})
"""What of a version stays in the project."""


@dataclass(frozen=True, slots=True)
class ClassifierVersion:
    """A classifier of a project and its number, counted from 1."""

    number: int
    package: ClassifierPackage


@dataclass(frozen=True, slots=True)
class Features:
    """Features ``(n, f)`` of objects by id; ``shapes (n,)`` are fingerprints of outline and plane."""

    ids: NDArray[np.int64]
    shapes: NDArray[np.int64]
    values: NDArray[np.float32]

    def rows(self, chosen: NDArray[np.int64]) -> "Features":
        """Some of them, in this order."""
        return Features(self.ids[chosen], self.shapes[chosen], self.values[chosen])


@dataclass(frozen=True, slots=True)
class ClassifierShelf:
    """The folder that holds a folder for each project, with classifiers of objects or of images."""

    folder: Path
    subject: Subject = "objects"

    def of_project(self, project: UUID) -> Path:
        return self.folder / str(project)

    def _numbered(self, project: UUID) -> VersionFolder:
        return VersionFolder(self.of_project(project), "classifier")

    def versions(self, project: UUID) -> list[ClassifierVersion]:
        """Every classifier of a project, the newest first; one whose files are damaged is left out."""
        found: list[ClassifierVersion] = []
        for number in self._numbered(project).numbers():
            try:
                found.append(self.version(project, number))
            except CytoloopError:
                continue
        return found

    def version(self, project: UUID, number: int) -> ClassifierVersion:
        """A classifier by its number, or ``NotFoundError`` that lists those there are."""
        return ClassifierVersion(number, read_classifier(self._numbered(project).path(number)))

    def newest(self, project: UUID) -> ClassifierVersion:
        """The classifier that was trained or imported last, or ``NotFoundError``."""
        found = self.versions(project)
        if not found:
            raise NotFoundError(f"The project has no classifier of {self.subject} yet. Label some and train one.")
        return found[0]

    def add(self, project: UUID, source: Path) -> int:
        """Move a written package in as the next version; its number."""
        return self._numbered(project).add(source)

    def remove(self, project: UUID, number: int) -> None:
        """Remove a version."""
        self._numbered(project).remove(self.version(project, number).number)

    def forget_project(self, project: UUID) -> None:
        """Remove the classifiers and remembered features of a project that is gone."""
        shutil.rmtree(self.of_project(project), ignore_errors=True)

    # ---- features of objects

    def remembered(self, project: UUID, layer: UUID, key: str) -> IdBlocks:
        """What is known of a layer's objects under a key that tells what the numbers are."""
        return IdBlocks(self.of_project(project) / "features" / key / str(layer))

    def features(self, project: UUID, layer: UUID, spec: RowSpec, rows: Sequence[ObjectRow]) -> Features:
        """What is known of these objects of a layer and still true, by id."""
        table = self.remembered(project, layer, spec.key).rows_of(np.array([one.id for one in rows], np.int64))
        width = len(spec.names)
        known = no_features(width) if table is None else features_of(table, width)
        true = {one.id: one.shape for one in rows}
        still = [true[key] == shape for key, shape in zip(known.ids.tolist(), known.shapes.tolist(), strict=True)]
        order = np.argsort(known.ids, kind="stable")
        return known.rows(order[np.array(still, bool)[order]])

    def keep_features(self, project: UUID, layer: UUID, spec: RowSpec, found: Features) -> None:
        """Remember features; those of the same objects are replaced."""
        self.remembered(project, layer, spec.key).keep(features_table(found))

    # ---- what to look at next

    def queue_path(self, project: UUID) -> Path:
        """The table of open objects that the last classification made."""
        return self.of_project(project) / "queue.parquet"


def features_table(found: Features) -> pa.Table:
    """Columns id, shape, features."""
    width = found.values.shape[1]
    values = pa.FixedSizeListArray.from_arrays(pa.array(found.values.ravel(), pa.float32()), width)
    return pa.table({"id": pa.array(found.ids), "shape": pa.array(found.shapes), "features": values})


def write_features(path: Path, found: Features) -> None:
    """Write features as Parquet."""
    pq.write_table(features_table(found), path, compression="zstd")


def read_features(path: Path, width: int) -> Features:
    """Features from Parquet; none where there is no such file or it is damaged: they can be computed again."""
    try:
        table = pq.read_table(path, columns=["id", "shape", "features"])
    except (FileNotFoundError, pa.ArrowException):
        return no_features(width)
    return features_of(table, width)


def no_features(width: int) -> Features:
    """Of no objects."""
    return Features(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, width), np.float32))


def features_of(table: pa.Table, width: int) -> Features:
    """Features from a table."""
    flat = table["features"].combine_chunks()
    values = np.asarray(flat.flatten() if len(table) else [], np.float32).reshape(-1, width)
    return Features(table["id"].to_numpy().astype(np.int64), table["shape"].to_numpy().astype(np.int64), values)


def width_of(path: Path) -> int:
    """How many features an object has in a Parquet file of features."""
    return int(pq.read_schema(path).field("features").type.list_size)
