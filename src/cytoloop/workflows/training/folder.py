"""The folder in which a job trains a network: it can be looked into while that runs, and the training be ended."""

from pathlib import Path

from cytoloop.core.errors import ConflictError
from cytoloop.learning.training.order import STOP


def work_folder(scratch: Path) -> Path:
    """Where a job's training works, and can be taken up again. ``scratch`` is the job's."""
    return scratch / "training"


def ask_to_stop(scratch: Path, *, is_running: bool) -> None:
    """Let a training that runs end after its batch and keep what it learnt.

    Raises
    ------
    ConflictError
        There is none.
    """
    work = work_folder(scratch)
    if not is_running or not _has_begun(work):
        raise ConflictError("This job trains no network now, so there is nothing to keep. Cancel it instead.")
    (work / STOP).touch()


def _has_begun(work: Path) -> bool:
    """Whether a process was told what to train, in the folder itself or in one for each round."""
    return any((folder / "order.json").is_file() for folder in (work, *work.glob("round-*")))
