"""The method ``threshold``: smooth, threshold, split touching objects. No training, no special hardware."""

from dataclasses import dataclass
from enum import StrEnum

import cc3d
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from cytoloop.learning.method import Calibration, Instances, Pixels

from .channels import (
    AUTO,
    STAINS,
    channel_code,
    channel_of_code,
    channel_plane,
    chosen_channel,
    is_stained_section,
)
from .cleaning import (
    instances,
    kept_objects,
    no_instances,
    typical_piece_px2,
    with_filled_holes,
    without_small_pieces,
)
from .edges import with_own_edges
from .foreground import (
    Algorithm,
    background_level,
    dark_objects,
    global_threshold,
    local_threshold,
    sampled,
    smoothed,
)
from .splitting import split_touching

TISSUE_PIECE_PX2 = 10_000
"""Connected dark pieces above this are tissue or cells, not nuclei or clumps of them (113 px across)."""


class Objects(StrEnum):
    """Whether objects are brighter or darker than the background."""

    AUTO = "auto"
    BRIGHT = "bright"
    DARK = "dark"


class ForegroundParameters(BaseModel):
    """What the classical methods share: where to look and what counts as foreground."""

    model_config = ConfigDict(extra="forbid")

    channel: str = Field(
        AUTO,
        title="Channel",
        max_length=100,
        description=(
            "auto, a channel's name, or its number from 0; for colour images auto, gray, red, green, blue, "
            "haematoxylin, eosin or dab."
        ),
    )
    objects: Objects = Field(Objects.AUTO, title="Objects are", description="Brighter or darker than the background.")
    algorithm: Algorithm = Field(
        Algorithm.OTSU,
        title="Threshold",
        description="otsu for two clear levels, li for dim objects, triangle for few objects, "
        "adaptive for uneven background.",
    )

    inside_tissue: bool = Field(
        True,
        title="Look inside tissue",
        description="Where what is dark comes in large pieces (tissue, whole cells), find the nuclei in them.",
        json_schema_extra={"advanced": True},
    )


class ObjectParameters(ForegroundParameters):
    """What methods share that work on a smoothed foreground and leave out objects by size."""

    smoothing_px: float = Field(
        1.0,
        title="Smoothing",
        ge=0,
        le=50,
        description="Sigma of the Gaussian filter; 0 for none.",
        json_schema_extra={"unit": "px"},
    )
    min_area_px2: float = Field(
        20.0,
        title="Smallest area",
        ge=0,
        description="Smaller objects are left out.",
        json_schema_extra={"unit": "px²"},
    )
    max_area_px2: float | None = Field(
        None,
        title="Largest area",
        gt=0,
        description="Larger objects are left out; empty for no limit.",
        json_schema_extra={"unit": "px²", "advanced": True},
    )
    fill_holes: bool = Field(True, title="Fill holes", description="Fill holes inside objects.")
    remove_border: bool = Field(
        False,
        title="Leave out objects at the border",
        description="Objects that the image's border cuts.",
        json_schema_extra={"advanced": True},
    )

    @model_validator(mode="after")
    def _check_areas(self) -> "ObjectParameters":
        if self.max_area_px2 is not None and self.max_area_px2 < self.min_area_px2:
            raise ValueError("the largest area is below the smallest")
        return self


class ThresholdParameters(ObjectParameters):
    """Parameters of the method ``threshold``."""

    split: bool = Field(True, title="Split touching objects", description="Cut objects apart at their necks.")
    split_sensitivity: float = Field(
        0.8,
        title="Split sensitivity",
        ge=0,
        le=1,
        description="0 cuts only at thin necks, 1 at the slightest waist.",
        json_schema_extra={"advanced": True},
    )
    refine: bool = Field(
        True,
        title="Refine edges",
        description="Put each outline where the object falls to half its own brightness; not with adaptive.",
        json_schema_extra={"advanced": True},
    )
    diameter_px: float | None = Field(
        None,
        title="Object diameter",
        gt=0,
        le=10_000,
        description="Typical diameter, to place cuts; empty to estimate it.",
        json_schema_extra={"unit": "px", "advanced": True},
    )
    block_px: float = Field(
        101.0,
        title="Neighbourhood",
        ge=3,
        le=5_000,
        description="Size of the surroundings that the adaptive threshold compares with: larger than an object.",
        json_schema_extra={"unit": "px", "advanced": True},
    )


@dataclass(frozen=True, slots=True)
class Foreground:
    """``signal (h, w) float32``, bright objects; ``mask (h, w) bool``; the threshold in the signal's units."""

    signal: NDArray[np.float32]
    mask: NDArray[np.bool_]
    threshold: float | NDArray[np.float32]
    background: float


