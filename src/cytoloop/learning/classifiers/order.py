"""What a process that trains a network on crops is asked to do, and the files between it and whoever asks."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from .configuration import NetworkConfiguration

CROPS, TRUTH, VALIDATION = "crops.npy", "truth.npy", "validation.npy"
CURVES = "curves.jsonl"


class ClassOrder(BaseModel):
    """One training of a network on crops."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    configuration: NetworkConfiguration
    data: Path
    """Folder with crops ``(n, planes + 1, side, side) float32``, classes and what is held out ``(n,)``."""
    folder: Path
    """Where checkpoint, curves, weights and record go; a checkpoint in it is continued."""
    classes: tuple[str, ...] = Field(min_length=2, max_length=200)
    encoder: Path
    """ONNX file of the shipped segmentation network."""
    earlier: Path | None = None
    """ONNX file of an earlier network of this kind whose weights are the start."""
    earlier_classes: tuple[str, ...] = ()
    threads: Annotated[int | None, Field(ge=1, le=256)] = None

    @property
    def name(self) -> str:
        """As it is called on the page of its curves."""
        return "classifier"


def write_data(
    folder: Path, crops: Sequence[NDArray[np.float32]], truth: NDArray[np.int64], validation: NDArray[np.bool_]
) -> None:
    """Write the data of an order; ``crops`` in parts, which may be mapped files, so that never all are in memory."""
    folder.mkdir(parents=True, exist_ok=True)
    count = sum(len(one) for one in crops)
    target = np.lib.format.open_memmap(folder / CROPS, mode="w+", dtype=np.float32, shape=(count, *crops[0].shape[1:]))
    at = 0
    for one in crops:
        target[at : at + len(one)] = one
        at += len(one)
    target.flush()
    np.save(folder / TRUTH, truth)
    np.save(folder / VALIDATION, validation)
