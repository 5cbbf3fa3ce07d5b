"""What a pixel classifier makes of a window of an image, at once: a picture to lay over it."""

import threading
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cytoloop.core.errors import InvalidInputError, TooLargeError, UnavailableError
from cytoloop.core.geometry import Box, Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.learning.pixels.filters import planes_of
from cytoloop.learning.pixels.package import PixelPackage
from cytoloop.learning.pixels.predictor import predictor_of
from cytoloop.workflows.images.analysis import analysis_box, downsample_for, read_pixels

MOST_PIXELS = 1600 * 1600
"""Of the analysis, in one preview."""
LOOKED_AT = 100_000
"""Pixels that are looked at in a large window, about; they are evenly spread."""
PATIENCE_S = 5.0
"""How long a preview waits for others."""
_AT_ONCE = threading.BoundedSemaphore(2)
"""Previews that this process computes side by side: they must not starve other requests."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A PNG, the box (full-resolution px) that it covers, and how many pixels apart it was looked at."""

    png: bytes
    box: Box
    step: int


def pixel_preview(pyramid: Pyramid, package: PixelPackage, box: Box, plane: Plane, only: int | None = None) -> Preview:
    """The most probable class of each pixel in its colour, the more opaque the more certain.

    Parameters
    ----------
    box
        In full-resolution px; what is off the image is cut away.
    only
        Show the probability of this class (its place) alone.

    Raises
    ------
    InvalidInputError, TooLargeError
        The box does not touch the image, or holds too many pixels.
    """
    info = pyramid.info
    downsample = downsample_for(info, package.spec.analysis_um, "the image")
    seen = _whole(box, downsample).intersection(analysis_box(info.width, info.height, downsample))
    if seen.is_empty:
        raise InvalidInputError("The window does not touch the image.")
    count = int(seen.width * seen.height)
    if count > MOST_PIXELS:
        raise TooLargeError(
            f"A preview has at most {MOST_PIXELS:,} pixels; this window has {count:,}. Zoom in, or ask for less."
        )
    if only is not None and only >= len(package.classes):
        raise InvalidInputError(f"The pixel classifier has {len(package.classes)} classes, counted from 0.")
    step = max(1, round((count / LOOKED_AT) ** 0.5))
    if not _AT_ONCE.acquire(timeout=PATIENCE_S):
        raise UnavailableError("Too many previews are asked for at once. Try again in a moment.")
    try:
        pixels = read_pixels(pyramid, seen, plane, None, downsample)
        channels = pixels.array.shape[2]
        package.spec.require_fit(rgb=pixels.rgb, channels=channels, pixel_um=pixels.pixel_size_um, name="the image")
        likely = predictor_of(package.folder).probabilities(planes_of(pixels, package.spec), step)
    finally:
        _AT_ONCE.release()
    return Preview(_png(likely, package, only), seen.scaled(downsample), step)


def _whole(box: Box, downsample: float) -> Box:
    x0, y0, x1, y1 = (one / downsample for one in box.as_tuple())
    return Box(float(np.floor(x0)), float(np.floor(y0)), float(np.ceil(x1)), float(np.ceil(y1)))


def _png(likely: NDArray[np.float32], package: PixelPackage, only: int | None) -> bytes:
    colours = np.array([[int(one.color[at : at + 2], 16) for at in (1, 3, 5)] for one in package.classes], np.uint8)
    best: Any = likely.argmax(axis=0) if only is None else np.full(likely.shape[1:], only)
    sure = np.take_along_axis(likely, best[None], axis=0)[0]
    picture = np.empty((*best.shape, 4), np.uint8)
    picture[..., :3] = colours[best]
    picture[..., 3] = (255 * np.clip(sure, 0, 1)).astype(np.uint8)
    file = BytesIO()
    Image.fromarray(picture).save(file, "PNG", compress_level=1)
    return file.getvalue()
