"""What a worker process does for landmarks: images as they are looked at, the training, and the search."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import ConflictError
from cytoloop.core.geometry import Plane
from cytoloop.images.pyramid import Pyramid
from cytoloop.jobs.worker import Reporter
from cytoloop.learning.classifiers.predictor import Session
from cytoloop.learning.landmarks.configuration import LandmarkConfiguration
from cytoloop.learning.landmarks.package import (
    LandmarkPackage,
    NewDetector,
    known_detector,
    write_detector,
)
from cytoloop.learning.landmarks.predictor import FoundLandmark, LandmarkPredictor, asked, load_detector
from cytoloop.learning.landmarks.specification import STAGES, LandmarkSpec
from cytoloop.learning.landmarks.training import LandmarkSample, Tell, train_landmarks
from cytoloop.learning.landmarks.views import View, working_planes, working_shape
from cytoloop.learning.landmarks.windows import Scene
from cytoloop.learning.method import Pixels
from cytoloop.learning.packages.tabular import KnownClass, NewFiles
from cytoloop.workflows.images.analysis import overview
from cytoloop.workflows.images.files import ImageFiles, open_files

from .cards import landmark_card

EXAMPLE = 4
_SIDE_MARGIN = 2
"""How many times the working size an image is read at: what is then reduced is sharper."""


def run(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """One step; ``call["step"]`` says which."""
    match call["step"]:
        case "sample":
            return sample(call, reporter)
        case "train":
            return train(call, reporter)
        case _:
            return detect(call, reporter)


def seen_pixels(pyramid: Pyramid, plane: Plane, size_px: int) -> Pixels:
    """The whole plane, its longer side at most twice the working size."""
    return overview(pyramid, plane, _SIDE_MARGIN * size_px)


def sample_of(
    pyramid: Pyramid, plane: Plane, points: NDArray[np.float64], spec: LandmarkSpec, group: int, name: str
) -> LandmarkSample:
    """A plane of an image as it is looked at; ``points (k, 2)`` in full-resolution px, NaN where there is none."""
    info = pyramid.info
    pixels = seen_pixels(pyramid, plane, spec.size_px)
    channels = pixels.array.shape[2]
    spec.require_fit(rgb=pixels.rgb, channels=channels, width=info.width, height=info.height, name=name)
    shape = working_shape(info.width, info.height, spec.size_px)
    scale = info.width / shape[0], info.height / shape[1]
    known = info.pixel_width_um and info.pixel_height_um
    pixel_um = (float(info.pixel_width_um or 0), float(info.pixel_height_um or 0)) if known else None
    return LandmarkSample(View(working_planes(pixels, spec, shape), points / scale), scale, group, pixel_um)


def sample(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """The planes of an image with landmarks, into the file ``call["output"]``.

    ``call``: what ``ImageFiles.as_call`` told; ``planes``, each with z, t and points (x and y, or null); ``spec``;
    ``name`` and ``group`` of the image.
    """
    spec = LandmarkSpec(**call["spec"])
    pyramid = open_files(ImageFiles.of_call(call), reporter)
    try:
        made = [
            sample_of(pyramid, Plane(one["z"], one["t"]), _points(one["points"]), spec, call["group"], call["name"])
            for one in call["planes"]
        ]
    finally:
        pyramid.source.close()
    write_samples(Path(call["output"]), made)
    return {"planes": len(made)}


def _points(given: Sequence[Sequence[float] | None]) -> NDArray[np.float64]:
    return np.array([one or (np.nan, np.nan) for one in given], np.float64).reshape(-1, 2)


def write_samples(path: Path, samples: Sequence[LandmarkSample]) -> None:
    """Samples as arrays of one file, without pickle."""
    arrays: dict[str, Any] = {"count": np.int64(len(samples))}
    for at, one in enumerate(samples):
        arrays[f"planes_{at}"], arrays[f"points_{at}"] = one.view.planes, one.view.points
        facts = (*one.scale, one.group, *(one.pixel_um or (np.nan, np.nan)))
        arrays[f"facts_{at}"] = np.array(facts, np.float64)
    with path.open("wb") as file:
        np.savez(file, **arrays)


def read_samples(path: Path) -> list[LandmarkSample]:
    """What ``write_samples`` wrote."""
    found: list[LandmarkSample] = []
    with np.load(path, allow_pickle=False) as file:
        for at in range(int(file["count"])):
            across, down, group, wide, high = file[f"facts_{at}"].tolist()
            pixel_um = None if np.isnan(wide) else (wide, high)
            view = View(file[f"planes_{at}"], file[f"points_{at}"])
            found.append(LandmarkSample(view, (across, down), int(group), pixel_um))
    return found


def train(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Train on the samples in ``call["inputs"]``; a package into ``output``."""
    samples = [one for path in call["inputs"] for one in read_samples(Path(path))]
    if not samples:
        raise ConflictError("There is no image with landmarks any more.")
    package = write_trained_landmarks(
        samples,
        LandmarkConfiguration.model_validate(call["configuration"]),
        LandmarkSpec(**call["spec"]),
        tuple(KnownClass(**one) for one in call["landmarks"]),
        output=Path(call["output"]),
        title=call["title"],
        facts=call["facts"],
        tell=reporter.progress,
    )
    medians = [one["median_px"] for one in package.record["scores"] if one["median_px"] is not None]
    return {"images": package.record["images"], "median_px": float(np.median(medians)) if medians else None}


