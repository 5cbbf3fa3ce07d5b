"""What is made small: one loss for each head, summed. Tensors are ``(n, c, h, w)``; the weight is ``(n, 1, h, w)``."""

import torch
from torch import Tensor
from torch.nn import functional

from cytoloop.learning.training.configuration import Configuration, Head


def total_loss(predicted: Tensor, targets: Tensor, weight: Tensor, configuration: Configuration) -> dict[str, Tensor]:
    """The loss of each head by name, of the raw output of the network."""
    found: dict[str, Tensor] = {}
    start = 0
    for head in configuration.heads:
        stop = start + configuration.channels_of(head)
        found[head.value] = _head_loss(head, predicted[:, start:stop], targets[:, start:stop], weight)
        start = stop
    return found


def _head_loss(head: Head, predicted: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    match head:
        case Head.FOREGROUND:
            return _binary(predicted, target, weight)
        case Head.DISTANCE:
            return 2 * (functional.smooth_l1_loss(predicted, target, reduction="none", beta=0.1) * weight).mean()
        case Head.FLOWS:
            inside = weight * (target.abs().sum(1, keepdim=True) > 0)
            error = functional.smooth_l1_loss(predicted, target, reduction="none", beta=0.3)
            return 0.5 * (error * inside).sum() / (2 * inside.sum() + 1)
        case Head.STAR:
            inside = weight * (target.sum(1, keepdim=True) > 0)
            error = functional.smooth_l1_loss(predicted, target, reduction="none", beta=0.1)
            return (error * inside).sum() / (target.shape[1] * inside.sum() + 1)
        case Head.CLASSES:
            return _classes(predicted, target, weight)


def _binary(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Binary cross-entropy + half of 1 - Dice."""
    cross_entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    known = (weight > 0).float()
    probability = torch.sigmoid(logits) * known
    both = (probability * target).sum((1, 2, 3))
    dice = (2 * both + 1) / (probability.sum((1, 2, 3)) + (target * known).sum((1, 2, 3)) + 1)
    return (cross_entropy * weight).mean() + 0.5 * (1 - dice).mean()


def _classes(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Cross-entropy + 1 - mean Dice of the classes that are not background."""
    known = (weight > 0).float()
    cross_entropy = -(target * functional.log_softmax(logits, 1)).sum(1, keepdim=True) * known
    probability = torch.softmax(logits, 1)[:, 1:] * known
    wanted = target[:, 1:] * known
    dice = (2 * (probability * wanted).sum((0, 2, 3)) + 1) / (probability.sum((0, 2, 3)) + wanted.sum((0, 2, 3)) + 1)
    return cross_entropy.mean() + (1 - dice).mean()
