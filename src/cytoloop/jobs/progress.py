"""How far a job is, where its stages take unequal time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SHARES = "stage_shares"
"""Of a job's parameters: what part of its time each stage takes, from the first. Without it all tasks weigh alike."""


@dataclass(frozen=True, slots=True)
class StageCount:
    """Tasks of a stage; ``ended`` counts parts of those that run."""

    ended: float
    total: int


def progress_of(stages: Mapping[int, StageCount], shares: Sequence[float] = ()) -> float:
    """From 0 to 1. A stage without tasks counts as ended; stages beyond ``shares`` take no time.

    >>> progress_of({0: StageCount(4, 4), 1: StageCount(0.5, 1)}, (0.1, 0.9))
    0.55
    >>> progress_of({0: StageCount(4, 4), 1: StageCount(0.5, 1)})
    0.9
    """
    total = sum(one.total for one in stages.values())
    if total == 0:
        return 1.0
    if not shares:
        return sum(one.ended for one in stages.values()) / total
    parts = (
        share * (stages[at].ended / stages[at].total if at in stages and stages[at].total else 1.0)
        for at, share in enumerate(shares)
    )
    return sum(parts) / sum(shares)
