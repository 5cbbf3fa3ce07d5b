"""The method ``active-contour``: outlines of the threshold method moved to where each object ends."""

from enum import StrEnum
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field
from scipy import ndimage
from skimage.segmentation import (
    expand_labels,
    inverse_gaussian_gradient,
    morphological_chan_vese,
    morphological_geodesic_active_contour,
)

from cytoloop.learning.method import Calibration, Instances, Pixels

from .cleaning import instances, kept_objects, no_instances, with_filled_holes
from .threshold import METHOD as THRESHOLD
from .threshold import Foreground, ThresholdParameters, calibrate_foreground, find_foreground


class Energy(StrEnum):
    """What pulls the contour."""

    REGIONS = "regions"
    EDGES = "edges"


class ActiveContourParameters(ThresholdParameters):
    """Parameters of the method ``active-contour``: those of its start, and of the contours."""

    energy: Energy = Field(
        Energy.REGIONS,
        title="Contours follow",
        description="regions: the mean levels inside and outside (Chan-Vese); edges: the steepest places (geodesic).",
    )
    iterations: int = Field(15, title="Steps", ge=1, le=500, description="Each moves a contour by at most a pixel.")
    contour_smoothing: int = Field(
        1,
        title="Contour smoothing",
        ge=0,
        le=4,
        description="Times the contour is smoothed in each step.",
    )
    reach_px: float = Field(
        6.0,
        title="Reach",
        ge=1,
        le=100,
        description="How far a contour may move outwards.",
        json_schema_extra={"unit": "px", "advanced": True},
    )
    balloon: float = Field(
        0.0,
        title="Balloon",
        ge=-1,
        le=1,
        description="Contours on edges shrink (-1) or grow (1) where there is no edge.",
        json_schema_extra={"advanced": True},
    )


class ActiveContourMethod:
    """Morphological active contours."""

    name = "active-contour"
    title = "Active contours"
    description = (
        "Starts from the objects of the threshold method and moves each outline by itself, by regions or by edges. "
        "For blurred or uneven outlines; slower than the threshold alone."
    )
    parameters: type[BaseModel] = ActiveContourParameters

    def calibrate(self, overview: Pixels, parameters: ActiveContourParameters) -> Calibration:
        """The channel, polarity and threshold of the whole image."""
        return calibrate_foreground(overview, parameters, parameters.smoothing_px)

    def segment(self, pixels: Pixels, parameters: ActiveContourParameters, calibration: Calibration) -> Instances:
        """Evolved outlines; two never overlap."""
        start = THRESHOLD.segment(pixels, parameters, calibration)
        found = find_foreground(
            pixels, parameters, calibration, sigma_px=parameters.smoothing_px, block_px=parameters.block_px
        )
        if found is None or not start.labels.any():
            return no_instances(pixels.array.shape[:2])
        labels = kept_objects(
            evolved(start.labels, found, parameters),
            min_area_px2=parameters.min_area_px2,
            max_area_px2=parameters.max_area_px2,
            remove_border=parameters.remove_border,
        )
        return instances(labels, found.signal, threshold=found.threshold, background=found.background)


def evolved(labels: NDArray[np.int32], found: Foreground, parameters: ActiveContourParameters) -> NDArray[np.int32]:
    """Each object's outline evolved in a window of its own, on ground that is nearest to it.

    Morphological snakes after Marquez-Neila et al. 2014 (IEEE PAMI 36:2); other objects in the window are
    painted with the background, so that they neither attract a contour nor count as its outside.
    """
    ground = expand_labels(labels, round(parameters.reach_px))
    margin = round(parameters.reach_px) + 2
    result = np.zeros_like(labels)
    boxes = cast("list[tuple[slice, slice] | None]", ndimage.find_objects(labels))
    for number, box in enumerate(boxes, start=1):
        if box is None:
            continue
        window = tuple(
            slice(max(0, side.start - margin), min(size, side.stop + margin))
            for side, size in zip(box, labels.shape, strict=True)
        )
        mine = ground[window] == number
        others = (labels[window] > 0) & (labels[window] != number)
        signal = np.where(others, np.float32(found.background), found.signal[window])
        inside = _contour(signal, labels[window] == number, parameters) & mine
        if parameters.fill_holes:
            inside = with_filled_holes(inside) & mine
        result[window][inside] = number
    return result


def _contour(
    signal: NDArray[np.float32], start: NDArray[np.bool_], parameters: ActiveContourParameters
) -> NDArray[np.bool_]:
    span = float(np.ptp(signal))
    if span <= 0 or min(signal.shape) < 3:
        return start
    scaled = ((signal - signal.min()) / span).astype(np.float64)
    # scikit-image's types name only the default of these arguments, a text and a whole number
    begin, balloon = cast("Any", start), cast("Any", parameters.balloon)
    if parameters.energy is Energy.REGIONS:
        found = morphological_chan_vese(
            scaled, parameters.iterations, init_level_set=begin, smoothing=parameters.contour_smoothing
        )
    else:
        found = morphological_geodesic_active_contour(
            inverse_gaussian_gradient(scaled, alpha=100, sigma=1.5),
            parameters.iterations,
            init_level_set=begin,
            smoothing=parameters.contour_smoothing,
            threshold="auto",
            balloon=balloon,
        )
    return np.asarray(found, bool)


METHOD = ActiveContourMethod()
