"""StarDist (Schmidt et al. 2018, doi:10.1007/978-3-030-00934-2_30), where it is installed."""

from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.method import Calibration, Instances, Pixels

from .inputs import PluginParameters, calibrated, enlarged, instances_of, is_installed, picture_of, weights_path


class StarDistParameters(PluginParameters):
    """What StarDist itself can be told."""

    scale: float = Field(
        1.0, title="Scale", gt=0.05, le=20, description="Images are enlarged by this before the network sees them."
    )
    probability: float | None = Field(
        None,
        title="Probability",
        gt=0,
        lt=1,
        description="Least object probability; empty for the model's own.",
        json_schema_extra={"advanced": True},
    )
    overlap: float | None = Field(
        None,
        title="Overlap",
        ge=0,
        le=1,
        description="From which of two objects the less probable goes; empty for the model's own.",
        json_schema_extra={"advanced": True},
    )


class StarDist:
    """StarDist 2D with a model that the user names."""

    name = "stardist"
    title = "StarDist"
    description = (
        "The installed StarDist with a model of your choice: the path of its folder (config.json and weights), or a "
        "name that StarDist knows, which it then downloads itself."
    )
    parameters: type[BaseModel] = StarDistParameters

    @property
    def available(self) -> bool:
        return is_installed("stardist")

    def calibrate(self, overview: Pixels, parameters: StarDistParameters) -> Calibration:
        """Channel and intensity range."""
        return calibrated(overview, parameters.channel)

    def segment(self, pixels: Pixels, parameters: StarDistParameters, calibration: Calibration) -> Instances:
        """The objects; scores are the network's object probabilities."""
        shape = (pixels.array.shape[0], pixels.array.shape[1])
        if 0 in shape:
            return instances_of(np.zeros(shape, np.int32), np.zeros(0), shape)
        model = _model(parameters.weights)
        picture = enlarged(picture_of(pixels, calibration.values))
        if int(model.config.n_channel_in) == 1:
            picture = picture.mean(axis=2)
        labels, details = model.predict_instances(
            picture,
            prob_thresh=parameters.probability,
            nms_thresh=parameters.overlap,
            scale=None if parameters.scale == 1 else (parameters.scale, parameters.scale, 1)[: picture.ndim],
        )
        return instances_of(np.asarray(labels), np.asarray(details["prob"], dtype=np.float64), shape)


def _model(weights: str) -> Any:
    path = weights_path(weights, "StarDist")
    return _loaded(weights.strip() if path is None else str(path), 0 if path is None else path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _loaded(weights: str, changed_ns: int) -> Any:  # noqa: ARG001 - part of the key
    models = import_module("stardist.models")
    path = Path(weights)
    if path.exists() and not (path / "config.json").is_file():
        raise InvalidInputError(f"{weights!r} is no StarDist model: name a folder that holds config.json and weights.")
    try:
        if path.exists():
            folder = path.resolve()
            return models.StarDist2D(None, name=folder.name, basedir=str(folder.parent))
        found = models.StarDist2D.from_pretrained(weights)
    except Exception as error:  # what damaged weights raise is up to keras
        raise InvalidInputError(f"StarDist cannot load the model {weights!r}: {str(error)[:300]}") from error
    if found is None:
        raise InvalidInputError(f"StarDist knows no model {weights!r}. Give the path of a model's folder.")
    return found


METHOD = StarDist()
