"""Networks ``(n, 3, h, w)`` -> ``(n, channels, h, w)``; sides must be multiples of ``STRIDE``."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from cytoloop.learning.training.configuration import NetworkKind, NetworkSettings

STRIDE = 16


def build_network(settings: NetworkSettings, channels: int) -> nn.Module:
    """A network of freshly drawn weights (torch's random state)."""
    match settings.kind:
        case NetworkKind.RESIDUAL:
            return ResidualUNet(channels, settings.widths, settings.blocks)
        case NetworkKind.UNET:
            return ClassicUNet(channels, settings.filters, settings.depth)


def convolution(inputs: int, outputs: int, *, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class ResidualBlock(nn.Module):
    """Two convolutions and a shortcut (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.first = convolution(inputs, outputs, stride=stride)
        self.second = nn.Sequential(nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
        same = inputs == outputs and stride == 1
        self.shortcut: nn.Module = (
            nn.Identity()
            if same
            else nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        )

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.second(self.first(x)) + self.shortcut(x))


class ResidualUNet(nn.Module):
    """A U-Net of residual blocks that works at half resolution and below.

    Its stem folds 2 x 2 px into channels and its head unfolds them again (pixel shuffle, Shi et al. 2016), so that no
    convolution runs at full resolution.
    """

    def __init__(self, channels: int, widths: tuple[int, ...], blocks: tuple[int, ...]) -> None:
        super().__init__()
        self.stem = convolution(12, widths[0])
        self.encoder = nn.ModuleList()
        inputs = widths[0]
        for level, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            steps = [
                ResidualBlock(inputs if number == 0 else width, width, 2 if level and number == 0 else 1)
                for number in range(count)
            ]
            self.encoder.append(nn.Sequential(*steps))
            inputs = width
        self.lateral = nn.ModuleList([nn.Conv2d(b, a, 1) for a, b in pairwise(widths)])
        self.decoder = nn.ModuleList([ResidualBlock(width, width) for width in widths[:-1]])
        self.hidden = convolution(widths[0], widths[0] * 2)
        self.head = nn.Conv2d(widths[0] * 2, channels * 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return functional.pixel_shuffle(self.head(self.hidden(self.features(x))), 2)

    def features(self, x: Tensor) -> Tensor:
        """What the decoder ends with, at half resolution."""
        x = self.stem(functional.pixel_unshuffle(x, 2))
        skips: list[Tensor] = []
        for stage in self.encoder:
            x = stage(x)
            skips.append(x)
        for level in range(len(skips) - 2, -1, -1):
            up = functional.interpolate(self.lateral[level](x), scale_factor=2.0, mode="nearest")
            x = self.decoder[level](skips[level] + up)
        return x


class ClassicUNet(nn.Module):
    """The U-Net of Ronneberger et al. (2015) with padding and batch normalisation, ``filters`` doubled per stage."""

    def __init__(self, channels: int, filters: int, depth: int) -> None:
        super().__init__()
        widths = [filters * 2**level for level in range(depth + 1)]
        inputs = [3, *widths[:-1]]
        self.down = nn.ModuleList(
            [nn.Sequential(convolution(i, o), convolution(o, o)) for i, o in zip(inputs, widths, strict=True)]
        )
        self.up = nn.ModuleList([nn.ConvTranspose2d(b, a, 2, 2) for a, b in pairwise(widths)])
        self.merge = nn.ModuleList(
            [nn.Sequential(convolution(2 * width, width), convolution(width, width)) for width in widths[:-1]]
        )
        self.head = nn.Conv2d(filters, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips: list[Tensor] = []
        for level, stage in enumerate(self.down):
            x = stage(functional.max_pool2d(x, 2) if level else x)
            skips.append(x)
        for level in range(len(self.up) - 1, -1, -1):
            x = self.merge[level](torch.cat([skips[level], self.up[level](x)], 1))
        return self.head(x)


def parameter_count(network: nn.Module) -> int:
    return sum(one.numel() for one in network.parameters())
