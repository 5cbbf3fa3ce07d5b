"""Methods and preprocessing side by side on the same pixels, after OpSeF (Rasse et al. 2020)."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import ValidationError

from cytoloop import __version__
from cytoloop.core.errors import ConflictError, CytoloopError, InvalidInputError, NotFoundError
from cytoloop.core.geometry import Box, Plane
from cytoloop.exchange.labels import read_label_stack
from cytoloop.exchange.report.overlays import enlarged, jpeg, shown, with_errors, with_outlines
from cytoloop.images.pyramid import Pyramid
from cytoloop.images.registry import open_image
from cytoloop.learning.method import Method, Pixels, parse_parameters
from cytoloop.learning.preprocessing import Pipeline, PipelineMethod, Step, write_pipeline
from cytoloop.learning.preprocessing.steps import checked_steps
from cytoloop.learning.registry import MethodRegistry
from cytoloop.measurements.scores import ImageScores, score_pair, summarise
from cytoloop.workflows.images.analysis import calibrate, read_pixels
from cytoloop.workflows.segmentation.batch import image_stem

MAX_ROWS = 200
WINDOW_PX = 2048
"""Larger images are compared in a window of this side in their middle."""
PICTURE_PX = 420
_NAME_OF_ROW = "compared"


@dataclass(frozen=True, slots=True)
class Row:
    """One way to segment: ``steps_name`` is how the user called the steps."""

    method: str
    steps: tuple[Step, ...] = ()
    steps_name: str = "none"
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def as_json(self) -> dict[str, Any]:
        """For files and jobs."""
        return {
            "method": self.method,
            "steps": [one.model_dump(mode="json") for one in self.steps],
            "steps_name": self.steps_name,
            "parameters": dict(self.parameters),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Row":
        """The inverse of ``as_json``; further keys do not matter."""
        try:
            return cls(
                str(values["method"]),
                checked_steps(values["steps"]),
                str(values["steps_name"]),
                dict(values["parameters"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInputError(f"This is no row of a comparison: {str(error)[:200]}") from error

    def pipeline(self, name: str, title: str) -> Pipeline:
        """The row under a name. Raises ``InvalidInputError`` where the name cannot be used."""
        try:
            return Pipeline(
                name=name, title=title, steps=self.steps, method=self.method, parameters=dict(self.parameters)
            )
        except ValidationError as error:
            raise InvalidInputError(f"The pipeline cannot be saved as {name!r}: {error.errors()[0]['msg']}.") from error


@dataclass(frozen=True, slots=True)
class Found:
    """One row's objects in one picture: ``labels (h, w) int32``; the median equivalent diameter, NaN without any."""

    labels: NDArray[np.int32]
    diameter_px: float
    seconds: float

    @property
    def objects(self) -> int:
        """How many."""
        return int(self.labels.max(initial=0))


def rows_of(
    methods: MethodRegistry,
    names: Sequence[str],
    steps: Mapping[str, tuple[Step, ...]],
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Row]:
    """The grid of methods and preprocessing, checked. ``parameters`` by method, where not the defaults."""
    given = parameters or {}
    for name in names:
        parse_parameters(methods.by_name(name), given.get(name, {}))
    rows = [
        Row(method, chosen, label, dict(given.get(method, {})))
        for method in dict.fromkeys(names)
        for label, chosen in steps.items()
    ]
    if not 0 < len(rows) <= MAX_ROWS:
        raise InvalidInputError(f"A comparison has 1 to {MAX_ROWS} rows; this has {len(rows)}. Choose other methods.")
    return rows


def row_method(methods: MethodRegistry, row: Row) -> Method:
    """The row as a method: exactly what it is when it is saved."""
    return PipelineMethod(row.pipeline(_NAME_OF_ROW, _NAME_OF_ROW), methods.by_name(row.method))


