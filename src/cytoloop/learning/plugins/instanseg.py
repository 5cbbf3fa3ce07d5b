"""InstanSeg (Goldsborough et al. 2024, arXiv:2408.15954), where it is installed."""

from enum import StrEnum
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.method import Calibration, Instances, Pixels

from .inputs import PluginParameters, calibrated, enlarged, instances_of, is_installed, picture_of, weights_path


class Target(StrEnum):
    """What is wanted of models that find both."""

    NUCLEI = "nuclei"
    CELLS = "cells"


class InstanSegParameters(PluginParameters):
    """What InstanSeg itself can be told."""

    target: Target = Field(
        Target.NUCLEI, title="Objects", description="Of models that find nuclei and cells, which are wanted."
    )
    pixel_size_um: float | None = Field(
        None,
        title="Pixel size",
        gt=0,
        le=100,
        description="Images are rescaled from it to the model's; empty for the image's own.",
        json_schema_extra={"unit": "µm"},
    )


class InstanSeg:
    """InstanSeg with a model that the user names."""

    name = "instanseg"
    title = "InstanSeg"
    description = (
        "The installed InstanSeg with a model of your choice: the path of its TorchScript file, or a name that "
        "InstanSeg knows, which it then downloads itself."
    )
    parameters: type[BaseModel] = InstanSegParameters

    @property
    def available(self) -> bool:
        return is_installed("instanseg")

    def calibrate(self, overview: Pixels, parameters: InstanSegParameters) -> Calibration:
        """Channel and intensity range."""
        return calibrated(overview, parameters.channel)

    def segment(self, pixels: Pixels, parameters: InstanSegParameters, calibration: Calibration) -> Instances:
        """The objects; InstanSeg gives no scores, so they are 1."""
        shape = (pixels.array.shape[0], pixels.array.shape[1])
        if 0 in shape:
            return instances_of(np.zeros(shape, np.int32), np.zeros(0), shape)
        model = _model(parameters.weights)
        picture = enlarged(picture_of(pixels, calibration.values)).transpose(2, 0, 1)
        torch = import_module("torch")
        with torch.inference_mode():
            found = model.eval_small_image(
                np.ascontiguousarray(picture),
                pixel_size=parameters.pixel_size_um or pixels.pixel_size_um,
                normalise=False,  # done alike for all tiles of an image
                return_image_tensor=False,
                target=parameters.target.value,
            )
        labels = np.asarray(found.cpu().numpy()).reshape(-1, *found.shape[-2:])[0].astype(np.int64)
        return instances_of(labels, np.ones(int(labels.max(initial=0))), shape)


def _model(weights: str) -> Any:
    path = weights_path(weights, "InstanSeg")
    return _loaded(weights.strip() if path is None else str(path), 0 if path is None else path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _loaded(weights: str, changed_ns: int) -> Any:
    package, torch = import_module("instanseg"), import_module("torch")
    try:
        network = torch.jit.load(weights, map_location="cpu") if changed_ns else weights
        return package.InstanSeg(network, verbosity=0)
    except Exception as error:  # what damaged weights and failed downloads raise is up to the package
        raise InvalidInputError(f"InstanSeg cannot load the model {weights!r}: {str(error)[:300]}") from error


METHOD = InstanSeg()
