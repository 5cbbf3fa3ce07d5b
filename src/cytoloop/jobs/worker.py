"""A worker process: ``python -m cytoloop.jobs.worker``. Reads calls from stdin, writes reports to stdout.

Both are lines of JSON. The worker ends when stdin does, that is, when its parent dies however it dies.
It has no database; what it is told to read and write are files.
"""

import importlib
import os
import queue
import resource
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

import orjson

from cytoloop.core.errors import DISK_FULL, CytoloopError, is_disk_full, is_outage


class Reporter:
    """Lets the work tell how far it is. Cheap to call often."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send

    def progress(self, fraction: float, text: str = "") -> None:
        """How much is done, 0..1."""
        self._send({"kind": "progress", "value": float(fraction), "text": text})

    def log(self, text: str, level: str = "info") -> None:
        """A line for the job's log."""
        self._send({"kind": "log", "level": level, "text": text})


def main() -> None:
    """Serve calls until the parent goes."""
    reports = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # a library that prints must not garble the reports
    _limit_memory(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    calls: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, calls), daemon=True).start()
    while True:
        _serve(calls.get(), reports)


def _listen(stream: BinaryIO, calls: "queue.SimpleQueue[dict[str, Any]]") -> None:
    for line in stream:
        calls.put(orjson.loads(line))
    os._exit(0)


def _limit_memory(limit_bytes: int) -> None:
    if limit_bytes > 0:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (limit_bytes, hard))


def _serve(message: dict[str, Any], reports: BinaryIO) -> None:
    key = message["key"]

    def send(report: dict[str, Any]) -> None:
        reports.write(orjson.dumps({"key": key, **report}, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")

    try:
        module, name = message["function"].split(":")
        function = getattr(importlib.import_module(module), name)
        receipt = function(message["call"], Reporter(send))
    except CytoloopError as error:
        send({"kind": "failed", "text": error.message, "again": False, "waits": is_outage(error)})
    except MemoryError:
        send({"kind": "failed", "text": _OUT_OF_MEMORY, "again": False})
    except Exception as error:
        if is_disk_full(error):
            send({"kind": "failed", "text": DISK_FULL, "again": False})
            return
        traceback.print_exc(file=sys.stderr)
        send(
            {
                "kind": "failed",
                "text": f"{type(error).__name__}: {error}",
                "again": True,
            }
        )
    else:
        send({"kind": "done", "receipt": receipt})


_OUT_OF_MEMORY = (
    "There was not enough memory for this. Choose a smaller region, or allow workers more memory in the settings."
)

if __name__ == "__main__":
    main()
