"""The method ``log``: round blobs by the Laplacian of Gaussian, their extent by a watershed."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, model_validator
from skimage.segmentation import watershed

from cytoloop.learning.method import Calibration, Instances, Pixels

from .blobs import Blobs, find_blobs
from .cleaning import instances, kept_objects, no_instances, with_filled_holes
from .edges import with_own_edges
from .threshold import (
    ForegroundParameters,
    calibrate_foreground,
    find_foreground,
)

_SMOOTHING_SHARE = 0.08
"""Smoothing of the foreground's outline, as a share of the smallest diameter."""


class LogParameters(ForegroundParameters):
    """Parameters of the method ``log``."""

    min_diameter_px: float = Field(
        10.0,
        title="Smallest diameter",
        ge=2,
        le=2_000,
        description="Of the objects to find.",
        json_schema_extra={"unit": "px"},
    )
    max_diameter_px: float = Field(
        40.0,
        title="Largest diameter",
        ge=2,
        le=2_000,
        description="Of the objects to find.",
        json_schema_extra={"unit": "px"},
    )
    sensitivity: float = Field(
        0.3,
        title="Sensitivity",
        ge=0,
        le=1,
        description="0 finds clear blobs only, 1 the faintest.",
    )
    remove_border: bool = Field(
        False,
        title="Leave out objects at the border",
        description="Objects that the image's border cuts.",
        json_schema_extra={"advanced": True},
    )

    @model_validator(mode="after")
    def _check_diameters(self) -> "LogParameters":
        if self.max_diameter_px < self.min_diameter_px:
            raise ValueError("the largest diameter is below the smallest")
        return self


class LogMethod:
    """Blob detection (Laplacian of Gaussian)."""

    name = "log"
    title = "Blob detection (Laplacian of Gaussian)"
    description = (
        "Finds round objects between two diameters, also where they touch, and grows them to the edge of "
        "the foreground. For nuclei, vesicles and spots of similar size; needs no training."
    )
    parameters: type[BaseModel] = LogParameters

    def calibrate(self, overview: Pixels, parameters: LogParameters) -> Calibration:
        """The channel, polarity and threshold of the whole image."""
        return calibrate_foreground(overview, parameters, _sigma_px(parameters))

    def segment(self, pixels: Pixels, parameters: LogParameters, calibration: Calibration) -> Instances:
        """Blobs inside the calibrated foreground; foreground without a blob is left out."""
        found = find_foreground(
            pixels,
            parameters,
            calibration,
            sigma_px=_sigma_px(parameters),
            block_px=3 * parameters.max_diameter_px,
        )
        if found is None:
            return no_instances(pixels.array.shape[:2])
        mask = with_filled_holes(found.mask)
        blobs = find_blobs(
            np.maximum(found.signal, np.float32(found.background)),
            mask,
            min_diameter_px=parameters.min_diameter_px,
            max_diameter_px=parameters.max_diameter_px,
            min_response=_weakest(calibration, parameters.sensitivity),
        )
        labels = _grown(blobs, mask)
        if not isinstance(found.threshold, np.ndarray):
            labels = with_own_edges(labels, found.signal, threshold=found.threshold, background=found.background)
        labels = kept_objects(
            labels,
            min_area_px2=0.25 * np.pi / 4 * parameters.min_diameter_px**2,
            remove_border=parameters.remove_border,
        )
        return instances(labels, found.signal, threshold=found.threshold, background=found.background)


def _sigma_px(parameters: LogParameters) -> float:
    return max(0.7, _SMOOTHING_SHARE * parameters.min_diameter_px)


def _weakest(calibration: Calibration, sensitivity: float) -> float:
    """The weakest answer that counts: a share of the threshold's height above background."""
    values = calibration.values
    height = abs(values["threshold"] - values["background"])
    return float((1.0 - sensitivity) * height)


def _grown(blobs: Blobs, mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Each blob's part of the foreground: a watershed on the blobs' response."""
    seeds = np.zeros(mask.shape, np.int32)
    seeds[blobs.rows, blobs.columns] = np.arange(1, len(blobs.rows) + 1)
    if len(blobs.rows) == 0:
        return seeds
    return watershed(-blobs.response, seeds, mask=mask).astype(np.int32)


METHOD = LogMethod()
