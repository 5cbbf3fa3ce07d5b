"""Trying out a classifier from outside, in a process of its own with limits of memory and time."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cytoloop.core.errors import CytoloopError, InvalidInputError

from .cropclassifier import crops_of, load_network
from .crops import CropSpec
from .package import ClassifierPackage, read_classifier
from .predictor import load

_MEMORY_BYTES = 4 << 30
_SECONDS = 120.0
_ROWS = 3
_TOLERANCE = 1e-3


def require_runnable(
    folder: Path, *, module: str = __name__, memory_bytes: int = _MEMORY_BYTES, seconds: float = _SECONDS
) -> None:
    """Raise ``InvalidInputError`` with the reason why the classifier in a folder should not be used.

    ``module`` is run with the folder and the limit of memory, and calls ``answer``.
    """
    command = [sys.executable, "-m", module, str(folder), str(memory_bytes)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise InvalidInputError(f"The classifier did not classify {_ROWS} objects within {seconds:g} s.") from error
    try:
        answer: Any = json.loads(done.stdout)
    except ValueError as error:
        raise InvalidInputError(
            "The classifier could not be run: it ended the process that tried "
            f"(limit {memory_bytes / (1 << 30):g} GiB of memory)."
        ) from error
    if answer.get("refused"):
        raise InvalidInputError(str(answer["refused"]))


def _reason(folder: Path) -> str:
    """Why the classifier does not work; empty where it does."""
    package = read_classifier(folder)
    found = _crops_seen(package) if isinstance(package.spec, CropSpec) else _features_seen(package)
    if not np.isfinite(found).all() or np.abs(found.sum(axis=1) - 1).max() > _TOLERANCE:
        return "The classifier gives numbers for the classes of an object that are no probabilities."
    return ""


def _features_seen(package: ClassifierPackage) -> NDArray[np.float32]:
    predictor = load(package)
    count = len(package.spec.names)
    features = np.random.default_rng(0).normal(0, 1, (_ROWS, count)).astype(np.float32)
    features[0, ::2] = np.nan
    predictor.disagreement(features)
    return predictor.probabilities(features)


def _crops_seen(package: ClassifierPackage) -> NDArray[np.float32]:
    network = load_network(package)
    crops = np.random.default_rng(0).random((_ROWS, *crops_of(package).shape)).astype(np.float32)
    seen = network.look(crops)
    network.disagreement(seen.vectors)
    return seen.probabilities


def _limit_memory(memory_bytes: int) -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def answer(reason_of: Callable[[Path], str], folder: str, memory_bytes: str) -> None:
    """What the process that tries it out tells."""
    _limit_memory(int(memory_bytes))
    try:
        reason = reason_of(Path(folder))
    except CytoloopError as error:
        reason = error.message
    sys.stdout.write(json.dumps({"refused": reason}))


if __name__ == "__main__":
    answer(_reason, *sys.argv[1:])
