"""The weights that a network begins with: drawn, of the shipped encoder, or of an earlier classifier."""

import numpy as np
import torch
from torch import Tensor

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning._torch.export import weights_in
from cytoloop.learning.classifiers.configuration import NetworkLearner
from cytoloop.learning.classifiers.order import ClassOrder

from .networks import CropNetwork

_LOOKED_AT = 500
"""Crops from which the range of their values is taken."""
_PERCENTILES = (1.0, 99.8)
_COUNTER = "num_batches_tracked"
_HEAD = ("head.weight", "head.bias")


def begin(network: CropNetwork, order: ClassOrder, crops: np.ndarray) -> None:
    """Give a network its first weights and, where crops are as the images have them, its scaling."""
    if order.earlier is not None:
        _from_earlier(network, order)
        return
    if order.configuration.learner is NetworkLearner.ENCODER:
        known = weights_in(order.encoder)
        _load(network, {f"body.{name}": value for name, value in known.items()}, "body.", str(order.encoder.name))
    if not order.configuration.own_range:
        step = max(1, len(crops) // _LOOKED_AT)
        seen = np.asarray(crops[::step, :-1]).transpose(1, 0, 2, 3).reshape(crops.shape[1] - 1, -1)
        low, high = np.percentile(seen, _PERCENTILES, axis=1)
        span = np.where(high - low > 0, high - low, 1.0)
        network.low.copy_(torch.from_numpy(low.astype(np.float32)).reshape(1, -1, 1, 1))
        network.span.copy_(torch.from_numpy(span.astype(np.float32)).reshape(1, -1, 1, 1))


def _from_earlier(network: CropNetwork, order: ClassOrder) -> None:
    """All weights but those of the head by name; of the head, the rows of classes that both know."""
    assert order.earlier is not None
    known = weights_in(order.earlier)
    head = {name: known.pop(name) for name in _HEAD if name in known}
    _load(network, known, "", "The earlier classifier", but=_HEAD)
    state = network.state_dict()
    rows = {name.casefold(): number for number, name in enumerate(order.earlier_classes)}
    for number, name in enumerate(order.classes):
        row = rows.get(name.casefold())
        for key, values in head.items():
            if row is not None and row < len(values) and values[row].numel() == state[key][number].numel():
                state[key][number] = values[row].reshape(state[key][number].shape)
    network.load_state_dict(state)


def _load(network: CropNetwork, known: dict[str, Tensor], prefix: str, what: str, but: tuple[str, ...] = ()) -> None:
    state = network.state_dict()
    for name, fresh in state.items():
        if not name.startswith(prefix) or name in but or name.endswith(_COUNTER):
            continue
        stored = known.get(name)
        if stored is None or stored.numel() != fresh.numel():
            raise InvalidInputError(f"{what} does not hold the weights of this network ({name} does not fit).")
        state[name] = stored.reshape(fresh.shape)
    network.load_state_dict(state)
