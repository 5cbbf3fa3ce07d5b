"""From a trained network to ONNX and back.

The file keeps every weight under its name in half precision and widens it when loaded: half the size, the same
arithmetic. Because nothing is folded, training can go on from the file alone.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.training.configuration import Configuration, Head

from .networks import build_network

OPSET = 17
INPUT_LIMITS = (-0.2, 1.5)
"""As in ``normalisation.py``: what other programs give is cut like what networks were trained on."""
_PREFIX = "network."
_ALIASES = "cytoloop.aliases"
_COUNTER = "num_batches_tracked"


class Inference(nn.Module):
    """A network with the last step of each head: probabilities, distances that are not negative."""

    def __init__(self, network: nn.Module, configuration: Configuration) -> None:
        super().__init__()
        self.network = network
        self._configuration = configuration

    def forward(self, image: Tensor) -> Tensor:
        """``(n, 3, h, w)``, normalised to about 0..1, to ``(n, channels, h, w)``."""
        raw = self.network(torch.clamp(image, *INPUT_LIMITS))
        parts: list[Tensor] = []
        start = 0
        for head in self._configuration.heads:
            stop = start + self._configuration.channels_of(head)
            parts.append(_finished(head, raw[:, start:stop]))
            start = stop
        return torch.cat(parts, 1)


def _finished(head: Head, raw: Tensor) -> Tensor:
    match head:
        case Head.FOREGROUND:
            return torch.sigmoid(raw)
        case Head.DISTANCE:
            return torch.clamp(raw, 0, 1)
        case Head.FLOWS:
            return raw
        case Head.STAR:
            return torch.relu(raw)
        case Head.CLASSES:
            return torch.softmax(raw, 1)


def export_onnx(state: dict[str, Tensor], configuration: Configuration, path: Path) -> None:
    """Write the network with these weights; input ``image``, output ``maps``, any multiple of 16 px."""
    network = build_network(configuration.network, configuration.channels)
    network.load_state_dict(state)
    model = Inference(network, configuration).eval()
    partial = path.with_suffix(".part")
    torch.onnx.export(
        model,
        (torch.zeros(1, 3, 64, 64),),
        str(partial),
        input_names=["image"],
        output_names=["maps"],
        dynamic_axes={"image": {0: "n", 2: "h", 3: "w"}, "maps": {0: "n", 2: "h", 3: "w"}},
        opset_version=OPSET,
        do_constant_folding=False,
        training=torch.onnx.TrainingMode.PRESERVE,
        dynamo=False,
    )
    onnx.save(halved(with_aliases(onnx.load(str(partial)), state)), str(partial))
    partial.replace(path)


def with_aliases(model: onnx.ModelProto, state: dict[str, Tensor]) -> onnx.ModelProto:
    """The model with a note of the weights that the exporter dropped because others have the same values."""
    kept = {one.name.removeprefix(_PREFIX) for one in model.graph.initializer}
    aliases = {
        name: next(other for other in sorted(kept & state.keys()) if torch.equal(state[other], value))
        for name, value in state.items()
        if name not in kept and not name.endswith(_COUNTER)
    }
    model.metadata_props.add(key=_ALIASES, value=json.dumps(aliases))
    return model


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same model with its weights stored as float16 and cast when loaded."""
    casts: list[onnx.NodeProto] = []
    for weights in list(model.graph.initializer):
        if weights.data_type != TensorProto.FLOAT or int(np.prod(weights.dims)) < 64:
            continue
        values = numpy_helper.to_array(weights).astype(np.float16)
        name = weights.name
        model.graph.initializer.remove(weights)
        model.graph.initializer.append(numpy_helper.from_array(values, f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return model


def weights_in(path: Path) -> dict[str, Tensor]:
    """The weights by name that a file holds which this program wrote."""
    found: dict[str, Tensor] = {}
    model = onnx.load(str(path))
    for weights in model.graph.initializer:
        name = weights.name.removesuffix(".half").removeprefix(_PREFIX)
        found[name] = torch.from_numpy(numpy_helper.to_array(weights).astype(np.float32))
    for entry in model.metadata_props:
        if entry.key == _ALIASES:
            found |= {name: found[other] for name, other in json.loads(entry.value).items() if other in found}
    return found


def state_of_onnx(path: Path, configuration: Configuration) -> dict[str, Tensor]:
    """The torch weights in a file that ``export_onnx`` wrote.

    Raises
    ------
    InvalidInputError
        The file is another network's.
    """
    found = weights_in(path)
    network = build_network(configuration.network, configuration.channels)
    wanted = network.state_dict()
    missing = [name for name in wanted if name not in found and not name.endswith(_COUNTER)]
    if missing:
        raise InvalidInputError(f"{path.name} does not hold the weights of this network ({missing[0]} is missing).")
    values: dict[str, Tensor] = {}
    for name, fresh in wanted.items():
        stored = found.get(name)
        values[name] = fresh if stored is None else stored.reshape(fresh.shape)
    return values