def found_by(method: Method, pyramid: Pyramid, box: Box, plane: Plane) -> Found:
    """The objects in a box of an image, with values from the whole image; reading does not count as time."""
    info = pyramid.info
    parameters = parse_parameters(method, {})
    projection = method.projection if isinstance(method, PipelineMethod) else None
    pixels = read_pixels(pyramid, box, plane, projection)
    whole = pixels if box == Box(0, 0, info.width, info.height) else None
    start = time.perf_counter()
    calibration = calibrate(method, parameters, pyramid, plane, whole)
    labels = method.segment(pixels, parameters, calibration).labels
    seconds = time.perf_counter() - start
    areas = np.bincount(labels.ravel())[1:]
    areas = areas[areas > 0]
    diameter = float(2 * np.sqrt(np.median(areas) / np.pi)) if areas.size else float("nan")
    return Found(labels, diameter, seconds)


def picture_of(pixels: Pixels, labels: NDArray[np.int32], truth: NDArray[np.integer] | None = None) -> bytes:
    """A JPEG of the outlines, or of the errors where the truth is known; its longer side is about ``PICTURE_PX``."""
    picture = shown(pixels.array)
    factor = PICTURE_PX / max(picture.shape[:2])
    if factor < 1:
        size = (max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor)))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        labels = _resized(labels, size)
        truth = None if truth is None else _resized(truth, size)
    else:
        picture = enlarged(picture, PICTURE_PX // 2)
        times = picture.shape[0] // labels.shape[0]
        labels = labels.repeat(times, axis=0).repeat(times, axis=1)
        truth = None if truth is None else truth.repeat(times, axis=0).repeat(times, axis=1)
    return jpeg(with_outlines(picture, labels) if truth is None else with_errors(picture, truth, labels), 82)


def _resized(labels: NDArray[np.integer], size: tuple[int, int]) -> NDArray[np.int32]:
    return np.asarray(cv2.resize(labels.astype(np.int32), size, interpolation=cv2.INTER_NEAREST), np.int32)


@dataclass(frozen=True, slots=True)
class Cell:
    """One row on one image, JSON-ready but for the ``picture`` (JPEG)."""

    image: str
    objects: int
    median_diameter_px: float | None
    seconds: float
    scores: ImageScores | None
    picture: bytes | None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The numbers; ``None`` where there are none."""
        return {
            "image": self.image,
            "objects": self.objects,
            "median_diameter_px": self.median_diameter_px,
            "seconds": round(self.seconds, 4),
            "dsb": None if self.scores is None else self.scores.dsb,
            "f1": None if self.scores is None else self.scores.f1(),
            "error": self.error,
        }


def compare_files(
    paths: Sequence[Path],
    rows: Sequence[Row],
    methods: MethodRegistry,
    *,
    truth: Mapping[str, Path] | None = None,
    pictures: int = 6,
    on_cell: Callable[[], None] = lambda: None,
) -> list[list[Cell]]:
    """Every row on every image; a cell that fails holds its error. Pictures are of the first images only."""
    ready = [row_method(methods, row) for row in rows]
    cells: list[list[Cell]] = [[] for _ in rows]
    for number, path in enumerate(paths):
        pyramid = Pyramid(open_image(path))
        try:
            box = middle_window(pyramid)
            true_labels = None if truth is None else _truth(truth[image_stem(path)], pyramid, box)
            pixels = read_pixels(pyramid, box, Plane(0, 0))
            for place, method in zip(cells, ready, strict=True):
                place.append(_cell(method, pyramid, box, path.name, true_labels, pixels if number < pictures else None))
                on_cell()
        finally:
            pyramid.source.close()
    return cells


def middle_window(pyramid: Pyramid) -> Box:
    """The whole image, or the middle of a large one."""
    width, height = pyramid.info.width, pyramid.info.height
    w, h = min(width, WINDOW_PX), min(height, WINDOW_PX)
    x, y = (width - w) // 2, (height - h) // 2
    return Box(x, y, x + w, y + h)


def _cell(
    method: Method, pyramid: Pyramid, box: Box, name: str, truth: NDArray[np.int64] | None, pixels: Pixels | None
) -> Cell:
    try:
        found = found_by(method, pyramid, box, Plane(0, 0))
    except CytoloopError as error:
        return Cell(name, 0, None, 0.0, None, None, error.message)
    scores = None if truth is None else score_pair(truth, found.labels)
    picture = None if pixels is None else picture_of(pixels, found.labels, truth)
    diameter = None if np.isnan(found.diameter_px) else found.diameter_px
    return Cell(name, found.objects, diameter, found.seconds, scores, picture)


def truth_files(folder: Path, paths: Sequence[Path]) -> dict[str, Path]:
    """The true label image of each image, by stem. Raises ``InvalidInputError`` that lists what is missing."""
    if not folder.is_dir():
        raise InvalidInputError(f"There is no folder {folder}.")
    found = {image_stem(one): one for one in sorted(folder.iterdir()) if one.is_file() and one.name[0] != "."}
    missing = [path.name for path in paths if image_stem(path) not in found]
    if missing:
        raise InvalidInputError(
            f"{folder} has no label image for {', '.join(missing[:10])}. Add it, or compare without --truth."
        )
    return {image_stem(path): found[image_stem(path)] for path in paths}


def _truth(path: Path, pyramid: Pyramid, box: Box) -> NDArray[np.int64]:
    labels = np.squeeze(read_label_stack(path)).astype(np.int64)
    if labels.shape != (pyramid.info.height, pyramid.info.width):
        size = " x ".join(str(side) for side in reversed(labels.shape))
        raise InvalidInputError(
            f"{path.name} has {size} px and its image {pyramid.info.width} x {pyramid.info.height}; "
            "they must have the same size."
        )
    return labels[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]


def row_summary(row: Row, cells: Sequence[Cell]) -> dict[str, Any]:
    """A row's totals over its images, JSON-ready; scores are means over images, F1 over all objects."""
    diameters = [one.median_diameter_px for one in cells if one.median_diameter_px is not None]
    scores = [one.scores for one in cells if one.scores is not None]
    total = summarise(scores) if scores else None
    return {
        **row.as_json(),
        "objects": sum(one.objects for one in cells),
        "median_diameter_px": float(np.median(diameters)) if diameters else None,
        "seconds": round(sum(one.seconds for one in cells), 4),
        "dsb": None if total is None else total.dsb,
        "f1": None if total is None else total.rates[0].f1,
        "failed": sum(one.error is not None for one in cells),
        "cells": [one.as_json() for one in cells],
    }


def write_comparison(folder: Path, rows: Sequence[Row], cells: Sequence[Sequence[Cell]]) -> Path:
    """``compare.json``: everything but the pictures. Rows are numbered from 1."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "cytoloop_version": __version__,
        "rows": [
            {"row": number, **row_summary(row, found)}
            for number, (row, found) in enumerate(zip(rows, cells, strict=True), start=1)
        ],
    }
    path = folder / "compare.json"
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    return path


def row_in(folder: Path, number: int) -> Row:
    """A row, counted from 1, of a comparison that was written to a folder."""
    path = folder / "compare.json"
    try:
        rows = orjson.loads(path.read_bytes())["rows"]
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise InvalidInputError(f"There is no comparison in {folder}. Run 'cytoloop compare' first.") from error
    if not 1 <= number <= len(rows):
        raise InvalidInputError(f"The comparison in {folder} has rows 1 to {len(rows)}; there is no row {number}.")
    return Row.from_json(rows[number - 1])


def save_row(methods: MethodRegistry, row: Row, *, name: str, title: str) -> Path:
    """Keep a row as a pipeline in the models folder, usable by its name from then on."""
    if methods.models is None:
        raise NotFoundError("There is no folder of models here, so no pipeline can be saved.")
    pipeline = row.pipeline(name, title)
    if name in methods.all():
        raise ConflictError(f"There is a method {name!r} already. Choose another name, or remove that one first.")
    methods.by_name(row.method)
    return write_pipeline(pipeline, methods.models)
