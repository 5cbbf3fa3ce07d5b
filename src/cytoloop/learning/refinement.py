"""The objects of any method with the outlines of a network: nucleAIzer's contour correction (Hollandi et al. 2020)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from .decoding.cleaning import CleaningSettings, cleaned, refined
from .method import Calibration, Instances, Method, Pixels
from .networkmethod import NetworkMethod, NetworkParameters

SETTINGS = CleaningSettings(
    smallest_px2=20.0, probability=0.5, margin_inside_px=2, margin_outside_px=2, least_mean_probability=0.3
)
_PREFIX = "refine."


class RefinedMethod:
    """A method whose objects are cleaned and whose outlines follow a model's foreground within a soft margin.

    How far they do is told by ``settings``, by default those that were tuned for the model, or else ``SETTINGS``.
    """

    def __init__(self, inner: Method, model: NetworkMethod, settings: CleaningSettings | None = None) -> None:
        self.name, self.title = inner.name, f"{inner.title}, outlines by {model.title}"
        self.description = inner.description
        self.parameters: type[BaseModel] = inner.parameters
        self._inner, self._model = inner, model
        self._settings = settings or SETTINGS.with_values(model.package.spec.decoding)
        self._plain = NetworkParameters.model_validate({})

    def calibrate(self, overview: Pixels, parameters: Any) -> Calibration:
        """What both need."""
        own = self._inner.calibrate(overview, parameters).values
        model = self._model.calibrate(overview, self._plain).values
        return Calibration({**own, **{_PREFIX + name: value for name, value in model.items()}})

    def segment(self, pixels: Pixels, parameters: Any, calibration: Calibration) -> Instances:
        """The inner method's objects, mended; scored by mean foreground probability."""
        found = self._inner.segment(pixels, parameters, calibration)
        if len(found.scores) == 0:
            return found
        return mended(found, self.probability(pixels, calibration), self._settings)

    def probability(self, pixels: Pixels, calibration: Calibration) -> NDArray[np.float32]:
        """The model's foreground ``(h, w)``."""
        values = {
            name.removeprefix(_PREFIX): value for name, value in calibration.values.items() if name.startswith(_PREFIX)
        }
        return self._model.foreground(pixels, self._plain, Calibration(values))


def mended(found: Instances, probability: NDArray[np.float32], settings: CleaningSettings) -> Instances:
    """Objects cleaned and refined by a foreground map ``(h, w)``, scored by their mean probability."""
    labels = refined(cleaned(found.labels, settings), probability, settings)
    count = int(labels.max(initial=0))
    sums = np.bincount(labels.ravel(), probability.ravel(), minlength=count + 1)[1:]
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    return Instances(labels, np.clip(sums / np.maximum(areas, 1), 0.0, 1.0))
