"""A network learns from labelled crops: training in its own process, scores by ONNX Runtime, the package."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cytoloop.learning.classifiers.configuration import Configuration, NetworkConfiguration
from cytoloop.learning.classifiers.cropclassifier import CROPS_AT_ONCE, CropClassifier, Seen
from cytoloop.learning.classifiers.crops import CropSpec
from cytoloop.learning.classifiers.evaluation import evaluate
from cytoloop.learning.classifiers.folds import validation_part
from cytoloop.learning.classifiers.order import CROPS, CURVES, ClassOrder, write_data
from cytoloop.learning.classifiers.package import (
    ClassifierPackage,
    NewClassifier,
    Subject,
    write_classifier,
)
from cytoloop.learning.classifiers.training import as_onnx, committee_of, require_enough
from cytoloop.learning.packages.tabular import KnownClass
from cytoloop.learning.registry import SHIPPED
from cytoloop.learning.training.order import STOP
from cytoloop.workflows.classification.cards import card_of
from cytoloop.workflows.training.child import run_child

from .curves import read_curve

ENCODER = SHIPPED / "nuclei" / "weights.onnx"
MOST_LABELS = 20_000
"""From which one network learns; of more, some are drawn."""
_MODULE = "cytoloop.learning._torch.classification"
_EXAMPLE = 4
OnPoint = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class LabelledCrops:
    """Crops in parts that may be mapped files; of each label the row ``(n,)``, counted over all parts and rising.

    Then the class, the image, and whether it is only scored, ``(n,)``.
    """

    parts: Sequence[NDArray[np.float32]]
    rows: NDArray[np.int64]
    truth: NDArray[np.int64]
    groups: NDArray[np.int64]
    tested: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What to learn: the classes, what is seen, how, and the weights to begin with."""

    title: str
    classes: tuple[KnownClass, ...]
    spec: CropSpec
    configuration: NetworkConfiguration
    facts: dict[str, Any]
    subject: Subject = "objects"
    earlier: ClassifierPackage | None = None
    earlier_number: int | None = None


@dataclass(frozen=True, slots=True)
class Learnt:
    """The package, and of the labels that were held out: their rows and probabilities; vectors of all labels."""

    package: ClassifierPackage
    held_rows: NDArray[np.int64]
    held_out: NDArray[np.float32]
    vectors: NDArray[np.float32]


def learn(labelled: LabelledCrops, lesson: Lesson, work: Path, output: Path, on_point: OnPoint) -> Learnt:
    """Train in the folder ``work``, which a later call goes on from, and write the package ``output``.

    Raises
    ------
    InvalidInputError
        Fewer than two classes have labels, or one has fewer than two.
    TrainingFailedError
        Torch is not installed, or the training failed.
    """
    started = time.monotonic()
    classes = len(lesson.classes)
    require_enough(np.bincount(labelled.truth[~labelled.tested], minlength=classes))
    rng = np.random.default_rng(lesson.configuration.seed)
    own = _drawn(np.flatnonzero(~labelled.tested), labelled.truth, rng)
    held, by_image = validation_part(
        labelled.truth[own], labelled.groups[own], lesson.configuration.validation_share, rng
    )
    data = work / "data"
    _begin(work, labelled, lesson, held)
    write_data(data, _chosen(labelled.parts, labelled.rows[own]), labelled.truth[own], held)
    _trained(lesson, data, work, on_point)
    network = CropClassifier(work / "weights.onnx", classes, (), threads=2)
    seen = network.look(np.load(data / CROPS, mmap_mode="r", allow_pickle=False))
    truth = labelled.truth[own]
    scores = {
        "held_out": evaluate(truth[held], seen.probabilities[held]),
        "training": evaluate(truth[~held], seen.probabilities[~held]),
    }
    tested = np.flatnonzero(labelled.tested)
    if len(tested):
        scores["test"] = evaluate(labelled.truth[tested], _tested(labelled, tested, network))
    committee = _committee(seen.vectors[~held], truth[~held], lesson.configuration, rng)
    record = {
        **_record(lesson, labelled, own, work),
        "split": "image" if by_image else "object",
        "scores": {name: one.as_json() for name, one in scores.items()},
        "seconds": round(time.monotonic() - started, 2),
    }
    package = _write(lesson, record, committee, data, seen, work, output)
    return Learnt(package, own[held], seen.probabilities[held], seen.vectors)


