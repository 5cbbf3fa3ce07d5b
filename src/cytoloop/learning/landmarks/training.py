"""Training on images with landmarks: fit by scikit-learn, scored on images that were held out, written as ONNX."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.leaftables import forests_as_onnx

from .configuration import LandmarkConfiguration
from .evaluation import LandmarkScores, evaluated
from .search import Guess, found, reach
from .specification import STAGES, LandmarkSpec, Stage
from .views import View, varied
from .windows import Scene, feature_count

Tell = Callable[[float, str], None]
LEAST_IMAGES = 3
"""With a landmark: fewer can neither teach nor test."""
MOST_LANDMARKS = 60
_LEAST_IN_LEAF = 5


@dataclass(frozen=True, slots=True)
class LandmarkSample:
    """An image with its landmarks, as it is looked at and as it is.

    ``scale``: full-resolution px per working px along x and y. ``group`` numbers the image that the plane is of.
    """

    view: View
    scale: tuple[float, float]
    group: int
    pixel_um: tuple[float, float] | None = None

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in full-resolution px."""
        return self.view.planes.shape[2] * self.scale[0], self.view.planes.shape[1] * self.scale[1]


@dataclass(frozen=True, slots=True)
class TrainedLandmarks:
    """A detector as an ONNX file, and how far off it was on images that it had not seen."""

    weights: bytes
    scores: tuple[LandmarkScores, ...]
    """Of each landmark, by cross-validation."""
    folds: int
    counts: tuple[int, ...]
    """Images with each landmark."""


def require_landmarks(names: Sequence[str], counts: Sequence[int]) -> None:
    """Raise ``InvalidInputError`` unless every landmark is on enough images."""
    if not names:
        raise InvalidInputError(
            "There is no landmark to learn. Choose names, and place each on at least "
            f"{LEAST_IMAGES} images (20 are better)."
        )
    if len(names) > MOST_LANDMARKS:
        raise InvalidInputError(f"A detector knows at most {MOST_LANDMARKS} landmarks; {len(names)} are chosen.")
    few = [f"{name!r} ({count})" for name, count in zip(names, counts, strict=True) if count < LEAST_IMAGES]
    if few:
        raise InvalidInputError(
            f"Each landmark must be on at least {LEAST_IMAGES} images; on fewer {'is' if len(few) == 1 else 'are'} "
            f"{', '.join(few[:10])}. Place {'it' if len(few) == 1 else 'them'} on more images, or leave "
            f"{'it' if len(few) == 1 else 'them'} out."
        )


def train_landmarks(
    samples: Sequence[LandmarkSample],
    names: Sequence[str],
    spec: LandmarkSpec,
    configuration: LandmarkConfiguration,
    tell: Tell = lambda *_: None,
) -> TrainedLandmarks:
    """Train a detector.

    Raises
    ------
    InvalidInputError
        A landmark is on too few images.
    """
    counts = _images_with(samples, len(names))
    require_landmarks(names, counts)
    rng = np.random.default_rng(configuration.seed)
    folds = _folds(samples, configuration.folds, rng)
    count = int(folds.max()) + 1
    held_out: list[list[Guess | None]] = [[] for _ in samples]
    with threadpool_limits(1):
        for part in range(count):
            tell(0.75 * part / count, f"Checking on held-out images, part {part + 1} of {count}")
            forests = _forests([one for one, of in zip(samples, folds, strict=True) if of != part], spec, configuration)
            for at in np.flatnonzero(folds == part).tolist():
                held_out[at] = _searched(samples[at].view, spec, forests, configuration)
        tell(0.75, "Learning from all images")
        final = _forests(samples, spec, configuration)
        tell(0.95, "Writing the detector")
        known = [one for one in final if one is not None]
        weights = forests_as_onnx(known, feature_count(len(spec.planes)), "displacement")
    scores = evaluated(samples, held_out, folds, configuration.tolerance_percent / 100)
    return TrainedLandmarks(weights, scores, count, tuple(counts))


def _images_with(samples: Sequence[LandmarkSample], landmarks: int) -> list[int]:
    return [
        len({one.group for one in samples if np.isfinite(one.view.points[landmark, 0])})
        for landmark in range(landmarks)
    ]


def _folds(samples: Sequence[LandmarkSample], wanted: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """In which part each sample is held out; all planes of an image are in one."""
    groups, member = np.unique([one.group for one in samples], return_inverse=True)
    count = min(wanted, len(groups))
    return (rng.permutation(len(groups)) % count)[member]


def _forests(samples: Sequence[LandmarkSample], spec: LandmarkSpec, configuration: LandmarkConfiguration) -> list[Any]:
    """A forest for each stage and landmark, stage by stage; ``None`` where no image has the landmark."""
    rng = np.random.default_rng(configuration.seed + 1)
    views = [view for one in samples for view in varied(one.view, configuration, rng)]
    scenes = [Scene(one.planes, spec.size_px) for one in views]
    landmarks = len(samples[0].view.points)
    return [
        _fitted(views, scenes, stage, landmark, spec, configuration, rng)
        for stage in STAGES
        for landmark in range(landmarks)
    ]


def _fitted(
    views: Sequence[View],
    scenes: Sequence[Scene],
    stage: Stage,
    landmark: int,
    spec: LandmarkSpec,
    configuration: LandmarkConfiguration,
    rng: np.random.Generator,
) -> Any:
    from sklearn.ensemble import ExtraTreesRegressor

    with_it = [at for at, one in enumerate(views) if np.isfinite(one.points[landmark, 0])]
    if not with_it:
        return None
    each = max(5, round(configuration.samples / len(with_it)))
    seen: list[NDArray[np.float32]] = []
    told: list[NDArray[np.float64]] = []
    for at in with_it:
        point = views[at].points[landmark]
        places = _drawn(point, stage, scenes[at], spec.size_px, each, rng)
        seen.append(scenes[at].windows(places, stage))
        told.append((point - places) / reach(stage, spec.size_px))
    settings: dict[str, Any] = {"max_features": "sqrt", "min_samples_leaf": _LEAST_IN_LEAF}
    forest = ExtraTreesRegressor(configuration.trees, random_state=configuration.seed, **settings)
    return forest.fit(np.concatenate(seen), np.concatenate(told).astype(np.float32))


def _drawn(
    point: NDArray[np.float64], stage: Stage, scene: Scene, size_px: int, count: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Pixels that are learnt from: anywhere, or in a disc around the landmark a little wider than the stage's."""
    if not stage.radius:
        return rng.uniform(0, 1, (count, 2)) * [scene.width, scene.height]
    away = 1.3 * reach(stage, size_px) * np.sqrt(rng.uniform(0, 1, count))
    turn = rng.uniform(0, 2 * np.pi, count)
    return point + np.stack([away * np.cos(turn), away * np.sin(turn)], axis=1)


def _searched(
    view: View, spec: LandmarkSpec, forests: Sequence[Any], configuration: LandmarkConfiguration
) -> list[Guess | None]:
    """What forests that did not see the view find; ``None`` for landmarks that they do not know."""
    landmarks = len(view.points)
    known = [at for at in range(landmarks) if forests[at] is not None]

    def ask(number: int, seen: NDArray[np.float32]) -> NDArray[np.float32]:
        stage, place = divmod(number, len(known))
        return forests[stage * landmarks + known[place]].predict(seen)

    guesses = found(
        Scene(view.planes, spec.size_px), spec.size_px, len(known), ask, configuration.tolerance_percent / 100
    )
    by_place = dict(zip(known, guesses, strict=True))
    return [by_place.get(at) for at in range(landmarks)]
