"""How far found landmarks are from those that people placed, beside what the mean position would give."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .search import Guess

if TYPE_CHECKING:
    from .training import LandmarkSample


@dataclass(frozen=True, slots=True)
class LandmarkScores:
    """Errors of a landmark on held-out images: distances in full-resolution px, and in µm where that is known.

    ``within`` is the share of errors up to the tolerance. ``baseline`` is the median error of the mean position of the
    images that were learnt from, as a share of width and height. Nothing is known of a landmark that was on no
    held-out image beside others.
    """

    count: int
    median_px: float | None
    mean_px: float | None
    median_um: float | None
    mean_um: float | None
    within: float | None
    baseline_px: float | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def evaluated(
    samples: Sequence["LandmarkSample"],
    guesses: Sequence[Sequence[Guess | None]],
    folds: NDArray[np.int64],
    tolerance: float,
) -> tuple[LandmarkScores, ...]:
    """Scores of each landmark; ``tolerance`` is a share of an image's longer side."""
    landmarks = len(samples[0].view.points)
    return tuple(_of_one(samples, guesses, folds, tolerance, landmark) for landmark in range(landmarks))


def _of_one(
    samples: Sequence["LandmarkSample"],
    guesses: Sequence[Sequence[Guess | None]],
    folds: NDArray[np.int64],
    tolerance: float,
    landmark: int,
) -> LandmarkScores:
    errors: list[float] = []
    lengths: list[float | None] = []
    close: list[bool] = []
    plain: list[float] = []
    for at, one in enumerate(samples):
        truth, guess = one.view.points[landmark], guesses[at][landmark]
        if guess is None or not np.isfinite(truth[0]):
            continue
        off = (np.array([guess.x, guess.y]) - truth) * one.scale
        errors.append(float(np.hypot(*off)))
        lengths.append(None if one.pixel_um is None else float(np.hypot(*(off * one.pixel_um))))
        close.append(errors[-1] <= tolerance * max(one.size))
        mean = _mean_position(samples, folds, at, landmark)
        plain.append(float(np.hypot(*((mean * one.size) - truth * one.scale))))
    known = [one for one in lengths if one is not None]
    in_um = known if len(known) == len(errors) else []
    return LandmarkScores(
        count=len(errors),
        median_px=_median(errors),
        mean_px=_mean(errors),
        median_um=_median(in_um),
        mean_um=_mean(in_um),
        within=_mean([float(one) for one in close]),
        baseline_px=_median(plain),
    )


def _mean_position(
    samples: Sequence["LandmarkSample"], folds: NDArray[np.int64], held_out: int, landmark: int
) -> NDArray[np.float64]:
    """The mean position, as shares of width and height, on the images that were learnt from."""
    places = [
        one.view.points[landmark] * one.scale / one.size
        for one, fold in zip(samples, folds, strict=True)
        if fold != folds[held_out] and np.isfinite(one.view.points[landmark, 0])
    ]
    return np.mean(places, axis=0)


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
