"""A stored landmark detector at work."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.classifiers.predictor import Session
from cytoloop.learning.inference.session import default_threads
from cytoloop.learning.method import Pixels

from .package import OUTPUTS, LandmarkPackage
from .search import found
from .views import working_planes, working_shape
from .windows import Scene


@dataclass(frozen=True, slots=True)
class FoundLandmark:
    """A landmark by its place among the package's, in full-resolution px; ``confidence`` 0..1.

    The confidence is the share of the last votes that lie within the detector's tolerance of the result.
    """

    landmark: int
    x: float
    y: float
    confidence: float


@dataclass(frozen=True, slots=True)
class LandmarkPredictor:
    """A landmark detector, loaded."""

    package: LandmarkPackage
    _session: Session

    def landmarks(self, pixels: Pixels, width: int, height: int, name: str = "the image") -> list[FoundLandmark]:
        """Every landmark of an image.

        Parameters
        ----------
        pixels
            The whole image, reduced or not.
        width, height
            Of the image at full resolution, px.

        Raises
        ------
        InvalidInputError
            The image is too small, or not of the kind that was learnt from.
        """
        spec = self.package.spec
        spec.require_fit(rgb=pixels.rgb, channels=pixels.array.shape[2], width=width, height=height, name=name)
        shape = working_shape(width, height, spec.size_px)
        scene = Scene(working_planes(pixels, spec, shape), spec.size_px)
        count = len(self.package.landmarks)
        guesses = found(scene, spec.size_px, count, self._ask, self.package.tolerance_percent / 100)
        across, down = width / shape[0], height / shape[1]
        return [
            FoundLandmark(place, min(one.x * across, width), min(one.y * down, height), one.confidence)
            for place, one in enumerate(guesses)
        ]

    def _ask(self, forest: int, seen: NDArray[np.float32]) -> NDArray[np.float32]:
        return asked(self._session, forest, seen)


def asked(session: Session, forest: int, seen: NDArray[np.float32]) -> NDArray[np.float32]:
    """Displacements ``(n, 2)`` that a forest tells for windows ``(n, f)``; none beyond the stage's reach."""
    given = np.concatenate([np.full((len(seen), 1), forest, np.float32), seen], axis=1)
    told = session.numbers(given, len(OUTPUTS))
    return np.clip(np.nan_to_num(told, nan=0.0), -2, 2)


def load_detector(package: LandmarkPackage, threads: int | None = None) -> LandmarkPredictor:
    """Load a landmark detector. Raises ``InvalidInputError`` where it cannot be run."""
    name = f"{package.weights.name} of {package.folder.name}"
    return LandmarkPredictor(package, Session(package.weights, name, threads or default_threads()))
