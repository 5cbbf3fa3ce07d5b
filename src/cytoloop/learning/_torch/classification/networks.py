"""Networks ``(n, planes + 1, side, side)`` -> ``(n, classes)``; the last plane is the object's mask."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from cytoloop.learning._torch.networks import ResidualBlock, convolution
from cytoloop.learning.classifiers.configuration import NetworkConfiguration, NetworkLearner

CNN_WIDTHS = (32, 64, 128)
ENCODER_WIDTHS = (32, 64, 128, 192)
ENCODER_BLOCKS = (1, 1, 2, 2)
LIMITS = (-0.2, 1.5)


class CropNetwork(nn.Module):
    """Scales the planes, looks at them, averages what it sees over the crop and over the object, tells the classes."""

    low: Tensor
    span: Tensor

    def __init__(self, configuration: NetworkConfiguration, planes: int, classes: int) -> None:
        super().__init__()
        self.hidden = configuration.hidden
        self.register_buffer("low", torch.zeros(1, planes, 1, 1))
        self.register_buffer("span", torch.ones(1, planes, 1, 1))
        encoder = configuration.learner is NetworkLearner.ENCODER
        self.body: CropBody = EncoderBody() if encoder else CnnBody(planes)
        self.standard = nn.BatchNorm1d(self.body.width)
        self.dropout = nn.Dropout(configuration.dropout)
        self.head = nn.Linear(self.body.width, classes)
        self.frozen = encoder and configuration.frozen
        if self.frozen:
            for one in self.body.parameters():
                one.requires_grad_(False)

    def train(self, mode: bool = True) -> "CropNetwork":  # noqa: FBT001, FBT002 - as torch has it
        """Also a frozen body's running means stay."""
        super().train(mode)
        if self.frozen:
            self.body.eval()
        return self

    def scaled(self, crops: Tensor) -> Tensor:
        """Crops with their planes brought to about 0..1; the mask stays."""
        planes = torch.clamp((crops[:, :-1] - self.low) / self.span, *LIMITS)
        return torch.cat([planes, crops[:, -1:]], 1)

    def vectors(self, scaled: Tensor) -> Tensor:
        """What the head sees, ``(n, d)``."""
        planes, mask = scaled[:, :-1], scaled[:, -1:]
        if self.hidden:
            planes = planes * mask
        return self.standard(self.body(planes, mask))

    def logits(self, scaled: Tensor) -> Tensor:
        """Of scaled crops."""
        return self.head(self.dropout(self.vectors(scaled)))

    def forward(self, crops: Tensor) -> Tensor:
        return self.logits(self.scaled(crops))


class CropBody(nn.Module):
    """Planes and mask to pooled features ``(n, width)``."""

    width: int


class CnnBody(CropBody):
    """Residual blocks at a half, a quarter and an eighth of the crop's side; the mask is one more plane."""

    def __init__(self, planes: int) -> None:
        super().__init__()
        self.stem = convolution(planes + 1, CNN_WIDTHS[0], stride=2)
        inputs = (CNN_WIDTHS[0], *CNN_WIDTHS[:-1])
        self.blocks = nn.ModuleList(
            [
                ResidualBlock(i, o, 2 if number else 1)
                for number, (i, o) in enumerate(zip(inputs, CNN_WIDTHS, strict=True))
            ]
        )
        self.width = 2 * CNN_WIDTHS[-1]

    def forward(self, planes: Tensor, mask: Tensor) -> Tensor:
        x = self.stem(torch.cat([planes, mask], 1))
        for block in self.blocks:
            x = block(x)
        return torch.cat([x.mean((2, 3)), over_mask(x, mask)], 1)


class EncoderBody(CropBody):
    """The stem and the encoder of the shipped network; its last three stages are averaged over the object.

    Single planes are shown three times; of more than three the brightest counts for each pixel.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = convolution(12, ENCODER_WIDTHS[0])
        self.encoder = nn.ModuleList()
        inputs = ENCODER_WIDTHS[0]
        for level, (width, count) in enumerate(zip(ENCODER_WIDTHS, ENCODER_BLOCKS, strict=True)):
            steps = [
                ResidualBlock(inputs if number == 0 else width, width, 2 if level and number == 0 else 1)
                for number in range(count)
            ]
            self.encoder.append(nn.Sequential(*steps))
            inputs = width
        self.width = sum(ENCODER_WIDTHS[1:]) + ENCODER_WIDTHS[-1]

    def forward(self, planes: Tensor, mask: Tensor) -> Tensor:
        if planes.shape[1] != 3:
            planes = planes.amax(1, keepdim=True).repeat(1, 3, 1, 1)
        x = self.stem(functional.pixel_unshuffle(planes, 2))
        pooled: list[Tensor] = []
        for level, stage in enumerate(self.encoder):
            x = stage(x)
            if level:
                pooled.append(over_mask(x, mask))
        return torch.cat([*pooled, x.mean((2, 3))], 1)


def over_mask(maps: Tensor, mask: Tensor) -> Tensor:
    """The mean ``(n, c)`` of maps over a mask at the crop's size, by how much of a cell it covers."""
    weights = functional.avg_pool2d(mask, mask.shape[-1] // maps.shape[-1])
    return (maps * weights).sum((2, 3)) / (weights.sum((2, 3)) + 1e-6)
