"""Vectors of objects: what the encoder of a segmentation network sees in them, averaged over the object.

The maps of the encoder's last stages (a quarter, an eighth and a sixteenth of the crop's size) are averaged over the
object's pixels and over the four quarter turns of the crop, so that an object and its turned twin are alike.
"""

import re
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.inference.session import default_threads

if TYPE_CHECKING:
    import onnx

_STAGE = re.compile(r"^/network/encoder\.([1-9])/.*Relu_output_0$")
_BATCH = 64
TURNS = 4


class ObjectEncoder:
    """The encoder of a network in an ONNX file of this program's."""

    def __init__(self, weights: Path, threads: int | None = None) -> None:
        model, self.stages = _encoder_of(weights)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or default_threads()
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def __call__(self, crops: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Vectors ``(n, d) float32`` of length 1.

        Parameters
        ----------
        crops
            ``(n, s, s, 3)``, the image's range brought to 0..1; ``s`` a multiple of 16.
        masks
            ``(n, s, s)``: the object's pixels; at least one each.
        """
        parts = [
            self._batch(crops[start : start + _BATCH], masks[start : start + _BATCH])
            for start in range(0, len(crops), _BATCH)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.width), np.float32)

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return self._probe().shape[1]

    @lru_cache(maxsize=1)  # noqa: B019 - encoders live as long as the process
    def _probe(self) -> NDArray[np.float32]:
        return self._batch(np.zeros((1, 64, 64, 3), np.float32), np.ones((1, 64, 64), bool))

    def _batch(self, crops: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.float32]:
        total: NDArray[np.float32] | None = None
        for turn in range(TURNS):
            turned = np.rot90(crops, turn, axes=(1, 2)).transpose(0, 3, 1, 2)
            weights = np.rot90(masks, turn, axes=(1, 2)).astype(np.float32)
            maps: Any = self._session.run(self.stages, {self._input: np.ascontiguousarray(turned)})
            found = np.concatenate([_unit(_pooled(one, weights)) for one in maps], axis=1)
            total = found if total is None else total + found
        assert total is not None  # there are turns
        return _unit(total)


def _pooled(maps: NDArray[np.float32], masks: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean ``(n, c)`` of maps ``(n, c, h, w)`` over masks ``(n, s, s)``, by how much of a cell each covers."""
    height, width = maps.shape[2:]
    small = np.stack([cv2.resize(one, (width, height), interpolation=cv2.INTER_AREA) for one in masks])
    weights = small / np.maximum(small.sum(axis=(1, 2), keepdims=True), 1e-6)
    return np.einsum("nchw,nhw->nc", maps, weights).astype(np.float32)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _encoder_of(weights: Path) -> tuple[bytes, list[str]]:
    """The part of the network up to its encoder's stages, and the names of their maps."""
    import onnx

    model = onnx.load(str(weights))
    last: OrderedDict[str, str] = OrderedDict()
    for node in model.graph.node:
        for name in node.output:
            stage = _STAGE.match(name)
            if stage:
                last[stage[1]] = name
    if not last:
        raise InvalidInputError(f"{weights.parent.name} has no encoder that is known here; use the model 'nuclei'.")
    stages = list(last.values())
    _prune(model.graph, set(stages))
    del model.graph.output[:]
    model.graph.output.extend(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in stages)
    return model.SerializeToString(), stages


def _prune(graph: "onnx.GraphProto", wanted: set[str]) -> None:
    """Leave only the nodes on which ``wanted`` values depend."""
    kept: list[onnx.NodeProto] = []
    needed = set(wanted)
    for node in reversed(graph.node):  # sorted by dependence
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))


@lru_cache(maxsize=2)
def encoder_of(weights: Path) -> ObjectEncoder:
    """The encoder of a file; it stays loaded."""
    return ObjectEncoder(weights)
