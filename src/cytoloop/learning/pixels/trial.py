"""Trying out a pixel classifier from outside, in a process of its own with limits of memory and time."""

import sys
from pathlib import Path

import numpy as np

from cytoloop.learning.classifiers import trial

from .package import read_pixel_classifier
from .predictor import load_pixel_classifier

_SIDE_PX = 40
_TOLERANCE = 1e-3


def require_runnable_pixels(folder: Path) -> None:
    """Raise ``InvalidInputError`` with the reason why the pixel classifier in a folder should not be used."""
    trial.require_runnable(folder, module=__name__)


def _reason(folder: Path) -> str:
    """Why the classifier does not work; empty where it does."""
    predictor = load_pixel_classifier(read_pixel_classifier(folder), threads=1)
    planes = np.random.default_rng(0).normal(100, 30, (len(predictor.package.spec.planes), _SIDE_PX, _SIDE_PX))
    found = predictor.probabilities(planes.astype(np.float32))
    if not np.isfinite(found).all() or np.abs(found.sum(axis=0) - 1).max() > _TOLERANCE:
        return "The pixel classifier gives numbers for the classes of a pixel that are no probabilities."
    return ""


if __name__ == "__main__":
    trial.answer(_reason, *sys.argv[1:])
