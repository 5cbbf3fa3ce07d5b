"""What networks are asked to predict, made from label images ``(h, w) int32`` with 0 = background, -1 = ignore."""

import cv2
import edt
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects


def normalised_distance(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """Distance to the object's edge over the object's largest one: 0 outside, 1 at the centre, ``(h, w)``.

    The border of the view is no edge.
    """
    known = np.maximum(labels, 0)
    if not known.any():
        return np.zeros(labels.shape, np.float32)
    distance = edt.edt(known.astype(np.uint32), black_border=False)
    distance = np.where(np.isfinite(distance) & (known > 0), distance, 0).astype(np.float32)
    if not distance.any():  # one object fills the view
        return (known > 0).astype(np.float32)
    largest = np.zeros(int(known.max()) + 1, np.float32)
    np.maximum.at(largest, known.ravel(), distance.ravel())
    largest[largest == 0] = 1
    return distance / largest[known]


def touching_weight(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """Extra weight, 0 to 2, near where two objects touch: the pixels that decide whether they are one, ``(h, w)``."""
    edge = np.zeros(labels.shape, np.float32)
    for first, second in (
        ((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
        ((slice(1, None), slice(None)), (slice(None, -1), slice(None))),
    ):
        meet = (labels[first] != labels[second]) & (labels[first] > 0) & (labels[second] > 0)
        edge[first][meet] = 1
        edge[second][meet] = 1
    if not edge.any():
        return edge
    return np.minimum(cv2.GaussianBlur(edge, (0, 0), 2.0) * 4, 2).astype(np.float32)


def star_distances(labels: NDArray[np.int32], rays: int, step: int = 1) -> NDArray[np.float32]:
    """How far each object reaches in ``rays`` directions, px, ``(rays, h // step, w // step)``.

    Star-convex polygons (Schmidt et al. 2018). 0 outside objects. Direction k points at the angle 2 pi k / rays, x to
    the right, y down.
    """
    height, width = labels.shape
    rows, columns = np.mgrid[0:height:step, 0:width:step]
    own = labels[rows, columns]
    found = np.zeros((rays, *own.shape), np.float32)
    longest = int(np.ceil(np.hypot(height, width)))
    for ray in range(rays):
        dy, dx = np.sin(2 * np.pi * ray / rays), np.cos(2 * np.pi * ray / rays)
        inside = own > 0
        for distance in range(1, longest):
            y = np.rint(rows + distance * dy).astype(int)
            x = np.rint(columns + distance * dx).astype(int)
            within = (y >= 0) & (y < height) & (x >= 0) & (x < width)
            inside = inside & within
            inside[inside] = labels[y[inside], x[inside]] == own[inside]
            if not inside.any():
                break
            found[ray][inside] = distance
        found[ray][own > 0] += 0.5
    return found


def flows(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """Unit vectors (dy, dx) towards each object's middle, ``(2, h, w)``; 0 outside.

    As Cellpose (Stringer et al. 2021), with the smoothed distance map in place of simulated heat: its gradient leads
    from every pixel of an object to one place in it.
    """
    distance = normalised_distance(labels)
    found = np.zeros((2, *labels.shape), np.float32)
    for number, region in enumerate(_regions(labels), start=1):
        if region is None:
            continue
        inside = labels[region] == number
        values = cv2.GaussianBlur(np.where(inside, distance[region], 0), (0, 0), max(1.0, inside.sum() ** 0.5 / 8))
        if min(values.shape) < 2:
            continue
        dy, dx = np.gradient(values)
        length = np.hypot(dy, dx) + 1e-6
        found[0][region][inside] = (dy / length)[inside]
        found[1][region][inside] = (dx / length)[inside]
    return found


def _regions(labels: NDArray[np.int32]) -> list[tuple[slice, ...] | None]:
    """A box with a margin of 1 px around each object, by number from 1."""
    height, width = labels.shape
    boxes: list[tuple[slice, ...] | None] = list(find_objects(np.maximum(labels, 0)))
    return [
        None
        if box is None
        else (
            slice(max(box[0].start - 1, 0), min(box[0].stop + 1, height)),
            slice(max(box[1].start - 1, 0), min(box[1].stop + 1, width)),
        )
        for box in boxes
    ]
