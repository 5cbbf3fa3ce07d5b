"""The training loop: AdamW, warm-up and cosine, averaged weights, bf16 where it helps, checkpoints that resume."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.training.configuration import Configuration, Optimisation
from cytoloop.learning.training.samples import Sample, SampleStream

from .losses import total_loss
from .networks import build_network


@dataclass(frozen=True, slots=True)
class Progress:
    """How a training stands: a point of its curves."""

    step: int
    steps: int
    loss: float
    validation_loss: float | None
    seconds: float
    parts: dict[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Plan:
    """How a training is run, beside what its configuration says. Nothing here changes the result."""

    checkpoint: Path | None = None
    checkpoint_every: int = 250
    report_every: int = 50
    loaders: int = 1
    threads: int | None = None
    stop: Callable[[], bool] = lambda: False


class _Samples(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Samples ``start`` to ``stop`` of a stream."""

    def __init__(self, stream: SampleStream, start: int, stop: int) -> None:
        self._stream, self._start, self._stop = stream, start, stop

    def __len__(self) -> int:
        return self._stop - self._start

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        return tensors(self._stream.sample(self._start + index))


def tensors(sample: Sample) -> tuple[Tensor, Tensor, Tensor]:
    """A sample for torch."""
    return torch.from_numpy(sample.image), torch.from_numpy(sample.targets), torch.from_numpy(sample.weight)


class Training:
    """One training from its first step or from a checkpoint."""

    def __init__(
        self,
        configuration: Configuration,
        stream: SampleStream,
        validation: Sequence[Sample] = (),
        plan: Plan | None = None,
        initial: dict[str, Tensor] | None = None,
    ) -> None:
        self.configuration = configuration
        self._stream = stream
        self._plan = plan or Plan()
        if self._plan.threads is not None:
            torch.set_num_threads(self._plan.threads)
        torch.manual_seed(configuration.seed)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = build_network(configuration.network, configuration.channels).to(self.device)
        self.network = self.network.to(memory_format=torch.channels_last)
        if initial is not None:
            self.network.load_state_dict(initial)
        self.averaged = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self._optimiser = torch.optim.AdamW(_groups(self.network, configuration.optimisation), fused=False)
        self._validation = [tensors(one) for one in validation]
        self.step = 0
        self.seconds = 0.0
        self._resume()

    def run(self, on_progress: Callable[[Progress], None] = lambda _: None) -> dict[str, Tensor]:
        """Train to the last step; the averaged weights."""
        settings = self.configuration.optimisation
        begun = time.monotonic() - self.seconds
        losses: list[dict[str, float]] = []
        for batch in self._batches():
            losses.append(self._train_on(batch, settings))
            self.step += 1
            self.seconds = time.monotonic() - begun
            last = self.step == settings.steps or self._plan.stop()
            if last or self.step % self._plan.report_every == 0:
                on_progress(
                    self._progress(losses, with_validation=last or self.step % self._plan.checkpoint_every == 0)
                )
                losses = []
            if last or self.step % self._plan.checkpoint_every == 0:
                self._save()
            if last:
                break
        return self.averaged

    def _batches(self) -> Iterator[Sequence[Tensor]]:
        settings = self.configuration.optimisation
        samples = _Samples(self._stream, self.step * settings.batch, settings.steps * settings.batch)
        loader = DataLoader(
            samples,
            batch_size=settings.batch,
            num_workers=self._plan.loaders,
            prefetch_factor=8 if self._plan.loaders else None,
            worker_init_fn=_single_threaded,
            multiprocessing_context="fork" if self._plan.loaders else None,
        )
        yield from loader

    def _train_on(self, batch: Sequence[Tensor], settings: Optimisation) -> dict[str, float]:
        rate = settings.learning_rate * schedule(self.step, settings)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self.network.train()
        parts = self._losses(batch)
        loss = torch.stack(list(parts.values())).sum()
        if not torch.isfinite(loss):
            raise InvalidInputError(f"The training's loss is not finite at step {self.step}; lower the learning rate.")
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), settings.gradient_limit)
        self._optimiser.step()
        self._average(settings.averaging)
        return {name: float(value.detach()) for name, value in parts.items()}

    def _losses(self, batch: Sequence[Tensor]) -> dict[str, Tensor]:
        images, targets, weight = (one.to(self.device, non_blocking=True) for one in batch)
        images = images.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            predicted = self.network(images)
        return total_loss(predicted.float(), targets, weight, self.configuration)

    def _average(self, decay: float) -> None:
        decay = min(decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                if value.is_floating_point():
                    self.averaged[name].lerp_(value, 1 - decay)
                else:
                    self.averaged[name].copy_(value)

    def _progress(self, losses: list[dict[str, float]], *, with_validation: bool) -> Progress:
        names = losses[0].keys() if losses else ()
        parts = {name: float(np.mean([one[name] for one in losses])) for name in names}
        validation = self._validation_loss() if with_validation and self._validation else None
        total = self.configuration.optimisation.steps
        return Progress(self.step, total, sum(parts.values()), validation, self.seconds, parts)

    def _validation_loss(self) -> float:
        """Mean loss of the averaged weights on views that are always the same."""
        own = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.averaged)
        self.network.eval()
        losses: list[float] = []
        with torch.no_grad():
            for start in range(0, len(self._validation), 8):
                batch = [torch.stack(one) for one in zip(*self._validation[start : start + 8], strict=True)]
                losses.append(float(torch.stack(list(self._losses(batch).values())).sum()))
        self.network.load_state_dict(own)
        return float(np.mean(losses))

    def _save(self) -> None:
        path = self._plan.checkpoint
        if path is None:
            return
        state: dict[str, Any] = {
            "configuration": self.configuration.model_dump_json(),
            "step": self.step,
            "seconds": self.seconds,
            "network": self.network.state_dict(),
            "averaged": self.averaged,
            "optimiser": self._optimiser.state_dict(),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(path)

    def _resume(self) -> None:
        path = self._plan.checkpoint
        if path is None or not path.exists():
            return
        state = torch.load(path, map_location=self.device, weights_only=True)
        if state["configuration"] != self.configuration.model_dump_json():
            raise InvalidInputError(
                f"{path} belongs to a training with another configuration. Remove it to start anew."
            )
        self.network.load_state_dict(state["network"])
        self.averaged = state["averaged"]
        self._optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]


def schedule(step: int, settings: Optimisation) -> float:
    """Share of the learning rate: rises in a line, then falls along half a cosine to a hundredth."""
    if step < settings.warm_up_steps:
        return (step + 1) / settings.warm_up_steps
    done = (step - settings.warm_up_steps) / max(1, settings.steps - settings.warm_up_steps)
    return 0.01 + 0.99 * (1 + math.cos(math.pi * min(done, 1.0))) / 2


def _groups(network: nn.Module, settings: Optimisation) -> list[dict[str, Any]]:
    """Weights of convolutions decay; biases and normalisation do not."""
    decaying = [one for one in network.parameters() if one.ndim > 1]
    others = [one for one in network.parameters() if one.ndim <= 1]
    return [
        {"params": decaying, "lr": settings.learning_rate, "weight_decay": settings.weight_decay},
        {"params": others, "lr": settings.learning_rate, "weight_decay": 0.0},
    ]


def _single_threaded(_: int) -> None:
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
