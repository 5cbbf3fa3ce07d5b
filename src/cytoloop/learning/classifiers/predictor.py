"""A stored classifier at work: probabilities of features, and of objects on an image."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cytoloop.core.errors import InvalidInputError
from cytoloop.measurements.objects import Reader

from .features import object_features
from .package import ClassifierPackage
from .queues import disagreement
from .specification import FeatureSpec

ROWS_AT_ONCE = 20_000


class Session:
    """An ONNX file with one input ``(n, f)`` and probabilities ``(n, k)`` as its first output."""

    def __init__(self, source: Path | bytes, name: str, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            given = str(source) if isinstance(source, Path) else source
            self._session = onnxruntime.InferenceSession(given, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has no public base of its errors
            raise InvalidInputError(
                f"{name} is no network that ONNX Runtime can load. Train or import the classifier again."
            ) from error
        self.outputs = [one.name for one in self._session.get_outputs()]
        self._input = self._session.get_inputs()[0].name

    def run(self, given: NDArray[np.float32], outputs: list[str]) -> list[NDArray[np.float32]]:
        """Some outputs. Raises ``InvalidInputError`` where the input does not fit."""
        try:
            found: Any = self._session.run(outputs, {self._input: np.ascontiguousarray(given, dtype=np.float32)})
        except Exception as error:
            shape = given.shape[1:]
            what = f"{shape[0]} features" if len(shape) == 1 else f"crops of {' x '.join(map(str, shape))}"
            raise InvalidInputError(f"The classifier does not take {what}: {str(error)[:200]}") from error
        return [np.asarray(one, dtype=np.float32) for one in found]

    def __call__(self, features: NDArray[np.float32], classes: int) -> NDArray[np.float32]:
        """Probabilities ``(n, classes)`` of features ``(n, f)``."""
        return np.clip(self.numbers(features, classes), 0, 1)

    def numbers(self, features: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        """What the network gives, ``(n, count)``, as it is."""
        parts: list[NDArray[np.float32]] = []
        for start in range(0, len(features), ROWS_AT_ONCE):
            (found,) = self.run(features[start : start + ROWS_AT_ONCE], self.outputs[:1])
            parts.append(found)
        result = np.concatenate(parts) if parts else np.zeros((0, count), np.float32)
        if result.shape != (len(features), count):
            raise InvalidInputError(f"The network gives {result.shape[1:]} numbers for a row instead of {count}.")
        return result


@dataclass(frozen=True, slots=True)
class Predictor:
    """A classifier of features, loaded. Used by one thread at a time."""

    package: ClassifierPackage
    _main: Session
    _committee: tuple[Session, ...]

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """``(n, k)`` of features ``(n, f)`` in the order of the package's ``spec.names``."""
        return self._main(features, len(self.package.classes))

    def disagreement(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """How far the committee is from agreement, ``(n,)`` 0..1; 0 where there is no committee."""
        if not self._committee:
            return np.zeros(len(features))
        count = len(self.package.classes)
        return disagreement(np.stack([one(features, count) for one in self._committee]))


def load(package: ClassifierPackage) -> Predictor:
    """Load a classifier of features. Raises ``InvalidInputError`` where it cannot be run."""
    spec_of(package)
    files = (package.weights, *package.committee)
    main, *members = (Session(one, f"{one.name} of {package.folder.name}") for one in files)
    return Predictor(package, main, tuple(members))


def spec_of(package: ClassifierPackage) -> FeatureSpec:
    """The features that a classifier sees; ``InvalidInputError`` for one that sees crops."""
    if not isinstance(package.spec, FeatureSpec):
        raise InvalidInputError(f"{package.folder.name} is a network that sees crops, not features.")
    return package.spec


def probabilities_of(weights: bytes, features: NDArray[np.float32], classes: int) -> NDArray[np.float32]:
    """What an ONNX file that was just made gives for features ``(n, f)``: ``(n, k)``."""
    return Session(weights, "the new classifier")(features, classes)


def classify(
    predictor: Predictor,
    outlines: Sequence[BaseGeometry],
    read: Reader,
    *,
    extent: tuple[int, int],
    pixel_um: tuple[float, float] | None = None,
) -> NDArray[np.float32]:
    """Class probabilities ``(n, k)`` of objects on one plane, as tiles of a slide ask for.

    Parameters
    ----------
    outlines
        In full-resolution px.
    read
        Gives the pixels ``(c, h, w)`` of a box of whole px inside the image.
    extent
        Width and height of the image, px.
    pixel_um
        Width and height of a pixel, µm, where known.
    """
    spec = spec_of(predictor.package)
    return predictor.probabilities(object_features(outlines, read, extent=extent, spec=spec, pixel_um=pixel_um))
