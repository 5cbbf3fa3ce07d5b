"""Pictures with outlines drawn on them."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cytoloop.learning.normalisation import intensity_range, normalised
from cytoloop.measurements.outcomes import Outcome, outcomes

COLOURS: Mapping[Outcome, tuple[int, int, int]] = {
    Outcome.FOUND: (255, 255, 255),
    Outcome.MISSED: (0, 200, 70),
    Outcome.EXTRA: (230, 30, 30),
    Outcome.SPLIT: (255, 215, 0),
    Outcome.MERGED: (60, 130, 255),
}
"""RGB. nucleAIzer's: split yellow, extra red, missed green, merged blue; what was found is white."""


def shown(image: NDArray[Any]) -> NDArray[np.uint8]:
    """An image ``(h, w)``, ``(h, w, 1)`` or ``(h, w, 3)`` of any range as RGB ``(h, w, 3) uint8``."""
    picture = image[..., 0] if image.ndim == 3 and image.shape[2] != 3 else image
    if picture.dtype == np.uint8 and picture.ndim == 3:
        return np.ascontiguousarray(picture)
    scaled = np.clip(normalised(picture, intensity_range(picture)), 0, 1)
    plane = (scaled * 255).astype(np.uint8)
    return np.ascontiguousarray(plane if plane.ndim == 3 else np.repeat(plane[..., None], 3, axis=2))


def with_outlines(
    picture: NDArray[np.uint8], labels: NDArray[np.integer], colour: tuple[int, int, int] = (255, 230, 0)
) -> NDArray[np.uint8]:
    """The picture with a line 1 px wide along the inner edge of every object."""
    drawn = picture.copy()
    drawn[inner_edges(labels)] = colour
    return drawn


def with_errors(
    picture: NDArray[np.uint8], truth: NDArray[np.integer], predicted: NDArray[np.integer]
) -> NDArray[np.uint8]:
    """The picture with every object outlined in the colour of its outcome; errors are filled faintly too."""
    found = outcomes(truth, predicted)
    drawn = picture.copy()
    _draw(drawn, predicted, found.predicted, {Outcome.FOUND})
    _draw(drawn, truth, found.truth, {Outcome.MISSED, Outcome.SPLIT})
    _draw(drawn, predicted, found.predicted, {Outcome.EXTRA, Outcome.MERGED})
    return drawn


def _draw(
    drawn: NDArray[np.uint8], labels: NDArray[np.integer], named: Mapping[int, Outcome], chosen: set[Outcome]
) -> None:
    edges = inner_edges(labels)
    for outcome in chosen:
        numbers = [number for number, one in named.items() if one is outcome]
        if not numbers:
            continue
        inside = np.isin(labels, numbers)
        colour = np.array(COLOURS[outcome], np.float32)
        if outcome is not Outcome.FOUND:
            drawn[inside] = (0.7 * drawn[inside] + 0.3 * colour).astype(np.uint8)
        drawn[inside & edges] = COLOURS[outcome]


def inner_edges(labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Pixels of objects that touch another object or the background, ``(h, w) bool``."""
    padded = np.pad(labels, 1, mode="edge")
    middle = padded[1:-1, 1:-1]
    edge = np.zeros(labels.shape, bool)
    for neighbour in (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]):
        edge |= neighbour != middle
    return edge & (labels != 0)


def enlarged(picture: NDArray[np.uint8], least_side: int) -> NDArray[np.uint8]:
    """The picture in whole multiples, so that its longer side has at least so many px."""
    factor = max(1, -(-least_side // max(picture.shape[:2])))
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def png(picture: NDArray[np.uint8]) -> bytes:
    """As a PNG file."""
    return cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()


def jpeg(picture: NDArray[np.uint8], quality: int = 88) -> bytes:
    """As a JPEG file."""
    return cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[
        1
    ].tobytes()


def sheet(pictures: list[NDArray[np.uint8]], columns: int, cell: tuple[int, int]) -> NDArray[np.uint8]:
    """Pictures in rows, each fitted into a cell ``(h, w)`` and centred on gray."""
    rows = -(-len(pictures) // columns)
    canvas = np.full((rows * cell[0], columns * cell[1], 3), 40, np.uint8)
    for number, picture in enumerate(pictures):
        factor = min((cell[0] - 4) / picture.shape[0], (cell[1] - 4) / picture.shape[1])
        size = (max(1, int(picture.shape[1] * factor)), max(1, int(picture.shape[0] * factor)))
        fitted = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST)
        top = (number // columns) * cell[0] + (cell[0] - size[1]) // 2
        left = (number % columns) * cell[1] + (cell[1] - size[0]) // 2
        canvas[top : top + size[1], left : left + size[0]] = fitted
    return canvas
