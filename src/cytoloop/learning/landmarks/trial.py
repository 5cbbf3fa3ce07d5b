"""Trying out a landmark detector from outside, in a process of its own with limits of memory and time."""

import sys
from pathlib import Path

import numpy as np

from cytoloop.learning.classifiers import trial
from cytoloop.learning.classifiers.predictor import Session
from cytoloop.learning.method import Pixels

from .package import OUTPUTS, read_detector
from .predictor import load_detector
from .search import forest_of
from .specification import STAGES

_SIDE_PX = 96


def require_runnable_detector(folder: Path) -> None:
    """Raise ``InvalidInputError`` with the reason why the landmark detector in a folder should not be used."""
    trial.require_runnable(folder, module=__name__)


def _reason(folder: Path) -> str:
    """Why the detector does not work; empty where it does."""
    package = read_detector(folder)
    count, width = len(package.landmarks), len(package.spec.names)
    rows = np.random.default_rng(0).normal(0, 0.3, (len(STAGES) * count, width)).astype(np.float32)
    rows[:, 0] = [forest_of(stage, one, count) for stage in range(len(STAGES)) for one in range(count)]
    told = Session(package.weights, package.weights.name).numbers(rows, len(OUTPUTS))
    if not np.isfinite(told).all() or np.abs(told).max() > 2:
        return "The landmark detector gives displacements that are beyond the image."
    rgb = package.spec.colours == "rgb"
    array = np.random.default_rng(0).integers(0, 255, (_SIDE_PX, _SIDE_PX, package.spec.channels)).astype(np.uint8)
    load_detector(package, threads=1).landmarks(Pixels(array, rgb), _SIDE_PX, _SIDE_PX)
    return ""


if __name__ == "__main__":
    trial.answer(_reason, *sys.argv[1:])