def _begin(work: Path, labelled: LabelledCrops, lesson: Lesson, held: NDArray[np.bool_]) -> None:
    """Leave what an earlier try did only where it learnt the same; a wish to stop counts for one that has begun."""
    digest = hashlib.sha256(lesson.configuration.model_dump_json().encode())
    for one in (labelled.rows, labelled.truth, labelled.groups, labelled.tested, held):
        digest.update(np.ascontiguousarray(one).tobytes())
    mark = work / "lesson"
    if not mark.is_file() or mark.read_text() != digest.hexdigest():
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        mark.write_text(digest.hexdigest())
    if not (work / "checkpoint.pt").exists():
        (work / STOP).unlink(missing_ok=True)
        (work / CURVES).unlink(missing_ok=True)


def _drawn(rows: NDArray[np.int64], truth: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """At most ``MOST_LABELS`` rows: of every class the same number, as far as it has them."""
    if len(rows) <= MOST_LABELS:
        return rows
    shuffled = rng.permutation(rows)
    rank = np.zeros(len(rows), np.int64)
    for one in np.unique(truth[rows]):
        of_class = np.flatnonzero(truth[shuffled] == one)
        rank[of_class] = np.arange(len(of_class))
    return np.sort(shuffled[np.argsort(rank, kind="stable")[:MOST_LABELS]])


def _chosen(parts: Sequence[NDArray[np.float32]], rows: NDArray[np.int64]) -> list[NDArray[np.float32]]:
    """Rows, in rising order, of parts that are counted on."""
    found: list[NDArray[np.float32]] = []
    start = 0
    for one in parts:
        inside = rows[(rows >= start) & (rows < start + len(one))] - start
        found += [one[inside[at : at + CROPS_AT_ONCE]] for at in range(0, len(inside), CROPS_AT_ONCE)]
        start += len(one)
    return found


def _trained(lesson: Lesson, data: Path, work: Path, on_point: OnPoint) -> None:
    """Run the training; nothing where it was done before this process was ended."""
    if (work / "record.json").is_file():
        return
    order = ClassOrder(
        configuration=lesson.configuration,
        data=data,
        folder=work,
        classes=tuple(one.name for one in lesson.classes),
        encoder=ENCODER,
        earlier=None if lesson.earlier is None else lesson.earlier.weights,
        earlier_classes=() if lesson.earlier is None else tuple(one.name for one in lesson.earlier.classes),
    )
    path = work / "order.json"
    path.write_text(order.model_dump_json(indent=2))
    run_child(_MODULE, path, work / "errors.log", lambda one: on_point(one) if "epoch" in one else None)


def _tested(labelled: LabelledCrops, rows: NDArray[np.int64], network: CropClassifier) -> NDArray[np.float32]:
    return np.concatenate([network.look(one).probabilities for one in _chosen(labelled.parts, labelled.rows[rows])])


def _committee(
    vectors: NDArray[np.float32],
    truth: NDArray[np.int64],
    configuration: NetworkConfiguration,
    rng: np.random.Generator,
) -> tuple[bytes, ...]:
    """Small classifiers of the network's vectors, each fitted to another draw of the labels."""
    settings = Configuration.model_validate({"seed": configuration.seed})
    with threadpool_limits(1):
        members = committee_of(vectors, truth, settings, rng)
        return tuple(as_onnx(one, vectors.shape[1]) for one in members)


def _record(lesson: Lesson, labelled: LabelledCrops, own: NDArray[np.int64], work: Path) -> dict[str, Any]:
    def counts(rows: NDArray[np.int64]) -> list[int]:
        return np.bincount(labelled.truth[rows], minlength=len(lesson.classes)).tolist()

    return {
        **lesson.facts,
        "configuration": lesson.configuration.model_dump(mode="json"),
        "features": {"key": lesson.spec.key, "count": len(lesson.spec.names)},
        "labels": counts(own),
        "test_labels": counts(np.flatnonzero(labelled.tested)),
        "images": len(np.unique(labelled.groups[own])),
        "continued_from": lesson.earlier_number,
        "curve": read_curve(work),
        **json.loads((work / "record.json").read_text()),
    }


def _write(
    lesson: Lesson,
    record: dict[str, Any],
    committee: tuple[bytes, ...],
    data: Path,
    seen: Seen,
    work: Path,
    output: Path,
) -> ClassifierPackage:
    example = np.array(np.load(data / CROPS, mmap_mode="r", allow_pickle=False)[:_EXAMPLE])
    new = NewClassifier(
        title=lesson.title,
        classes=lesson.classes,
        spec=lesson.spec,
        weights=(work / "weights.onnx").read_bytes(),
        committee=committee,
        test_input=example,
        test_output=seen.probabilities[:_EXAMPLE],
        test_vectors=seen.vectors[:_EXAMPLE],
        torch_weights=work / "weights.pt",
        torch_version=record["torch"],
        card=card_of(lesson.title, lesson.classes, record, lesson.subject),
        record=record,
        subject=lesson.subject,
    )
    return write_classifier(output, new)
