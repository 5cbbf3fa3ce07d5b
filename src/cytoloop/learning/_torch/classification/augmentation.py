"""Changing crops while a network learns: all of a batch at once, on the device."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from cytoloop.learning.classifiers.configuration import CropAugmentation


def augmented(crops: Tensor, settings: CropAugmentation, generator: torch.Generator) -> Tensor:
    """Scaled crops ``(n, planes + 1, s, s)`` moved and as another exposure might have shown them."""
    moved = _moved(crops, settings, generator)
    planes, mask = moved[:, :-1], moved[:, -1:]
    return torch.cat([_exposed(planes, settings, generator), mask], 1)


def _uniform(count: int, low: float, high: float, like: Tensor, generator: torch.Generator) -> Tensor:
    return (low + (high - low) * torch.rand(count, generator=generator)).to(like.device)


def _moved(crops: Tensor, settings: CropAugmentation, generator: torch.Generator) -> Tensor:
    count = len(crops)
    most = math.radians(settings.rotation_degrees)
    angle = _uniform(count, -most, most, crops, generator)
    scale = 1 + _uniform(count, -settings.scale, settings.scale, crops, generator)
    shift = [2 * _uniform(count, -settings.shift, settings.shift, crops, generator) for _ in range(2)]
    flip = [torch.ones_like(angle)] * 2
    if settings.flips:
        flip = [_uniform(count, 0, 2, crops, generator).floor() * 2 - 1 for _ in range(2)]
    if not (settings.flips or settings.rotation_degrees or settings.scale or settings.shift):
        return crops
    cosine, sine = torch.cos(angle) * scale, torch.sin(angle) * scale
    rows = (
        torch.stack([cosine * flip[0], -sine * flip[1], shift[0]], 1),
        torch.stack([sine * flip[0], cosine * flip[1], shift[1]], 1),
    )
    grid = functional.affine_grid(torch.stack(rows, 1), list(crops.shape), align_corners=False)
    return functional.grid_sample(crops, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _exposed(planes: Tensor, settings: CropAugmentation, generator: torch.Generator) -> Tensor:
    count = len(planes)

    def normal(spread: float) -> Tensor:
        return (spread * torch.randn(count, 1, 1, 1, generator=generator)).to(planes.device)

    gain, offset, gamma = normal(settings.intensity), normal(settings.intensity / 2), normal(settings.intensity)
    if settings.intensity:
        planes = planes.sign() * (planes.abs() + 1e-6) ** torch.exp(gamma)
        planes = planes * torch.exp(gain) + offset
    blurs = _uniform(count, 0, 1, planes, generator) < settings.blur
    if settings.blur:
        smooth = functional.avg_pool2d(functional.pad(planes, (1, 1, 1, 1), mode="replicate"), 3, 1)
        planes = torch.where(blurs[:, None, None, None], smooth, planes)
    if settings.noise:
        spread = _uniform(count, 0, settings.noise, planes, generator)[:, None, None, None]
        planes = planes + spread * torch.randn(planes.shape, generator=generator).to(planes.device)
    return planes
