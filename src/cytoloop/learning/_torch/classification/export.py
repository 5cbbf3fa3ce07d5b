"""From a trained network to the two forms in which it is kept: ONNX, which is run here, and TorchScript for others."""

import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from cytoloop.learning._torch.export import OPSET, halved, with_aliases

from .networks import CropNetwork

_HALF_FROM = 64
"""Numbers of a weight from which on it is kept in half precision, as ``halved`` does."""


class ClassInference(nn.Module):
    """Crops to probabilities ``(n, k)`` and to the vectors ``(n, d)`` that the head sees."""

    def __init__(self, network: CropNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        vectors = self.network.vectors(self.network.scaled(crops))
        return torch.softmax(self.network.head(vectors), 1), vectors


def rounded(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights as half precision keeps them, so that both forms give the same."""
    return {
        name: value.half().float() if value.is_floating_point() and value.numel() >= _HALF_FROM else value
        for name, value in state.items()
    }


def export_classifier(network: CropNetwork, side: int, folder: Path) -> None:
    """Write ``weights.onnx`` and ``weights.pt``: input ``crops``, outputs ``probabilities`` and ``vectors``."""
    network = network.cpu()
    network.load_state_dict(rounded(network.state_dict()))
    model = ClassInference(network).eval()
    planes = network.low.shape[1] + 1
    example = torch.rand(2, planes, side, side)
    partial = folder / "weights.part"
    names = ["probabilities", "vectors"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (example,),
            str(partial),
            input_names=["crops"],
            output_names=names,
            dynamic_axes={name: {0: "n"} for name in ("crops", *names)},
            opset_version=OPSET,
            do_constant_folding=False,
            training=torch.onnx.TrainingMode.PRESERVE,
            dynamo=False,
        )
        onnx.save(halved(with_aliases(onnx.load(str(partial)), network.state_dict())), str(partial))
        partial.replace(folder / "weights.onnx")
        traced = torch.jit.trace(model, (example,))
        torch.jit.save(traced, str(partial))
    partial.replace(folder / "weights.pt")
