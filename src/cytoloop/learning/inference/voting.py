"""Test-time augmentation for methods that give objects, not maps (Moshkov et al. 2020, Scientific Reports 10:5068)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from cytoloop.learning.method import Calibration, Instances, Method, Pixels
from cytoloop.measurements.overlaps import contingency

from .views import ALL, Turn

_SAME = 0.5


@dataclass(frozen=True, slots=True)
class _Seen:
    """The objects of one view, brought back; ``areas`` and ``scores`` by number - 1."""

    labels: NDArray[np.int32]
    areas: NDArray[np.int64]
    scores: NDArray[np.float64]


def voted(segment: Callable[[Pixels], Instances], pixels: Pixels, turns: Sequence[Turn] = ALL) -> Instances:
    """Objects that most views agree on, each of the pixels that most of them give it.

    Objects of two views are the same where their intersection over union is at least 0.5. The score is the mean score
    times the share of views that show the object.
    """
    views = [_seen(segment, pixels, turn) for turn in turns]
    used = [np.zeros(len(view.areas), bool) for view in views]
    same = {(i, j): _partners(views[i], views[j]) for i in range(len(views)) for j in range(len(views)) if i != j}
    labels = np.zeros(views[0].labels.shape, np.int32)
    scores: list[float] = []
    for first in range(-(-len(views) // 2)):
        for number in np.flatnonzero(~used[first]).tolist():
            members = {first: number} | {
                other: partner
                for other in range(len(views))
                if other != first and (partner := int(same[first, other][number])) >= 0 and not used[other][partner]
            }
            if 2 * len(members) <= len(views):
                continue
            for view, member in members.items():
                used[view][member] = True
            if _drawn(labels, views, members, len(scores) + 1):
                sure = float(np.mean([views[view].scores[member] for view, member in members.items()]))
                scores.append(sure * len(members) / len(views))
    return Instances(labels, np.array(scores))


def _seen(segment: Callable[[Pixels], Instances], pixels: Pixels, turn: Turn) -> _Seen:
    array = pixels.array[:, ::-1] if turn.mirrored else pixels.array
    turned = replace(pixels, array=np.ascontiguousarray(np.rot90(array, turn.quarters, (0, 1))))
    found = segment(turned)
    labels = turn.undone_labels(found.labels)
    return _Seen(labels, np.bincount(labels.ravel(), minlength=len(found.scores) + 1)[1:], found.scores)


def _partners(first: _Seen, second: _Seen) -> NDArray[np.intp]:
    """For each object of the first view the same one of the second, -1 for none."""
    result = np.full(len(first.areas), -1, np.intp)
    table, areas, others = contingency(first.labels, second.labels)
    shared = table.data.astype(np.float64)
    iou = shared / (areas[table.row] + others[table.col] - shared)
    present, partners = np.unique(first.labels), np.unique(second.labels)
    present, partners = present[present > 0], partners[partners > 0]
    kept = iou >= _SAME
    order = np.argsort(iou[kept], kind="stable")
    result[present[table.row[kept][order]] - 1] = partners[table.col[kept][order]] - 1
    return result


def _drawn(labels: NDArray[np.int32], views: Sequence[_Seen], members: dict[int, int], number: int) -> bool:
    """Draw the pixels that more than half of the views give the object, where they are free."""
    votes = np.zeros(labels.shape, np.uint8)
    for view, member in members.items():
        votes += views[view].labels == member + 1
    shape = (2 * votes > len(members)) & (labels == 0)
    labels[shape] = number
    return bool(shape.any())


class VotedMethod:
    """A method that looks eight times and lets the views vote."""

    def __init__(self, inner: Method) -> None:
        self.name, self.title, self.description = inner.name, inner.title, inner.description
        self.parameters: type[BaseModel] = inner.parameters
        self._inner = inner

    def calibrate(self, overview: Pixels, parameters: Any) -> Calibration:
        """The inner method's."""
        return self._inner.calibrate(overview, parameters)

    def segment(self, pixels: Pixels, parameters: Any, calibration: Calibration) -> Instances:
        """Objects that most of the eight views agree on."""
        return voted(lambda one: self._inner.segment(one, parameters, calibration), pixels)