def write_trained_landmarks(
    samples: Sequence[LandmarkSample],
    configuration: LandmarkConfiguration,
    spec: LandmarkSpec,
    landmarks: tuple[KnownClass, ...],
    *,
    output: Path,
    title: str,
    facts: dict[str, Any],
    tell: Tell = lambda *_: None,
) -> LandmarkPackage:
    """Train, and write the package into the folder ``output``."""
    started = time.monotonic()
    made = train_landmarks(samples, [one.name for one in landmarks], spec, configuration, tell)
    record = {
        **facts,
        "configuration": configuration.model_dump(mode="json"),
        "images": len({one.group for one in samples}),
        "counts": list(made.counts),
        "folds": made.folds,
        "tolerance_percent": configuration.tolerance_percent,
        "scores": [one.as_json() for one in made.scores],
        "seconds": round(time.monotonic() - started, 2),
    }
    example = _example(samples[0].view, spec)
    session = Session(made.weights, "the new detector")
    new = NewDetector(
        title=title,
        landmarks=landmarks,
        spec=spec,
        tolerance_percent=configuration.tolerance_percent,
        files=NewFiles(
            made.weights,
            np.concatenate([np.zeros((len(example), 1), np.float32), example], axis=1),
            asked(session, 0, example),
            landmark_card(title, [one.name for one in landmarks], record),
        ),
        record=record,
    )
    return write_detector(output, new)


def _example(view: View, spec: LandmarkSpec) -> NDArray[np.float32]:
    middle = np.array([view.planes.shape[2], view.planes.shape[1]]) / 2
    return Scene(view.planes, spec.size_px).windows(middle + np.arange(EXAMPLE)[:, None] * 3.0, STAGES[0])


def detect(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Find every landmark of ``call["detector"]``, a package's folder, on one plane of an image."""
    predictor = load_detector(known_detector(Path(call["detector"])))
    pyramid = open_files(ImageFiles.of_call(call), reporter)
    try:
        found = detected(predictor, pyramid, Plane(call["z"], call["t"]), call["name"])
    finally:
        pyramid.source.close()
    return {"found": [[one.landmark, one.x, one.y, one.confidence] for one in found]}


def detected(predictor: LandmarkPredictor, pyramid: Pyramid, plane: Plane, name: str) -> list[FoundLandmark]:
    """The landmarks of a plane of an image."""
    pixels = seen_pixels(pyramid, plane, predictor.package.spec.size_px)
    return predictor.landmarks(pixels, pyramid.info.width, pyramid.info.height, name)
