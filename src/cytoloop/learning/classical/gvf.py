"""The method ``gvf``: pixels follow the gradient vector flow to a sink; those of one sink are an object."""

import cc3d
import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from cytoloop.learning.method import Calibration, Instances, Pixels

from .cleaning import (
    instances,
    kept_objects,
    no_instances,
    typical_piece_px2,
    with_filled_holes,
    without_small_pieces,
)
from .splitting import distance_inside, typical_radius_px
from .threshold import ObjectParameters, calibrate_foreground, find_foreground

_FIELD_RADIUS_PX = 8.0
"""The field is solved on an image reduced to objects of this radius: it has to diffuse to their centres."""
_STEP = 0.2
"""Time step of the diffusion; the explicit scheme is stable up to 1/4 for a smoothness of 1."""
_MERGE_SHARE = 0.5


class GvfParameters(ObjectParameters):
    """Parameters of the method ``gvf``."""

    smoothness: float = Field(
        0.4,
        title="Smoothness of the field",
        ge=0.01,
        le=1,
        description="More fills weak and noisy places from their surroundings, and gives fewer objects.",
    )
    iterations: int = Field(
        200,
        title="Diffusion steps",
        ge=1,
        le=5_000,
        description="How far the gradients at the edges spread inwards.",
        json_schema_extra={"advanced": True},
    )
    merge_px: float | None = Field(
        None,
        title="Merge sinks nearer than",
        ge=0,
        le=1_000,
        description="Sinks that belong to one object; empty for half the typical radius.",
        json_schema_extra={"unit": "px", "advanced": True},
    )


class GvfMethod:
    """Gradient vector flow."""

    name = "gvf"
    title = "Gradient vector flow"
    description = (
        "Lets every foreground pixel flow along the diffused gradient to the middle of its object. "
        "A classical baseline for nuclei that touch; needs no training."
    )
    parameters: type[BaseModel] = GvfParameters

    def calibrate(self, overview: Pixels, parameters: GvfParameters) -> Calibration:
        """The channel, polarity and threshold of the whole image."""
        return calibrate_foreground(overview, parameters, parameters.smoothing_px)

    def segment(self, pixels: Pixels, parameters: GvfParameters, calibration: Calibration) -> Instances:
        """Basins of the flow inside the calibrated foreground."""
        found = find_foreground(pixels, parameters, calibration, sigma_px=parameters.smoothing_px, block_px=101)
        if found is None:
            return no_instances(pixels.array.shape[:2])
        mask = without_small_pieces(found.mask, parameters.min_area_px2)
        mask = with_filled_holes(mask) if parameters.fill_holes else mask
        labels = kept_objects(
            _basins_of(found.signal, mask, found.background, parameters),
            min_area_px2=parameters.min_area_px2,
            max_area_px2=parameters.max_area_px2,
            remove_border=parameters.remove_border,
        )
        return instances(labels, found.signal, threshold=found.threshold, background=found.background)


def _basins_of(
    signal: NDArray[np.float32], mask: NDArray[np.bool_], background: float, parameters: GvfParameters
) -> NDArray[np.int32]:
    if not mask.any():
        return np.zeros(mask.shape, np.int32)
    radius = min(typical_radius_px(mask, distance_inside(mask)), (typical_piece_px2(mask) / np.pi) ** 0.5)
    factor = max(1.0, radius / _FIELD_RADIUS_PX)
    bright = np.maximum(signal, np.float32(background))
    size = (max(1, round(mask.shape[1] / factor)), max(1, round(mask.shape[0] / factor)))
    small = bright if factor == 1 else cv2.resize(bright, size, interpolation=cv2.INTER_AREA)
    flow = gradient_vector_flow(
        np.asarray(small, np.float32).reshape(size[1], size[0]),
        smoothness=parameters.smoothness,
        iterations=parameters.iterations,
    )
    if factor > 1:
        flow = np.stack(
            [cv2.resize(one, mask.shape[::-1], interpolation=cv2.INTER_LINEAR).reshape(mask.shape) for one in flow]
        )
    apart = _MERGE_SHARE * radius if parameters.merge_px is None else parameters.merge_px
    return basins(flow, mask, merge_px=apart)


def gradient_vector_flow(
    signal: NDArray[np.float32], *, smoothness: float = 0.4, iterations: int = 200
) -> NDArray[np.float32]:
    """The field that keeps strong gradients and diffuses them elsewhere (Xu and Prince 1998, IEEE TIP 7:359).

    Parameters
    ----------
    signal
        ``(h, w) float32``, objects bright; any range.
    smoothness
        The weight of the diffusion against fidelity, Xu and Prince's mu.

    Returns
    -------
    ``(2, h, w) float32``: rows and columns, pointing to where it is brighter.
    """
    span = float(np.ptp(signal)) if signal.size else 0.0
    if span <= 0 or min(signal.shape) < 2:
        return np.zeros((2, *signal.shape), np.float32)
    scaled = (signal - signal.min()) / np.float32(span)
    gradient = np.stack(np.gradient(scaled)).astype(np.float32)
    strength = (gradient**2).sum(axis=0)
    # fidelity counts in units of the image's own strongest gradients, so that contrast does not matter
    strength /= max(float(np.percentile(strength, 99)), float(strength.max()) * 1e-3)
    kept = np.clip(strength, 0, 1)
    field = gradient.copy()
    for _ in range(iterations):
        for axis in range(2):
            spread = cv2.Laplacian(field[axis], cv2.CV_32F, ksize=1, borderType=cv2.BORDER_REPLICATE)
            field[axis] += _STEP * (smoothness * spread - kept * (field[axis] - gradient[axis]))
    return field


def basins(flow: NDArray[np.float32], mask: NDArray[np.bool_], *, merge_px: float) -> NDArray[np.int32]:
    """Which sink each pixel flows to, step by step to its neighbour downstream (Li et al. 2007, J Microsc 228:1).

    A pixel whose neighbour downstream flows against it (more than 90 degrees), or lies outside, is a sink.

    Parameters
    ----------
    flow
        ``(2, h, w)``, rows and columns.
    mask
        ``(h, w) bool``: pixels that flow.
    merge_px
        Sinks nearer than this are one.

    Returns
    -------
    ``(h, w) int32``, 0 outside the mask.
    """
    height, width = mask.shape
    length = np.maximum(np.hypot(flow[0], flow[1]), np.float32(1e-12))
    unit = flow / length
    rows, columns = np.indices(mask.shape)
    down = np.clip(rows + np.rint(unit[0]).astype(np.int64), 0, height - 1)
    right = np.clip(columns + np.rint(unit[1]).astype(np.int64), 0, width - 1)
    against = (unit * unit[:, down, right]).sum(axis=0) <= 0
    own = rows * width + columns
    following = np.where(against | ~mask[down, right] | ~mask, own, down * width + right).ravel()
    for _ in range(int(mask.size).bit_length()):
        further = following[following]
        if np.array_equal(further, following):
            break
        following = further
    sinks = np.zeros(mask.size, np.uint8)
    sinks[following[mask.ravel()]] = 1
    reach = max(1, round(merge_px))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach | 1, reach | 1))
    joined = cv2.dilate(sinks.reshape(mask.shape), kernel).reshape(mask.shape)
    numbers = cc3d.connected_components(joined, connectivity=8).ravel()
    return np.where(mask, numbers[following].reshape(mask.shape), 0).astype(np.int32)


METHOD = GvfMethod()
