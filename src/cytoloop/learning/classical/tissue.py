"""The method ``tissue``: where on a slide the specimen lies.

On brightfield slides tissue is what absorbs light: its strongest optical density, relative to the glass, stands above
the glass' own noise. In fluorescence it is what is brighter than the dark background, by the triangle threshold.
"""

import cc3d
import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from cytoloop.learning.method import Calibration, Instances, Pixels

from .channels import AUTO, channel_code, channel_of_code, channel_plane, chosen_channel
from .cleaning import no_instances, with_filled_holes, without_small_pieces
from .foreground import Algorithm, background_level, global_threshold, sampled, smoothed

_GLASS_GRAY = 150
"""Gray level (0..255) above which the lightest part of a colour image is taken for glass."""
_GLASS_PERCENTILE = 98.0
_SAMPLED = 1_000_000
_LEAST_DENSITY, _MOST_DENSITY = 0.03, 0.12
"""Limits of the threshold (optical density, base 10): above the glass' noise, below pale tissue."""


class TissueParameters(BaseModel):
    """Parameters of the method ``tissue``."""

    model_config = ConfigDict(extra="forbid")

    sensitivity: float = Field(
        0.5, title="Sensitivity", ge=0, le=1, description="Higher takes in paler tissue, and dirt on the glass."
    )
    smoothing_px: float = Field(
        2.0,
        title="Smoothing",
        ge=0,
        le=50,
        description="Sigma of the Gaussian filter; 0 for none.",
        json_schema_extra={"unit": "px", "advanced": True},
    )
    min_area_px2: float = Field(
        400.0,
        title="Smallest area",
        ge=0,
        description="Smaller pieces are left out.",
        json_schema_extra={"unit": "px²"},
    )
    fill_holes: bool = Field(True, title="Fill holes", description="Fill small holes inside tissue.")


class TissueMethod:
    """Specimen against background."""

    name = "tissue"
    title = "Tissue"
    description = (
        "Outlines the specimen on a slide: what is darker than the glass, or brighter than a dark background. "
        "Gives regions, not single objects."
    )
    parameters: type[BaseModel] = TissueParameters
    regions = True

    def calibrate(self, overview: Pixels, parameters: TissueParameters) -> Calibration:
        """The glass' colour and the threshold, of the whole image."""
        if overview.array.size == 0:
            return Calibration()
        glass = _glass(overview)
        if glass is not None:
            colour = {f"glass_{number}": float(value) for number, value in enumerate(glass)}
            found = sampled(_density(overview.array, glass, parameters.smoothing_px), None)
            otsu = global_threshold(found, Algorithm.OTSU)
            level = _LEAST_DENSITY if otsu is None else float(np.clip(otsu / 2, _LEAST_DENSITY, _MOST_DENSITY))
            return Calibration(colour | {"threshold": level * _factor(parameters)})
        channel = chosen_channel(overview, AUTO)
        plane, valid = channel_plane(overview, channel)
        values = sampled(smoothed(plane, parameters.smoothing_px), valid)
        threshold = global_threshold(values, Algorithm.TRIANGLE)
        if threshold is None:
            return Calibration()
        dark = background_level(values, threshold)
        level = dark + (threshold - dark) * _factor(parameters)
        return Calibration({"channel": channel_code(channel), "threshold": level})

    def segment(self, pixels: Pixels, parameters: TissueParameters, calibration: Calibration) -> Instances:
        """Connected pieces of tissue."""
        values = calibration.values
        if pixels.array.size == 0 or "threshold" not in values:
            return no_instances(pixels.array.shape[:2])
        if "glass_0" in values:
            glass = np.array([values[f"glass_{number}"] for number in range(3)], dtype=np.float32)
            signal = _density(pixels.array, glass, parameters.smoothing_px)
        else:
            plane, _ = channel_plane(pixels, channel_of_code(pixels, values))
            signal = smoothed(plane, parameters.smoothing_px)
        mask = without_small_pieces(signal > values["threshold"], parameters.min_area_px2)
        if parameters.fill_holes:
            mask = with_filled_holes(mask)
        labels = cc3d.connected_components(mask.view(np.uint8), connectivity=4).astype(np.int32)
        return Instances(labels, np.ones(int(labels.max(initial=0))))


def _factor(parameters: TissueParameters) -> float:
    """0.5 leaves the threshold as found; 0 doubles and 1 halves it."""
    return float(2.0 ** (1 - 2 * parameters.sensitivity))


def _glass(pixels: Pixels) -> NDArray[np.float32] | None:
    """The colour of the empty slide, or ``None`` where the image has none: gray images, and dark ones."""
    if not pixels.rgb:
        return None
    flat = pixels.array.reshape(-1, 3)
    few = flat[:: max(1, len(flat) // _SAMPLED)]
    glass = np.percentile(few, _GLASS_PERCENTILE, axis=0).astype(np.float32)
    return glass if glass.mean() >= _GLASS_GRAY else None


def _density(array: NDArray[np.generic], glass: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """The strongest optical density of the three colours, ``(h, w)``."""
    light = array.astype(np.float32)
    if sigma_px > 0:
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT), np.float32)
    density = -np.log10(np.maximum(light, 1.0) / np.maximum(glass, 1.0))
    return density.max(axis=-1).astype(np.float32)


METHOD = TissueMethod()
