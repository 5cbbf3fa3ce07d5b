"""Tiny networks and packages, drawn with onnx alone."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import yaml
from onnx import TensorProto, helper

from cytoloop.learning.packages.checking import scaled
from cytoloop.learning.packages.model import Decoder, ModelPackage, ModelSpec, Task
from cytoloop.learning.packages.writing import NewPackage, write_package

SPEC = ModelSpec(Task.INSTANCES, Decoder.WATERSHED, ("foreground", "distance"), 26.0)
SHAPE = ("n", 3, "h", "w")


def network(path: Path, channels: int = 2, inputs: Any = SHAPE, kind: int = TensorProto.FLOAT) -> Path:
    """Bright is foreground: the mean of the channels, limited to 0..1, as every map."""
    taken = inputs[1] if len(inputs) > 1 and isinstance(inputs[1], int) else 3
    weights = np.full((channels, taken, 1, 1), 1 / taken, np.float32)
    nodes = [
        helper.make_node("Cast", ["image"], ["picture"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["picture", "weights"], ["raw"]),
        helper.make_node("Clip", ["raw", "low", "high"], ["maps"]),
    ]
    numbers = [
        onnx.numpy_helper.from_array(weights, "weights"),
        onnx.numpy_helper.from_array(np.float32(0), "low"),
        onnx.numpy_helper.from_array(np.float32(1), "high"),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", kind, inputs)],
        [helper.make_tensor_value_info("maps", TensorProto.FLOAT, ("n", channels, "h", "w"))],
        numbers,
    )
    return save(graph, path)


def save(graph: onnx.GraphProto, path: Path) -> Path:
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), str(path))
    return path


def hungry(path: Path, side: int = 1 << 20) -> Path:
    """Wants terabytes: a constant of side x side px is added to the picture."""
    shape = onnx.numpy_helper.from_array(np.asarray([1, 2, side, side], np.int64), "shape")
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["huge"]),
        helper.make_node("ReduceMax", ["huge"], ["top"], keepdims=1),
        helper.make_node("Slice", ["image", "from", "to", "axis"], ["two"]),
        helper.make_node("Add", ["two", "top"], ["maps"]),
    ]
    numbers = [
        shape,
        *(
            onnx.numpy_helper.from_array(np.asarray([value], np.int64), name)
            for name, value in (("from", 0), ("to", 2), ("axis", 1))
        ),
    ]
    source = helper.make_tensor_value_info("image", TensorProto.FLOAT, SHAPE)
    result = helper.make_tensor_value_info("maps", TensorProto.FLOAT, ("n", 2, "h", "w"))
    return save(helper.make_graph(nodes, "hungry", [source], [result], numbers), path)


def new_package(folder: Path, **values: Any) -> NewPackage:
    """Everything of a package; the network lies in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = network(folder / "network.onnx")
    given = np.random.default_rng(1).uniform(0, 255, (1, 3, 64, 80)).astype(np.float32)
    shown = scaled(given, 1.0, 99.8)
    wanted = np.clip(shown.mean(axis=1, keepdims=True), 0, 1).repeat(2, axis=1).astype(np.float32)
    cover = png()
    facts: dict[str, Any] = {
        "title": "Tiny nuclei",
        "description": "Bright pixels, for tests.",
        "spec": SPEC,
        "weights": weights,
        "test_input": given,
        "test_output": wanted,
        "card": "# Tiny nuclei\n\n## Validation\n\nNone: it is for tests.\n",
        "pictures": {"cover.png": cover, "failures.png": cover},
        "training": {"scores": {"all": {"images": 3, "dsb": 0.5, "f1": 0.8}}},
    }
    return NewPackage(**(facts | values))


def package(folder: Path, **values: Any) -> ModelPackage:
    """A package in a folder of that name."""
    return write_package(folder, new_package(folder.parent / ".source", **values))


def png() -> bytes:
    ramp = np.linspace(0, 255, 320 * 320).reshape(320, 320).astype(np.uint8)
    return cv2.imencode(".png", ramp)[1].tobytes()


def foreign(folder: Path, **values: Any) -> Path:
    """A package as others make it, format 0.5, without our own facts."""
    folder.mkdir(parents=True)
    network(folder / "net.onnx", channels=1, inputs=("n", 1, "h", "w"))
    size = {"min": 64, "step": 16}
    space = [{"type": "space", "id": axis, "size": dict(size)} for axis in "yx"]
    description: dict[str, Any] = {
        "type": "model",
        "format_version": "0.5.3",
        "name": "Somebody's model",
        "description": "One map.",
        "license": "MIT",
        "authors": [{"name": "Somebody"}],
        "inputs": [
            {
                "id": "raw",
                "axes": [{"type": "batch"}, {"type": "channel", "channel_names": ["gray"]}, *space],
                "preprocessing": [
                    {"id": "scale_range", "kwargs": {"min_percentile": 1.0, "max_percentile": 99.8}},
                ],
            }
        ],
        "outputs": [
            {
                "id": "probability",
                "axes": [
                    {"type": "batch"},
                    {"type": "channel", "channel_names": ["foreground"]},
                    *({"type": "space", "id": axis, "size": dict(size), "halo": 24} for axis in "yx"),
                ],
            }
        ],
        "weights": {"onnx": {"source": "net.onnx", "opset_version": 17}},
    }
    (folder / "rdf.yaml").write_text(yaml.safe_dump(description | values))
    return folder