def calibrate_foreground(pixels: Pixels, parameters: ForegroundParameters, sigma_px: float) -> Calibration:
    """Channel, polarity, threshold and background level; no threshold where nothing stands out."""
    if pixels.array.size == 0:
        return Calibration()
    channel = chosen_channel(pixels, parameters.channel)
    plane, valid = channel_plane(pixels, channel)
    smooth = smoothed(plane, sigma_px)
    values = sampled(smooth, valid)
    dark = _are_dark(pixels, channel, values, parameters.objects)
    values = -values if dark else values
    threshold = global_threshold(values, parameters.algorithm)
    found = {"channel": channel_code(channel), "dark": float(dark)}
    if threshold is None:
        return Calibration(found)
    background = background_level(values, threshold)
    if dark and parameters.inside_tissue:
        threshold, background = _inside_tissue(-smooth, valid, threshold, background)
    sign = -1.0 if dark else 1.0
    found |= {"threshold": sign * threshold, "background": sign * background}
    return Calibration(found)


def _are_dark(pixels: Pixels, channel: str, values: NDArray[np.float32], objects: Objects) -> bool:
    """Whether objects are darker than the background in a channel."""
    if objects is not Objects.AUTO:
        return objects is Objects.DARK
    if is_stained_section(pixels):
        return channel not in STAINS
    return dark_objects(values)


def _inside_tissue(
    signal: NDArray[np.float32], valid: NDArray[np.bool_] | None, threshold: float, background: float
) -> tuple[float, float]:
    """Threshold and background inside the foreground where that is tissue, not objects; else as given."""
    mask = signal > threshold if valid is None else (signal > threshold) & valid
    if typical_piece_px2(mask) <= TISSUE_PIECE_PX2:
        return threshold, background
    values = sampled(signal, mask)
    inner = global_threshold(values, Algorithm.OTSU)
    return (threshold, background) if inner is None else (inner, background_level(values, inner))


def find_foreground(
    pixels: Pixels,
    parameters: ForegroundParameters,
    calibration: Calibration,
    *,
    sigma_px: float,
    block_px: float,
) -> Foreground | None:
    """The foreground by a calibration's threshold, or ``None`` where it has none."""
    values = calibration.values
    if pixels.array.size == 0 or "threshold" not in values:
        return None
    plane, valid = channel_plane(pixels, channel_of_code(pixels, values))
    sign = -1.0 if values["dark"] else 1.0
    signal = np.float32(sign) * smoothed(plane, sigma_px)
    threshold: float | NDArray[np.float32] = sign * values["threshold"]
    background = sign * values["background"]
    if parameters.algorithm is Algorithm.ADAPTIVE:
        rise = 0.25 * (sign * values["threshold"] - background)
        threshold = local_threshold(signal, block_px) + np.float32(max(rise, 0.0))
    mask = signal > threshold
    if valid is not None:
        mask &= valid
    return Foreground(signal, mask, threshold, background)


class ThresholdMethod:
    """Threshold and watershed."""

    name = "threshold"
    title = "Threshold and watershed"
    description = (
        "Finds objects that are brighter or darker than the background (Otsu's threshold unless another is chosen) "
        "and cuts touching ones apart by a watershed. "
        "For nuclei, cells and spots that stand out clearly; needs no training."
    )
    parameters: type[BaseModel] = ThresholdParameters

    def calibrate(self, overview: Pixels, parameters: ThresholdParameters) -> Calibration:
        """The channel, polarity and threshold of the whole image."""
        return calibrate_foreground(overview, parameters, parameters.smoothing_px)

    def segment(self, pixels: Pixels, parameters: ThresholdParameters, calibration: Calibration) -> Instances:
        """Objects above the calibrated threshold."""
        found = find_foreground(
            pixels,
            parameters,
            calibration,
            sigma_px=parameters.smoothing_px,
            block_px=parameters.block_px,
        )
        if found is None:
            return no_instances(pixels.array.shape[:2])
        labels = _labelled(found.mask, parameters)
        if parameters.refine and not isinstance(found.threshold, np.ndarray):
            labels = with_own_edges(
                labels,
                found.signal,
                threshold=found.threshold,
                background=found.background,
                fill_holes=parameters.fill_holes,
            )
        labels = kept_objects(
            labels,
            min_area_px2=parameters.min_area_px2,
            max_area_px2=parameters.max_area_px2,
            remove_border=parameters.remove_border,
        )
        return instances(labels, found.signal, threshold=found.threshold, background=found.background)


def _labelled(mask: NDArray[np.bool_], parameters: ThresholdParameters) -> NDArray[np.int32]:
    """The objects of a mask before their limits are applied."""
    mask = without_small_pieces(mask, parameters.min_area_px2)
    if parameters.fill_holes:
        mask = with_filled_holes(mask)
    if not parameters.split:
        return cc3d.connected_components(mask.view(np.uint8), connectivity=4).astype(np.int32)
    radius = None if parameters.diameter_px is None else parameters.diameter_px / 2
    return split_touching(mask, radius_px=radius, sensitivity=parameters.split_sensitivity)


METHOD = ThresholdMethod()
