"""Progress of jobs whose stages take unequal time."""

import pytest

from cytoloop.jobs.progress import StageCount, progress_of


@pytest.mark.parametrize(
    ("stages", "shares", "expected"),
    [
        ({}, (), 1.0),
        ({0: StageCount(1, 4)}, (), 0.25),
        ({0: StageCount(4, 4), 1: StageCount(0.5, 1)}, (), 0.9),
        ({0: StageCount(4, 4), 1: StageCount(0.5, 1)}, (0.1, 0.9), 0.55),
        ({0: StageCount(2, 4), 1: StageCount(0, 1)}, (0.1, 0.9), 0.05),
        ({1: StageCount(0.5, 1)}, (0.1, 0.9), 0.55),
        ({0: StageCount(1, 1), 1: StageCount(1, 1), 2: StageCount(0, 3)}, (1.0, 3.0), 1.0),
        ({0: StageCount(1, 2), 1: StageCount(0, 1)}, (1.0, 3.0), 0.125),
    ],
)
def test_progress_is_told_by_stages(stages: dict[int, StageCount], shares: tuple[float, ...], expected: float) -> None:
    assert progress_of(stages, shares) == pytest.approx(expected)
