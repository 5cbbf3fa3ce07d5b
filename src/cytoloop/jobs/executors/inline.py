"""The in-memory twin of the executors: runs each call at once, in this process. For tests and scripts."""

import importlib
from collections.abc import Callable
from typing import Any

from cytoloop.core.errors import CytoloopError, is_outage

from .protocol import Report


class _Reporter:
    def __init__(self, key: str, on_report: Callable[[Report], None]) -> None:
        self._key, self._on_report = key, on_report

    def progress(self, fraction: float, text: str = "") -> None:
        self._on_report(Report(self._key, "progress", value=fraction, text=text))

    def log(self, text: str, level: str = "info") -> None:
        self._on_report(Report(self._key, "log", level=level, text=text))


class InlineExecutor:
    """Runs calls where they are submitted."""

    def __init__(self) -> None:
        self._on_report: Callable[[Report], None] = lambda _: None

    def start(self, on_report: Callable[[Report], None]) -> None:
        self._on_report = on_report

    def free_slots(self) -> int:
        return 1

    def submit(self, key: str, function: str, call: dict[str, Any]) -> None:
        module, name = function.split(":")
        try:
            receipt = getattr(importlib.import_module(module), name)(call, _Reporter(key, self._on_report))
        except CytoloopError as error:
            self._on_report(Report(key, "failed", text=error.message, waits=is_outage(error)))
        except Exception as error:
            self._on_report(Report(key, "failed", text=str(error), again=True))
        else:
            self._on_report(Report(key, "done", receipt=receipt))

    def cancel(self, key: str) -> None:
        """Nothing runs between calls."""

    def stop(self) -> None:
        """Nothing to end."""
