"""Cellpose 4 (Stringer et al. 2021, doi:10.1038/s41592-020-01018-x; Pachitariu et al. 2025), where it is installed."""

from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.method import Calibration, Instances, Pixels

from .inputs import (
    PluginParameters,
    calibrated,
    enlarged,
    instances_of,
    is_installed,
    mean_scores,
    picture_of,
    weights_path,
)


class CellposeParameters(PluginParameters):
    """What Cellpose itself can be told."""

    diameter_px: float | None = Field(
        None,
        title="Object diameter",
        ge=2,
        le=2_000,
        description="Images are rescaled so that this becomes 30 px; empty to leave the size.",
        json_schema_extra={"unit": "px"},
    )
    flow_threshold: float = Field(
        0.4,
        title="Flow error",
        ge=0,
        le=10,
        description="Objects whose shape fits their flows worse are left out; 0 keeps all.",
        json_schema_extra={"advanced": True},
    )
    cellprob_threshold: float = Field(
        0.0,
        title="Cell logit",
        ge=-10,
        le=10,
        description="From which a pixel belongs to an object; lower makes objects larger.",
        json_schema_extra={"advanced": True},
    )
    min_area_px2: int = Field(
        15,
        title="Smallest area",
        ge=0,
        description="Smaller objects are left out.",
        json_schema_extra={"unit": "px²", "advanced": True},
    )


class Cellpose:
    """Cellpose with weights that the user names."""

    name = "cellpose"
    title = "Cellpose"
    description = (
        "The installed Cellpose with weights of your choice: a path, or a name that Cellpose knows, which it then "
        "downloads itself. Mind the licence of the weights."
    )
    parameters: type[BaseModel] = CellposeParameters

    @property
    def available(self) -> bool:
        return is_installed("cellpose")

    def calibrate(self, overview: Pixels, parameters: CellposeParameters) -> Calibration:
        """Channel and intensity range."""
        return calibrated(overview, parameters.channel)

    def segment(self, pixels: Pixels, parameters: CellposeParameters, calibration: Calibration) -> Instances:
        """The objects; scores are mean cell probabilities."""
        shape = (pixels.array.shape[0], pixels.array.shape[1])
        if 0 in shape:
            return instances_of(np.zeros(shape, np.int32), np.zeros(0), shape)
        model = _model(parameters.weights)
        masks, flows, _ = model.eval(
            enlarged(picture_of(pixels, calibration.values)),
            channel_axis=2,
            normalize=False,  # done alike for all tiles of an image
            diameter=parameters.diameter_px,
            flow_threshold=parameters.flow_threshold,
            cellprob_threshold=parameters.cellprob_threshold,
            min_size=parameters.min_area_px2,
        )
        labels = np.asarray(masks)
        probability = 1 / (1 + np.exp(-np.clip(np.asarray(flows[2], dtype=np.float64), -50, 50)))
        return instances_of(labels, mean_scores(labels, probability), shape)


def _model(weights: str) -> Any:
    path = weights_path(weights, "Cellpose")
    return _loaded(weights.strip() if path is None else str(path), 0 if path is None else path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _loaded(weights: str, changed_ns: int) -> Any:  # noqa: ARG001 - part of the key
    models = import_module("cellpose.models")
    # Cellpose takes its default weights where it does not know a name; a result must not be another model's
    known = [*models.MODEL_NAMES, *models.get_user_models()]
    if not Path(weights).exists() and weights not in known:
        raise InvalidInputError(f"Cellpose knows no weights {weights!r}. It knows: {', '.join(known)}; or give a path.")
    try:
        return models.CellposeModel(gpu=bool(import_module("torch").cuda.is_available()), pretrained_model=weights)
    except Exception as error:  # what damaged weights raise is up to torch
        raise InvalidInputError(f"Cellpose cannot load the weights {weights!r}: {str(error)[:300]}") from error


METHOD = Cellpose()
