"""Rendered tiles, kept in memory."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .metrics import Metrics


@dataclass(slots=True)
class _Gate:
    """Those who want a tile that is being made wait here."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: int = 0


class TileCache:
    """The tiles used last, up to a limit of bytes; what many ask for at once is made once."""

    def __init__(self, limit_bytes: int, metrics: Metrics) -> None:
        self._limit = limit_bytes
        self._metrics = metrics
        self._lock = threading.Lock()
        self._tiles: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._gates: dict[str, _Gate] = {}

    def get(self, key: str, make: Callable[[], bytes]) -> bytes:
        """The tile, made now unless it is here; an error of ``make`` is raised to the one who ran it."""
        found = self._find(key)
        self._metrics.tile(found=found is not None)
        if found is not None:
            return found
        with self._alone(key):
            found = self._find(key)
            if found is None:
                found = make()
                self._put(key, found)
        return found

    @contextmanager
    def _alone(self, key: str) -> Generator[None]:
        with self._lock:
            gate = self._gates.setdefault(key, _Gate())
            gate.waiting += 1
        try:
            with gate.lock:
                yield
        finally:
            with self._lock:
                gate.waiting -= 1
                if gate.waiting == 0:
                    del self._gates[key]

    def _find(self, key: str) -> bytes | None:
        with self._lock:
            found = self._tiles.get(key)
            if found is not None:
                self._tiles.move_to_end(key)
            return found

    def _put(self, key: str, tile: bytes) -> None:
        with self._lock:
            if key in self._tiles or len(tile) > self._limit:
                return
            self._tiles[key] = tile
            self._size += len(tile)
            while self._size > self._limit:
                _, dropped = self._tiles.popitem(last=False)
                self._size -= len(dropped)
            self._metrics.tile_bytes(self._size)
