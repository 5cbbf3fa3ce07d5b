"""Small pictures of images as they are first shown. One is kept beside each image, so that lists need not open it."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from cytoloop.images.pyramid import Pyramid
from cytoloop.images.rendering import ChannelStyle, encode_jpeg, render

PREVIEW = "preview.jpg"
"""The file's name among the stored files of an image."""
PREVIEW_PX = 512


def first_styles(display: dict[str, Any], pyramid: Pyramid) -> tuple[ChannelStyle, ...]:
    """The channels as the image is first shown; none for RGB."""
    if pyramid.info.rgb:
        return ()
    return tuple(
        ChannelStyle(index, one["color"], one["low"], one["high"], 1.0) for index, one in enumerate(display["channels"])
    )


def rendered(read: Callable[[int], NDArray[np.generic]], pyramid: Pyramid, styles: tuple[ChannelStyle, ...]) -> bytes:
    """A JPEG of what ``read(channel)`` gives."""
    if pyramid.info.rgb:
        return encode_jpeg(np.ascontiguousarray(read(0)).view(np.uint8))
    return encode_jpeg(render([read(style.channel) for style in styles], styles))


def preview(pyramid: Pyramid, display: dict[str, Any], size_px: int = PREVIEW_PX) -> bytes:
    """The whole image, ``size_px`` on its longer side, as a JPEG; of a stack the middle slice at the first time."""
    z = pyramid.info.size_z // 2
    return rendered(lambda c: pyramid.thumbnail(size_px, c=c, z=z), pyramid, first_styles(display, pyramid))


def smaller(picture: bytes, size_px: int) -> bytes:
    """A JPEG reduced to ``size_px`` on its longer side; as it is if it is not larger."""
    pixels = simplejpeg.decode_jpeg(picture)
    height, width = pixels.shape[:2]
    factor = size_px / max(width, height)
    if factor >= 1:
        return picture
    shape = max(1, round(width * factor)), max(1, round(height * factor))
    return encode_jpeg(np.ascontiguousarray(cv2.resize(pixels, shape, interpolation=cv2.INTER_AREA), dtype=np.uint8))
