"""The loop: epochs of changed crops, averaged weights, a look at what is held out, early stop, checkpoints."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.classifiers.configuration import Loss, NetworkConfiguration, Optimiser

from .augmentation import augmented
from .networks import CropNetwork

LEAST_BATCHES = 10
"""Of an epoch: few labels are shown repeatedly."""
_WARM_UP = 0.05
_GRADIENT_LIMIT = 5.0
_SAVE_EVERY_S = 10.0
_SEED_STEP = 1_000_003
State = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Point:
    """How a training stands after an epoch; ``best``: whether these are the weights to keep so far."""

    epoch: int
    epochs: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    best: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Data:
    """Crops ``(n, planes + 1, s, s)``, classes and what is held out ``(n,)``."""

    crops: NDArray[np.float32]
    truth: NDArray[np.int64]
    validation: NDArray[np.bool_]


class ClassTraining:
    """One training from its first epoch or from a checkpoint."""

    def __init__(
        self,
        network: CropNetwork,
        configuration: NetworkConfiguration,
        data: Data,
        checkpoint: Path | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.configuration = configuration
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = network.to(self.device)
        self._data = data
        self._checkpoint = checkpoint
        self._stop = stop
        self._own = np.flatnonzero(~data.validation)
        self._held = np.flatnonzero(data.validation)
        self._weights = class_weights(data.truth[self._own], network.head.out_features, configuration).to(self.device)
        self._batches = max(LEAST_BATCHES, math.ceil(len(self._own) / configuration.batch))
        self._optimiser = _optimiser(network, configuration)
        self.averaged = _copy(network.state_dict())
        self.best = _copy(self.averaged)
        self.best_loss, self.best_epoch, self.epoch, self.seconds = math.inf, 0, 0, 0.0
        self.ended_by = "epochs"
        self._resume()

    def run(self, on_point: Callable[[Point], None] = lambda _: None) -> State:
        """Train; the weights of the epoch with the lowest loss on what is held out."""
        begun = time.monotonic() - self.seconds
        saved = time.monotonic()
        while self.epoch < self.configuration.epochs and not self._is_done():
            loss, accuracy = self._one_epoch()
            if math.isnan(loss):  # ended before the first batch
                break
            self.epoch += 1
            self.seconds = time.monotonic() - begun
            point = self._looked_at(loss, accuracy)
            on_point(point)
            if self._checkpoint is not None and time.monotonic() - saved > _SAVE_EVERY_S:
                self._save(self._checkpoint)
                saved = time.monotonic()
        if self.epoch == 0:
            raise InvalidInputError("The training was ended before its first epoch, so there is nothing to keep.")
        return self.best

    def _is_done(self) -> bool:
        if self._stop():
            self.ended_by = "person"
            return True
        if self.epoch - self.best_epoch >= self.configuration.patience and self.epoch > 0:
            self.ended_by = "early stop"
            return True
        return False

    def _one_epoch(self) -> tuple[float, float]:
        rng = np.random.default_rng((self.configuration.seed, self.epoch))
        order = _shown(self._own, self._batches * self.configuration.batch, rng)
        losses: list[float] = []
        right = 0
        self.network.train()
        for number in range(self._batches):
            if self._stop():
                break
            rows = order[number * self.configuration.batch : (number + 1) * self.configuration.batch]
            loss, hits = self._step(rows, self.epoch * self._batches + number)
            losses.append(loss)
            right += hits
        if not losses:
            return math.nan, math.nan
        return float(np.mean(losses)), right / (len(losses) * self.configuration.batch)

    def _step(self, rows: NDArray[np.int64], step: int) -> tuple[float, int]:
        settings = self.configuration
        for group in self._optimiser.param_groups:
            group["lr"] = settings.rate * schedule(step, self._batches * settings.epochs)
        generator = torch.Generator().manual_seed(settings.seed * _SEED_STEP + step)
        torch.manual_seed(settings.seed * _SEED_STEP + step)  # dropout
        crops, truth = self._batch(rows)
        with torch.no_grad():
            crops = augmented(self.network.scaled(crops), settings.augmentation, generator)
        logits = self.network.logits(crops)
        loss = loss_of(logits, truth, self._weights, settings)
        if not torch.isfinite(loss):
            raise InvalidInputError(f"The training's loss is not finite in epoch {self.epoch + 1}; lower the rate.")
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), _GRADIENT_LIMIT)
        self._optimiser.step()
        _average(self.averaged, self.network, min(settings.averaging, (1 + step) / (10 + step)))
        return float(loss.detach()), int((logits.argmax(1) == truth).sum())

    def _batch(self, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        crops = torch.from_numpy(np.stack([self._data.crops[row] for row in rows]))
        return crops.to(self.device), torch.from_numpy(self._data.truth[rows]).to(self.device)

    def _looked_at(self, loss: float, accuracy: float) -> Point:
        held_loss, held_accuracy = self._validated()
        best = held_loss < self.best_loss
        if best:
            self.best, self.best_loss, self.best_epoch = _copy(self.averaged), held_loss, self.epoch
        epochs = self.configuration.epochs
        return Point(self.epoch, epochs, loss, accuracy, held_loss, held_accuracy, best, round(self.seconds, 2))

    def _validated(self) -> tuple[float, float]:
        """Loss and accuracy of the averaged weights on what is held out, crops unchanged."""
        own = _copy(self.network.state_dict())
        self.network.load_state_dict(self.averaged)
        self.network.eval()
        total = right = 0.0
        weight = 0.0
        with torch.no_grad():
            for start in range(0, len(self._held), 256):
                crops, truth = self._batch(self._held[start : start + 256])
                logits = self.network(crops)
                share = self._weights[truth]
                total += float((functional.cross_entropy(logits, truth, reduction="none") * share).sum())
                weight += float(share.sum())
                right += float((logits.argmax(1) == truth).sum())
        self.network.load_state_dict(own)
        return total / max(weight, 1e-9), right / max(len(self._held), 1)

    def _save(self, path: Path) -> None:
        names = ("best_loss", "best_epoch", "epoch", "seconds", "averaged", "best")
        state: dict[str, Any] = {name: getattr(self, name) for name in names}
        state |= {
            "configuration": self.configuration.model_dump_json(),
            "network": self.network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }
        partial = path.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(path)

    def _resume(self) -> None:
        if self._checkpoint is None or not self._checkpoint.exists():
            return
        state = torch.load(self._checkpoint, map_location=self.device, weights_only=True)
        if state["configuration"] != self.configuration.model_dump_json():
            raise InvalidInputError(f"{self._checkpoint} belongs to another training. Remove it to start anew.")
        self.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        for name in ("best_loss", "best_epoch", "epoch", "seconds", "averaged", "best"):
            setattr(self, name, state[name])


def schedule(step: int, steps: int) -> float:
    """Share of the learning rate: rises in a line, then falls along half a cosine to a hundredth."""
    rising = max(1, round(_WARM_UP * steps))
    if step < rising:
        return (step + 1) / rising
    return 0.01 + 0.99 * (1 + math.cos(math.pi * min(1.0, (step - rising) / max(1, steps - rising)))) / 2


def class_weights(truth: NDArray[np.int64], classes: int, configuration: NetworkConfiguration) -> Tensor:
    """What an object of each class counts, ``(k,)``; 1 on average over the objects."""
    if not configuration.balanced:
        return torch.ones(classes)
    counts = np.maximum(np.bincount(truth, minlength=classes), 1)
    return torch.from_numpy((len(truth) / (classes * counts)).astype(np.float32))


def loss_of(logits: Tensor, truth: Tensor, weights: Tensor, settings: NetworkConfiguration) -> Tensor:
    """Cross-entropy with smoothed labels, or the focal loss; objects count as their class does."""
    share = weights[truth]
    if settings.loss is Loss.CROSS_ENTROPY:
        each = functional.cross_entropy(logits, truth, reduction="none", label_smoothing=settings.label_smoothing)
    else:
        each = functional.cross_entropy(logits, truth, reduction="none")
        each = (1 - torch.exp(-each)) ** settings.focal_gamma * each
    return (each * share).sum() / share.sum()


def _optimiser(network: CropNetwork, settings: NetworkConfiguration) -> torch.optim.Optimizer:
    learning = [one for one in network.parameters() if one.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [one for one in learning if one.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [one for one in learning if one.ndim <= 1], "weight_decay": 0.0},
    ]
    if settings.optimiser is Optimiser.SGD:
        return torch.optim.SGD(groups, lr=settings.rate, momentum=0.9, nesterov=True)
    return torch.optim.AdamW(groups, lr=settings.rate)


def _shown(rows: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Rows in random order, all of them before any comes again."""
    rounds = [rng.permutation(rows) for _ in range(-(-count // len(rows)))]
    return np.concatenate(rounds)[:count]


def _copy(state: State) -> State:
    return {name: value.detach().clone() for name, value in state.items()}


def _average(averaged: State, network: nn.Module, decay: float) -> None:
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                averaged[name].lerp_(value, 1 - decay)
            else:
                averaged[name].copy_(value)
