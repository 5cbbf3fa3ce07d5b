"""The objects of any method with the outlines of a network: nucleAIzer's contour correction (Hollandi et al. 2020)."""

from typing import Any

import numpy as np
from pydantic import BaseModel

from .decoding.cleaning import CleaningSettings, cleaned, refined
from .method import Calibration, Instances, Method, Pixels
from .networkmethod import NetworkMethod, NetworkParameters

SETTINGS = CleaningSettings(
    smallest_px2=20.0, probability=0.5, margin_inside_px=2, margin_outside_px=2, least_mean_probability=0.3
)
_PREFIX = "refine."


class RefinedMethod:
    """A method whose objects are cleaned and whose outlines follow a model's foreground within a soft margin."""

    def __init__(self, inner: Method, model: NetworkMethod, settings: CleaningSettings = SETTINGS) -> None:
        self.name, self.title = inner.name, f"{inner.title}, outlines by {model.title}"
        self.description = inner.description
        self.parameters: type[BaseModel] = inner.parameters
        self._inner, self._model, self._settings = inner, model, settings
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
        values = {
            name.removeprefix(_PREFIX): value for name, value in calibration.values.items() if name.startswith(_PREFIX)
        }
        probability = self._model.foreground(pixels, self._plain, Calibration(values))
        labels = refined(cleaned(found.labels, self._settings), probability, self._settings)
        count = int(labels.max(initial=0))
        sums = np.bincount(labels.ravel(), probability.ravel(), minlength=count + 1)[1:]
        areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
        return Instances(labels, np.clip(sums / np.maximum(areas, 1), 0.0, 1.0))
