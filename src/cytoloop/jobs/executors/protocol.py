"""What the dispatcher needs of an executor."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from cytoloop.core.errors import DISK_FULL, CytoloopError, is_disk_full, is_outage


@dataclass(frozen=True, slots=True)
class Report:
    """Something a running call tells.

    ``kind``: ``progress`` (``value`` 0..1, ``text``), ``log`` (``level``, ``text``), ``done`` (``receipt``),
    ``failed`` (``text``; ``again`` whether another try could help, ``waits`` whether it is only something that does not
    answer now) or ``died`` (the process ended).
    """

    key: str
    kind: str
    value: float = 0.0
    text: str = ""
    level: str = "info"
    receipt: dict[str, Any] | None = None
    again: bool = False
    waits: bool = False


class Executor(Protocol):
    """Runs calls; tells what happens by ``on_report``, from threads of its own."""

    def start(self, on_report: Callable[[Report], None]) -> None: ...

    def free_slots(self) -> int:
        """How many calls could begin now."""
        ...

    def submit(self, key: str, function: str, call: dict[str, Any]) -> None:
        """Begin a call. ``key`` names it in reports."""
        ...

    def cancel(self, key: str) -> None:
        """End a call at once; nothing is reported of it any more."""
        ...

    def stop(self) -> None:
        """End everything."""
        ...


def failure_of(key: str, error: Exception) -> Report:
    """What an error that a task met means for it: another try only where nobody knows better."""
    if isinstance(error, CytoloopError):
        return Report(key, "failed", text=error.message, waits=is_outage(error))
    if is_disk_full(error):
        return Report(key, "failed", text=DISK_FULL)
    return Report(key, "failed", text=f"{type(error).__name__}: {error}", again=True)
