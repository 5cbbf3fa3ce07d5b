"""Random views of images: where to look, how large, turned and bent how.

Object size is normalised: most views show the median object at the model's diameter, some at any other, so that
the model can also tell the size of objects in an image that was not rescaled yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cc3d
import cv2
import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.normalisation import Range, intensity_range, normalised

from .configuration import Views
from .dataset import Example, median_diameter

_PYRAMID_LEVELS = 4


@dataclass(frozen=True, slots=True)
class ViewPlan:
    """How views are drawn, and of objects how large: ``diameter`` in px of the view."""

    shares: Views
    diameter: float = 26.0
    separated: bool = True
    """Whether labels number objects, so that pieces must get numbers of their own; else they name classes."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """``image (h, w, 3) float32``, 0..1 for the range of the source; ``labels (h, w) int32``, -1 = ignore."""

    image: NDArray[np.float32]
    labels: NDArray[np.int32]


class Source:
    """An example made ready for views: RGB, reduced copies, range and object size."""

    def __init__(self, example: Example) -> None:
        image = example.image if example.image.ndim == 3 else np.repeat(example.image[..., None], 3, axis=2)
        if image.dtype.name not in {"uint8", "uint16", "float32"}:
            image = image.astype(np.float32)
        self.name = example.name
        self.labels = example.labels.astype(np.float32)
        places = np.argwhere(example.labels > 0)
        self.object_places = places[:: max(1, len(places) // 500)]
        self.range: Range = intensity_range(example.image)
        self.diameter = median_diameter(example.labels) or 20.0
        self.levels: list[NDArray[Any]] = [np.ascontiguousarray(image)]
        while len(self.levels) < _PYRAMID_LEVELS and min(self.levels[-1].shape[:2]) >= 32:
            last = self.levels[-1]
            self.levels.append(cv2.resize(last, (last.shape[1] // 2, last.shape[0] // 2), interpolation=cv2.INTER_AREA))


def random_view(sources: Sequence[Source], plan: ViewPlan, pick: "PickByType", rng: np.random.Generator) -> View:
    """One view of one image, or a mosaic of four that meet in a random point."""
    size = plan.shares.size
    if rng.random() >= plan.shares.mosaic_share:
        return _part(sources[pick(rng)], (size, size), plan, rng)
    y, x = (int(rng.integers(size // 4, 3 * size // 4)) for _ in range(2))
    image = np.empty((size, size, 3), np.float32)
    labels = np.empty((size, size), np.int32)
    last = 0
    for rows in (slice(0, y), slice(y, size)):
        for columns in (slice(0, x), slice(x, size)):
            part = _part(sources[pick(rng)], (rows.stop - rows.start, columns.stop - columns.start), plan, rng)
            image[rows, columns] = part.image
            labels[rows, columns] = np.where(part.labels > 0, part.labels + last, part.labels)
            if plan.separated:
                last = max(last, int(labels[rows, columns].max(initial=0)))
    return View(image, labels)


class PickByType:
    """Draws image numbers so that rare types are seen more often than by chance.

    A type's share is its number of images to the power ``balance`` (0: all types alike; 1: all images alike);
    within a type larger images come a little more often.
    """

    def __init__(self, types: Sequence[int], pixels: Sequence[int], balance: float) -> None:
        numbers = np.asarray(types)
        weights = np.zeros(len(numbers))
        for one in np.unique(numbers):
            chosen = numbers == one
            inside = np.asarray(pixels, dtype=float)[chosen] ** 0.25
            weights[chosen] = inside / inside.sum() * chosen.sum() ** balance
        self._edges = np.cumsum(weights / weights.sum())

    def __call__(self, rng: np.random.Generator) -> int:
        return int(min(np.searchsorted(self._edges, rng.random()), len(self._edges) - 1))


def _part(source: Source, shape: tuple[int, int], plan: ViewPlan, rng: np.random.Generator) -> View:
    zoom = _zoom(source, plan, rng)
    matrix = _turn(zoom, rng)
    height, width = shape
    base_height, base_width = source.levels[0].shape[:2]
    reach_y, reach_x = height / zoom / 2, width / zoom / 2
    center = (
        rng.uniform(min(reach_x, base_width / 2), max(base_width - reach_x, base_width / 2)),
        rng.uniform(min(reach_y, base_height / 2), max(base_height - reach_y, base_height / 2)),
    )
    if len(source.object_places) and rng.random() < plan.shares.object_share:
        y, x = source.object_places[rng.integers(len(source.object_places))]
        center = (x + rng.uniform(-0.4, 0.4) * width / zoom, y + rng.uniform(-0.4, 0.4) * height / zoom)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    rows -= (height - 1) / 2
    columns -= (width - 1) / 2
    if rng.random() < plan.shares.elastic_share:
        bend = rng.normal(0, plan.diameter * 0.14, (2, 5, 5)).astype(np.float32)
        rows += cv2.resize(bend[0], (width, height), interpolation=cv2.INTER_CUBIC)
        columns += cv2.resize(bend[1], (width, height), interpolation=cv2.INTER_CUBIC)
    map_x = matrix[0, 0] * columns + matrix[0, 1] * rows + np.float32(center[0] - 0.5)
    map_y = matrix[1, 0] * columns + matrix[1, 1] * rows + np.float32(center[1] - 0.5)
    labels = cv2.remap(source.labels, map_x, map_y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101).astype(
        np.int32
    )
    image = _sampled(source, map_x, map_y, zoom)
    values = intensity_range(image) if rng.random() < plan.shares.own_range_share else source.range
    return View(normalised(image, values), separate(labels) if plan.separated else labels)


def _sampled(
    source: Source, map_x: NDArray[np.float32], map_y: NDArray[np.float32], zoom: float
) -> NDArray[np.generic]:
    """Pixels from the reduced copy that is nearest above the wanted size, so that nothing aliases."""
    level = int(np.clip(np.floor(np.log2(1 / zoom) + 0.35), 0, len(source.levels) - 1))
    image = source.levels[level]
    if level:
        factor = np.float32(1 / 2**level)
        map_x, map_y = (map_x + 0.5) * factor - 0.5, (map_y + 0.5) * factor - 0.5
    return cv2.remap(image, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def _zoom(source: Source, plan: ViewPlan, rng: np.random.Generator) -> float:
    if rng.random() < plan.shares.any_scale_share:
        wanted = float(np.exp(rng.uniform(np.log(7), np.log(90))))
    else:
        wanted = plan.diameter * float(np.exp(rng.normal(0, plan.shares.scale_sigma)))
    smallest_side = min(source.levels[0].shape[:2])
    return float(np.clip(wanted / source.diameter, max(0.1, plan.shares.size / 4 / smallest_side), 6.0))


def _turn(zoom: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """From px of the view to px of the image: turned, mirrored, a little stretched and sheared."""
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.5 else rng.integers(4) * np.pi / 2
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    stretch = np.diag(np.exp(rng.normal(0, 0.07, 2))) @ np.array([[1, rng.normal(0, 0.05)], [0, 1]])
    mirror = np.diag([rng.choice([-1.0, 1.0]), 1.0])
    return (turn @ stretch @ mirror / zoom).astype(np.float32)


def separate(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Labels numbered anew so that each connected piece is an object of its own; -1 (ignore) stays."""
    found = cc3d.connected_components(np.maximum(labels, 0), connectivity=8, out_dtype=np.uint32).astype(np.int32)
    if (labels < 0).any():
        found[labels < 0] = -1
    return found
