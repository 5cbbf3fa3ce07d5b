"""Tasks on the nodes of a Dask cluster.

Dask carries JSON to one function and JSON back. It neither retries nor moves a task: the ledger does.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
from distributed import Client, Future

from cytoloop import __version__
from cytoloop.core.errors import CytoloopError
from cytoloop.jobs.cluster.certificates import Certificates
from cytoloop.jobs.cluster.node import run_call

from .protocol import Report

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
"""How often the number of nodes is asked for."""
PATIENCE_S = 10.0
"""How long a scheduler may take to answer."""

OnReport = Callable[[Report], None]


@dataclass(frozen=True, slots=True)
class Link:
    """How a server reaches its cluster. ``address`` is asked for anew at every connection."""

    address: Callable[[], str]
    certificates: Certificates
    home: Path
    """The server's home folder, which nodes must see at the same path."""
    memory_bytes: int = 0
    """Memory that a call may take on a node, 0 for no limit."""
    topic: str = field(default_factory=lambda: f"cytoloop-{uuid4().hex}")
    """Under which nodes tell this server how far they are."""


class DaskExecutor:
    """Runs calls on a cluster. It connects when there is work, and again whenever the scheduler went away.

    A task of a node that dies is reported as such; while there are no nodes, tasks wait in the ledger.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._on_report: OnReport = lambda _: None
        self._lock = threading.Lock()
        self._running: dict[str, Future[bytes]] = {}
        self._client: Client | None = None
        self._threads = 0
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._keep, name="cluster", daemon=True)
        self._told = ""

    def start(self, on_report: OnReport) -> None:
        self._on_report = on_report

    def free_slots(self) -> int:
        with self._lock:
            if not self._watch.is_alive() and not self._stopping.is_set():
                self._watch.start()
            return max(0, self._threads - len(self._running))

    def submit(self, key: str, function: str, call: dict[str, Any]) -> None:
        """Send the call: ``key`` names it, ``version`` and ``home`` let the node check that it can do the work."""
        message = orjson.dumps(
            {
                "key": key,
                "function": function,
                "call": call,
                "topic": self._link.topic,
                "version": __version__,
                "home": str(self._link.home),
                "memory_bytes": self._link.memory_bytes,
            }
        )
        client = self._client
        if client is None:
            self._on_report(Report(key, "died", text="The cluster went away.", again=True))
            return
        name = f"{self._link.topic}-{key}"
        try:
            future = client.submit(run_call, message, key=name, pure=False, retries=0)
        except Exception as error:
            logger.warning("A task could not be sent to the cluster: %s", error)
            self._on_report(Report(key, "died", text="The cluster went away.", again=True))
            return
        with self._lock:
            self._running[key] = future
        future.add_done_callback(lambda ended: self._end(key, ended))

    def _end(self, key: str, future: "Future[bytes]") -> None:
        with self._lock:
            if self._running.get(key) is not future:
                return
        report = _report_of(key, future)
        with self._lock:
            if self._running.pop(key, None) is None:
                return  # cancelled meanwhile
        self._on_report(report)

    def cancel(self, key: str) -> None:
        """What nobody waits for is dropped by the scheduler, and its node sees that."""
        with self._lock:
            future = self._running.pop(key, None)
        if future is not None:
            future.release()

    def stop(self) -> None:
        self._stopping.set()
        if self._watch.is_alive():
            self._watch.join(timeout=2 * PATIENCE_S)
        for key in list(self._running):
            self.cancel(key)
        self._disconnect()

    def _keep(self) -> None:
        """Stay connected, and know how many calls the nodes can take."""
        while not self._stopping.is_set():
            try:
                if self._client is None:
                    self._connect()
                assert self._client is not None
                threads: Any = self._client.nthreads()
                self._threads = sum(threads.values())
            except Exception as error:
                self._threads = 0
                self._tell(error)
                self._disconnect()
            self._stopping.wait(LOOK_EVERY_S)

    def _connect(self) -> None:
        client = Client(
            self._link.address(),
            security=self._link.certificates.security(),
            timeout=PATIENCE_S,
            set_as_default=False,
            name="cytoloop",
        )
        client.subscribe_topic(self._link.topic, self._hear)
        self._client = client
        self._told = ""
        logger.info("Connected to the cluster")

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close(timeout=PATIENCE_S)

    def _tell(self, error: Exception) -> None:
        text = error.message if isinstance(error, CytoloopError) else f"{type(error).__name__}: {error}"
        if text != self._told:
            self._told = text
            logger.warning("No cluster, so tasks wait: %s", text)

    def _hear(self, event: tuple[float, str]) -> None:
        self._on_report(Report(**orjson.loads(event[1])))


def _report_of(key: str, future: "Future[bytes]") -> Report:
    """What a call that ended tells; Dask's own errors as the death of a node."""
    if future.status == "finished":
        try:
            return Report(**orjson.loads(future.result(timeout=PATIENCE_S)))
        except Exception as error:
            cause = type(error).__name__
    elif future.status == "error":
        error = future.exception(timeout=PATIENCE_S)
        cause = type(error).__name__
        if cause != "KilledWorker":
            return Report(key, "failed", text=f"The node could not begin: {cause}: {error}", again=True)
    else:
        cause = future.status
    return Report(key, "died", text=f"The cluster's node ended before its task did ({cause}).", again=True)
