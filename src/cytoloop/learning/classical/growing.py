"""The method ``region-growing``: seeds take in the pixels around them that are about as bright."""

from typing import cast

import cc3d
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field
from skimage.segmentation import watershed

from cytoloop.learning.method import Calibration, Instances, Pixels

from .channels import channel_of_code, channel_plane
from .cleaning import instances, kept_objects, no_instances, with_filled_holes
from .foreground import sampled, smoothed
from .splitting import distance_inside, seeds_at_maxima, typical_radius_px
from .threshold import ObjectParameters, calibrate_foreground, find_foreground

_TOP_PERCENTILE = 95.0
"""Of the foreground's pixels: the upper end of the range of which the tolerance is a share."""
_ROUNDS = 3
"""Times a region's mean level is taken anew from what has joined it."""
_SEED_SHARE = 0.6
"""Seeds keep this share of the typical radius apart."""


class RegionGrowingParameters(ObjectParameters):
    """Parameters of the method ``region-growing``."""

    tolerance: float = Field(
        0.1,
        title="Tolerance",
        gt=0,
        le=1,
        description="How much darker than its object's mean a pixel may be, as a share of the image's range.",
    )
    diameter_px: float | None = Field(
        None,
        title="Object diameter",
        gt=0,
        le=10_000,
        description="Typical diameter, to keep seeds apart; empty to estimate it.",
        json_schema_extra={"unit": "px"},
    )


class RegionGrowingMethod:
    """Seeded region growing."""

    name = "region-growing"
    title = "Region growing"
    description = (
        "Seeds in the middle of objects take in neighbours of similar brightness. For evenly bright objects; a higher "
        "tolerance takes in uneven ones."
    )
    parameters: type[BaseModel] = RegionGrowingParameters

    def calibrate(self, overview: Pixels, parameters: RegionGrowingParameters) -> Calibration:
        """The channel, polarity and threshold of the whole image, and the level of its brightest objects."""
        found = calibrate_foreground(overview, parameters, parameters.smoothing_px)
        if "threshold" not in found.values:
            return found
        plane, valid = channel_plane(overview, channel_of_code(overview, found.values))
        sign = -1.0 if found.values["dark"] else 1.0
        signal = np.float32(sign) * sampled(smoothed(plane, parameters.smoothing_px), valid)
        objects = signal[signal > sign * found.values["threshold"]]
        top = float(np.percentile(objects, _TOP_PERCENTILE)) if objects.size else float(signal.max())
        return Calibration({**found.values, "top": sign * top})

    def segment(self, pixels: Pixels, parameters: RegionGrowingParameters, calibration: Calibration) -> Instances:
        """Regions grown from seeds in the calibrated foreground."""
        found = find_foreground(pixels, parameters, calibration, sigma_px=parameters.smoothing_px, block_px=101)
        if found is None or not found.mask.any():
            return no_instances(pixels.array.shape[:2])
        sign = -1.0 if calibration.values["dark"] else 1.0
        span = sign * calibration.values["top"] - found.background
        labels = grown(
            found.signal,
            *_seeds(found.mask, parameters.diameter_px),
            tolerance=parameters.tolerance * max(span, 0.0),
            floor=found.background,
        )
        if parameters.fill_holes:
            labels = _filled(labels)
        labels = kept_objects(
            labels,
            min_area_px2=parameters.min_area_px2,
            max_area_px2=parameters.max_area_px2,
            remove_border=parameters.remove_border,
        )
        return instances(labels, found.signal, threshold=found.threshold, background=found.background)


def _seeds(mask: NDArray[np.bool_], diameter_px: float | None) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Numbered maxima of the smoothed distance to the background, ``(h, w) int32``, and that distance."""
    distance = distance_inside(mask)
    radius = typical_radius_px(mask, distance) if diameter_px is None else diameter_px / 2
    sigma = max(0.5, 0.2 * radius)
    smooth = smoothed(distance, sigma)
    return seeds_at_maxima(smooth, mask, _SEED_SHARE * radius), smooth


def grown(
    signal: NDArray[np.float32],
    seeds: NDArray[np.int32],
    depth: NDArray[np.float32],
    *,
    tolerance: float,
    floor: float,
) -> NDArray[np.int32]:
    """Regions around seeds whose pixels are at most ``tolerance`` darker than the region's mean.

    After Adams and Bischof 1994 (IEEE PAMI 16:641), with the gray tolerance of AnnotatorJ (Hollandi et al. 2020,
    MBoC 31:2179) as limit. What lies at ``floor`` (the background) or below joins nothing, nor does what is not
    connected to its seed.

    Parameters
    ----------
    signal
        ``(h, w) float32``, objects bright.
    seeds
        ``(h, w) int32``, 1..n.
    depth
        ``(h, w) float32``, high in the middle of objects: regions that meet part where it is lowest.

    Returns
    -------
    ``(h, w) int32`` with the seeds' numbers.
    """
    count = int(seeds.max(initial=0))
    if count == 0:
        return seeds
    ground = watershed(-depth, seeds, mask=signal > floor).astype(np.int32)
    regions = seeds
    for _ in range(_ROUNDS):
        areas = np.maximum(np.bincount(regions.ravel(), minlength=count + 1), 1)
        means = np.bincount(regions.ravel(), signal.ravel(), minlength=count + 1) / areas
        near = (ground > 0) & (signal >= (means - tolerance)[ground])
        regions = _reached(np.where(near | (seeds > 0), ground, 0), seeds)
    return regions


def _reached(labels: NDArray[np.int32], seeds: NDArray[np.int32]) -> NDArray[np.int32]:
    """The pieces of each label that hold its seed."""
    pieces = cast("NDArray[np.uint32]", cc3d.connected_components(labels.astype(np.int32), connectivity=4))
    seeded = np.zeros(int(pieces.max(initial=0)) + 1, bool)
    seeded[pieces[(seeds > 0) & (labels == seeds)]] = True
    seeded[0] = False
    return np.where(seeded[pieces], labels, 0).astype(np.int32)


def _filled(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Holes of the whole foreground given to the region around them."""
    mask = with_filled_holes(labels > 0)
    return watershed(np.zeros(labels.shape, np.uint8), labels, mask=mask).astype(np.int32)


METHOD = RegionGrowingMethod()
