"""Jobs that train networks: what they are given, and where their files lie in the job's scratch folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from cytoloop.core.errors import InvalidInputError
from cytoloop.jobs.model import Task
from cytoloop.learning.classifiers.configuration import NetworkConfiguration
from cytoloop.learning.classifiers.crops import CropSpec
from cytoloop.learning.classifiers.specification import ImageKind
from cytoloop.workflows.classification.labelled import ObjectRow
from cytoloop.workflows.classification.shelf import ClassifierShelf, ClassifierVersion

from .learning import MOST_LABELS

_DRAWN_BY = 2_654_435_761
"""Multiplied with an object's id (Knuth): the low bits of the result are spread evenly."""


_CROPS, _OBJECTS = ".crops.npy", ".in.parquet"


def shares(counts: Mapping[int, int]) -> dict[str, float]:
    """The share of each class's labels whose crops are cut, so that there are not many more than are learnt from."""
    each = 2 * MOST_LABELS // max(1, len(counts))
    return {str(term): min(1.0, each / max(1, count)) for term, count in counts.items()}


def drawn(rows: Sequence[ObjectRow], part: Mapping[str, float]) -> list[ObjectRow]:
    """Labels of the wanted classes, a share of each: always the same ones."""
    return [one for one in rows if (one.id * _DRAWN_BY) % 2**32 < part.get(str(one.term_id), 0.0) * 2**32]


def crops_file(scratch: Path, task: Task) -> Path:
    """Where a task's crops go; the objects lie beside them."""
    return scratch / f"{task.index}.{task.epoch}{_CROPS}"


def objects_file(scratch: Path, task: Task) -> Path:
    """The objects of a task's crops, in their order."""
    return scratch / f"{task.index}.{task.epoch}{_OBJECTS}"


def keep_crops(scratch: Path, task: Task) -> None:
    """Mark the crops of a task as whole; nothing where that was done before."""
    path = crops_file(scratch, task)
    objects = objects_file(scratch, task)
    if path.is_file() and objects.is_file():
        objects.rename(scratch / f"done-{task.index:06}{_OBJECTS}")
        path.rename(scratch / f"done-{task.index:06}{_CROPS}")


def spec_of_earlier(
    earlier: ClassifierVersion, settings: NetworkConfiguration, images: Sequence[ImageKind]
) -> CropSpec:
    """The crops of an earlier classifier that is to go on learning.

    Raises
    ------
    InvalidInputError
        It is another kind of network, or these images do not fit it.
    """
    spec = earlier.package.spec
    known: Any = earlier.package.record.get("configuration")
    learner = known.get("learner") if isinstance(known, dict) else None
    if not isinstance(spec, CropSpec) or learner != settings.learner.value:
        raise InvalidInputError(
            f"Classifier {earlier.number} is no network of the kind {settings.learner.value!r}, so training cannot go "
            "on from it. Choose its method, or start anew."
        )
    if settings.side != spec.side or settings.context != spec.context or settings.own_range != spec.own_range:
        raise InvalidInputError(
            f"Classifier {earlier.number} sees crops of {spec.side} px that are {spec.context:g} times as wide as "
            "objects. Use the same crops and intensities to go on from it, or start anew."
        )
    for one in images:
        spec.require_fit(one)
    return spec


def earlier_of(shelf: ClassifierShelf, project: UUID, number: int | None) -> dict[str, Any] | None:
    """Where an earlier classifier lies, for a worker."""
    if number is None:
        return None
    return {"folder": str(shelf.version(project, number).package.folder), "number": number}


class CropFiles:
    """The crops that the tasks of a job cut, and labels for them."""

    def __init__(self, scratch: Path) -> None:
        self.parts: list[str] = []
        self._place: dict[tuple[int, int], int] = {}
        self._rows: list[tuple[int, int, int, int, int]] = []
        count = 0
        for path in sorted(scratch.glob(f"done-*{_CROPS}")):
            keys = pq.read_table(path.with_name(path.name.replace(_CROPS, _OBJECTS)), columns=["id", "shape"])
            for at, key in enumerate(zip(keys["id"].to_pylist(), keys["shape"].to_pylist(), strict=True)):
                self._place[key] = count + at
            self.parts.append(str(path))
            count += len(keys)

    def label(self, layer_id: int, image_id: int, rows: Sequence[ObjectRow], classes: Mapping[int, int]) -> None:
        """Add labels of a layer: objects whose crop was cut with the outline that they have now."""
        for one in rows:
            self.add((one.id, one.shape), classes[one.term_id or 0], image_id, layer_id)

    def add(self, key: tuple[int, int], number: int, image_id: int, layer_id: int) -> None:
        """Label one crop by id and fingerprint; nothing where there is none."""
        place = self._place.get(key)
        if place is not None:
            self._rows.append((place, key[0], number, image_id, layer_id))

    def table(self, tested: set[int]) -> pa.Table:
        """Columns row, id, class, image, layer, tested; by row."""
        rows = sorted(self._rows)
        names = ("row", "id", "class", "image", "layer")
        columns = {name: pa.array([one[at] for one in rows], pa.int64()) for at, name in enumerate(names)}
        return pa.table({**columns, "tested": pa.array([one[3] in tested for one in rows], pa.bool_())})
