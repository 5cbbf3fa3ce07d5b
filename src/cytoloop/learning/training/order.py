"""What a training process is asked to do."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from .configuration import Configuration


class Order(BaseModel):
    """One training: on which data, by which configuration, and where everything goes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    configuration: Configuration
    data: Path
    """Folder with ``images`` and ``labels``."""
    folder: Path
    """Where checkpoint, curves, weights and record go; a checkpoint in it is continued."""
    split: Annotated[str, Field(pattern=r"^(standard|all|without-type:\d+(,\d+)*)$")] = "standard"
    initial: Path | None = None
    """ONNX file of this program's whose weights are the start."""
    loaders: Annotated[int, Field(ge=0, le=32)] = 1
    """Processes that prepare samples."""
    threads: Annotated[int | None, Field(ge=1, le=256)] = None
