"""A network with the interface of InstanSeg's: what is bright, a label for each quarter of the picture."""

import torch


class Bright(torch.nn.Module):
    """Takes ``(1, 3, h, w)``, gives ``(1, 1, h, w)`` labels."""

    pixel_size: float
    cells_and_nuclei: bool

    def __init__(self) -> None:
        super().__init__()
        self.pixel_size = 0.5
        self.cells_and_nuclei = False

    def forward(self, image: torch.Tensor, target_segmentation: torch.Tensor) -> torch.Tensor:
        bright = (image.mean(1, keepdim=True) > 0.5).float()
        height, width = image.shape[-2], image.shape[-1]
        rows = (torch.arange(height)[:, None] >= height // 2).float()
        columns = (torch.arange(width)[None, :] >= width // 2).float()
        return bright * (1 + columns + 2 * rows)
