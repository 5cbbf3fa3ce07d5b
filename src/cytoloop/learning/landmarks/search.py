"""Finding landmarks: pixels vote where each landmark lies, first from everywhere, then from nearer and nearer.

After Vandaele et al. (2018), Landmark detection in 2D bioimages for geometric morphometrics: a multi-resolution
tree-based approach, Scientific Reports 8:538: extremely randomised trees see windows of raw pixels at several
resolutions. Here they tell the displacement to the landmark, as in regression voting (Lindner et al. 2015), whose
votes are joined by the mode of a kernel density (mean shift, Comaniciu and Meer 2002).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .specification import STAGES, Stage
from .windows import Scene

Ask = Callable[[int, NDArray[np.float32]], NDArray[np.float32]]
"""Displacements ``(n, 2)``, as shares of the stage's reach, that a forest tells for windows ``(n, f)``."""
VOTERS = 150
"""Pixels that vote in a stage near the last guess."""
ACROSS = 22
"""Pixels along the longer side that vote in the first stage."""
_STEPS = 30
_GOLDEN = np.pi * (3 - np.sqrt(5))


@dataclass(frozen=True, slots=True)
class Guess:
    """Where a landmark is in working px, and the share of the last votes that agree, 0..1."""

    x: float
    y: float
    confidence: float


def reach(stage: Stage, size_px: int) -> float:
    """How far a displacement of a stage can be, in working px: what it is told as a share of."""
    return (stage.radius or 1.0) * size_px


def forest_of(stage: int, landmark: int, landmarks: int) -> int:
    """The number of the forest of a landmark in a stage."""
    return stage * landmarks + landmark


def found(scene: Scene, size_px: int, landmarks: int, ask: Ask, tolerance: float) -> list[Guess]:
    """Every landmark of an image.

    Parameters
    ----------
    tolerance
        Share of the working size: votes within it of the result agree.
    """
    first = STAGES[0]
    grid = everywhere(scene)
    seen = scene.windows(grid, first)
    guesses: list[Guess] = []
    for landmark in range(landmarks):
        told = ask(forest_of(0, landmark, landmarks), seen)
        place = mode(grid + told * reach(first, size_px), first.bandwidth * size_px)
        votes = place[None]
        for number, stage in enumerate(STAGES[1:], start=1):
            for _ in range(2):  # the second time from where the first has led
                near = around(_inside(place, scene), reach(stage, size_px))
                told = ask(forest_of(number, landmark, landmarks), scene.windows(near, stage))
                votes = near + told * reach(stage, size_px)
                place = mode(votes, stage.bandwidth * size_px)
        place = _inside(place, scene)
        agree = np.hypot(*(votes - place).T) <= tolerance * size_px
        guesses.append(Guess(float(place[0]), float(place[1]), float(agree.mean())))
    return guesses


def _inside(place: NDArray[np.float64], scene: Scene) -> NDArray[np.float64]:
    return np.clip(place, 0, [scene.width, scene.height])


def everywhere(scene: Scene) -> NDArray[np.float64]:
    """Points ``(n, 2)`` evenly spread over an image."""
    step = max(scene.width, scene.height) / ACROSS
    columns, rows = (np.linspace(0, size, max(2, round(size / step)) + 1) for size in (scene.width, scene.height))
    middles = [(one[1:] + one[:-1]) / 2 for one in (columns, rows)]
    x, y = np.meshgrid(*middles)
    return np.stack([x.ravel(), y.ravel()], axis=1)


def around(place: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """Points ``(n, 2)`` evenly spread over a disc (Vogel's spiral)."""
    number = np.arange(VOTERS) + 0.5
    away, turn = radius * np.sqrt(number / VOTERS), number * _GOLDEN
    return place + np.stack([away * np.cos(turn), away * np.sin(turn)], axis=1)


def mode(votes: NDArray[np.floating], bandwidth: float) -> NDArray[np.float64]:
    """Where votes ``(n, 2)`` are densest: mean shift from the vote with the most company, and from the median."""
    points = votes.astype(np.float64)
    starts = points[:: max(1, len(points) // 150)]
    weights = _kernel(starts, points, bandwidth)
    best = starts[weights.sum(axis=1).argmax()]
    for _ in range(_STEPS):
        weight = _kernel(best[None], points, bandwidth)[0]
        moved = weight @ points / max(float(weight.sum()), 1e-12)
        done = float(np.hypot(*(moved - best))) < 1e-3
        best = moved
        if done:
            break
    return best


def _kernel(places: NDArray[np.float64], points: NDArray[np.float64], bandwidth: float) -> NDArray[np.float64]:
    square = ((places[:, None] - points[None]) ** 2).sum(axis=2)
    return np.exp(-square / (2 * bandwidth**2))
