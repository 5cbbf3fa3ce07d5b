"""Cuts through a stack at right angles to its planes."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError
from cytoloop.core.geometry import Box

from .pyramid import Pyramid

LONGEST_PX = 1024
"""A cut is at most so wide; wider images are averaged."""
MAX_PLANES = 4096

Side = Literal["x", "y"]
Depth = Literal["z", "t"]


def orthogonal(
    pyramid: Pyramid, side: Side, depth: Depth, at: float, *, c: int = 0, z: int = 0, t: int = 0
) -> NDArray[np.generic]:
    """The pixels of a line of every plane, one plane under the other.

    Parameters
    ----------
    side
        ``x``: along a row of the image, at ``at`` = y; ``y``: along a column, at ``at`` = x (px).
    depth
        The axis that runs downwards: ``z`` of the time point ``t``, or ``t`` of the slice ``z``.

    Returns
    -------
    ``(planes, length)``, or ``(planes, length, 3)`` for RGB; ``length`` at most 1024.

    Raises
    ------
    InvalidInputError
        The place lies outside the image, or the image has one plane or more than 4,096 along ``depth``.
    """
    info = pyramid.info
    planes = info.size_z if depth == "z" else info.size_t
    if not 2 <= planes <= MAX_PLANES:
        raise InvalidInputError(f"The image has {planes:,} planes along {depth}; a cut needs 2 to {MAX_PLANES:,}.")
    length, across = (info.width, info.height) if side == "x" else (info.height, info.width)
    if not 0 <= at < across:
        other = "y" if side == "x" else "x"
        raise InvalidInputError(f"{other} = {at:g} lies outside the image, which has 0 to {across - 1}.")
    downsample = max(1.0, length / LONGEST_PX)
    start = min(float(np.floor(at)), across - min(downsample, across))
    box = Box(0, start, length, start + downsample) if side == "x" else Box(start, 0, start + downsample, length)
    lines: list[NDArray[np.generic]] = []
    for plane in range(planes):
        place = {"z": plane, "t": t} if depth == "z" else {"z": z, "t": plane}
        line = pyramid.region(box, downsample, c=c, **place)
        lines.append(line[0] if side == "x" else line[:, 0])
    return np.stack(lines)
