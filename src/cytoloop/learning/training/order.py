"""What a training process is asked to do."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from .configuration import Configuration
from .dataset import Split, split_named

STOP = "stop"
"""A file of this name in the folder of a training ends it after its batch; what was learnt is kept."""


class Order(BaseModel):
    """One training: on which data, by which configuration, and where everything goes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    configuration: Configuration
    data: Path
    """Folder with ``images`` and ``labels``."""
    folder: Path
    """Where checkpoint, curves, weights and record go; a checkpoint in it is continued."""
    split: Annotated[str, Field(pattern=r"^((standard|all)(:\d+(,\d+)*)?|without-type:\d+(,\d+)*)$")] = "standard"
    held_out: tuple[str, ...] | None = None
    """Names of the pairs that are held out; in place of ``split`` where given."""
    initial: Path | None = None
    """ONNX file of this program's whose weights are the start."""
    stop_file: Path | None = None
    """The training ends after its batch when there is a file here; what was learnt is kept."""
    loaders: Annotated[int, Field(ge=0, le=32)] = 1
    """Processes that prepare samples."""
    threads: Annotated[int | None, Field(ge=1, le=256)] = None

    def split_of(self, types: dict[str, int]) -> Split:
        """What is learnt from and what is held out of pairs, given as the image type of each name."""
        if self.held_out is None:
            return split_named(self.split, types)
        held = set(self.held_out)
        return Split(tuple(one for one in types if one not in held), tuple(one for one in types if one in held))
