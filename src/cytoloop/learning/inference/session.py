"""A network in ONNX Runtime."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError

_PROVIDERS = ("CUDAExecutionProvider", "CoreMLExecutionProvider", "CPUExecutionProvider")
_KEPT = 4


class Network(Protocol):
    """Anything that makes maps ``(n, c, h, w) float32`` of pictures ``(n, k, h, w) float32``."""

    def __call__(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]: ...


class OnnxNetwork:
    """A network whose weights are an ONNX file with one input and one or more outputs, of which the first counts."""

    def __init__(self, path: Path, threads: int | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or default_threads()
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # threads that spin while they wait take the processors from whatever else works here
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        available = set(onnxruntime.get_available_providers())
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=[one for one in _PROVIDERS if one in available]
            )
        except Exception as error:  # ONNX Runtime has no public base of its errors
            raise InvalidInputError(
                f"{path} is no network that ONNX Runtime can load; the file may be cut short. Import the model again."
            ) from error
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[0].name

    def __call__(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        found = self._session.run([self._output], {self._input: np.ascontiguousarray(pictures, dtype=np.float32)})
        return np.asarray(found[0], dtype=np.float32)


def default_threads() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache(maxsize=_KEPT)
def _loaded(path: Path, changed_ns: int, threads: int | None) -> OnnxNetwork:  # noqa: ARG001 - part of the key
    return OnnxNetwork(path, threads)


def network_of(path: Path, threads: int | None = None) -> OnnxNetwork:
    """The network of a file; the few last used stay loaded."""
    return _loaded(path, path.stat().st_mtime_ns, threads)
