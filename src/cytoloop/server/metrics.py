"""What a server counts, for Prometheus: requests, tiles from memory, jobs and tasks.

Several processes behind one socket count in files below the home folder (``PROMETHEUS_MULTIPROC_DIR``, set by
their supervisor), so that whichever is asked tells the sum.
"""

import os
import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from cytoloop.core.errors import UnavailableError
from cytoloop.jobs.counting import states
from cytoloop.storage.blobs.contract import Blobs
from cytoloop.storage.blobs.objects import ObjectBlobs
from cytoloop.storage.database import Database

TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
FRESH_S = 5.0
"""How long counts of the database are good for: a table of millions of tasks is not read at every scrape."""


class Metrics:
    """The counters of one process, and their text for Prometheus."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._blobs = blobs
        blobs.watch(self.blob_event)
        self._own = CollectorRegistry()
        self._states = _States(database)
        self._requests = Counter(
            "cytoloop_requests", "Requests answered.", ["method", "route", "status"], registry=self._own
        )
        self._seconds = Histogram(
            "cytoloop_request_seconds",
            "Time until a request was answered in full.",
            ["route"],
            buckets=SECONDS,
            registry=self._own,
        )
        self._tiles = Counter("cytoloop_tile_cache", "Tiles looked up in memory.", ["result"], registry=self._own)
        self._tile_bytes = Gauge(
            "cytoloop_tile_cache_bytes",
            "Bytes of rendered tiles in memory.",
            registry=self._own,
            multiprocess_mode="livesum",
        )

        self._blob_cache = Counter(
            "cytoloop_blob_cache", "Images of the object store looked up on disk.", ["result"], registry=self._own
        )
        self._blob_bytes = Counter(
            "cytoloop_blob_bytes", "Bytes fetched from the object store by the server.", registry=self._own
        )
        self._store_errors = Counter(
            "cytoloop_object_store_errors", "Requests that the object store did not serve.", registry=self._own
        )

    def blob_event(self, name: str, count: float) -> None:
        """Something happened between the server and the object store."""
        match name:
            case "cache_hit" | "cache_miss":
                self._blob_cache.labels(name.removeprefix("cache_")).inc(count)
            case "fetched_bytes":
                self._blob_bytes.inc(count)
            case "error":
                self._store_errors.inc(count)
            case _:
                pass  # workers store, and count nothing

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered. ``route`` is the pattern, never the address itself."""
        self._requests.labels(method if method in METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def tile(self, *, found: bool) -> None:
        """A rendered tile was looked for in memory."""
        self._tiles.labels("hit" if found else "miss").inc()

    def tile_bytes(self, size: int) -> None:
        """The rendered tiles in memory take so many bytes."""
        self._tile_bytes.set(size)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        counted = self._own
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            counted = CollectorRegistry()
            MultiProcessCollector(counted)
        stored = CollectorRegistry(auto_describe=False)
        stored.register(self._states)
        if isinstance(self._blobs, ObjectBlobs):
            stored.register(_Store(self._blobs))
        return generate_latest(counted) + generate_latest(stored)


class _Store(Collector):
    """Whether the object store answers, and how much of it is on disk."""

    def __init__(self, blobs: ObjectBlobs) -> None:
        self._blobs = blobs

    def describe(self) -> Iterator[GaugeMetricFamily]:
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            self._blobs.check()
            up = 1.0
        except UnavailableError:
            up = 0.0
        yield GaugeMetricFamily("cytoloop_object_store_up", "Whether the object store answers.", value=up)
        size = self._blobs.cached_bytes()
        yield GaugeMetricFamily("cytoloop_blob_cache_bytes", "Bytes of its images on disk.", value=size)


class _States(Collector):
    """Jobs and tasks by state, from the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts: dict[str, dict[str, int]] = {}
        self._until = 0.0

    def describe(self) -> Iterator[GaugeMetricFamily]:
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        if time.monotonic() > self._until:
            with self._database.read() as connection:
                self._counts = states(connection)
            self._until = time.monotonic() + FRESH_S
        for what, counts in self._counts.items():
            family = GaugeMetricFamily(f"cytoloop_{what}", f"The ledger's {what} by state.", labels=["state"])
            for state, number in counts.items():
                family.add_metric([state], number)
            yield family
