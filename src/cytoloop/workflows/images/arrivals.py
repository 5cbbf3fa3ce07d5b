"""Images on their way from the object store: a few at once, and those who wait for them are told how far they are."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from cytoloop.core.errors import CancelledError, CytoloopError, UnavailableError
from cytoloop.storage.blobs.contract import Progress

AT_ONCE = 4
"""Images that are brought at once; each comes in several parts at once."""
WAITING = 3
"""Requests that wait for one image; others are told at once how far it is, so that threads are left for the rest."""
FAILED_FOR_S = 5.0
"""How long an error is told again before another try: a page asks for many tiles at once."""


class ArrivingError(UnavailableError):
    """The image is on its way; ``details`` tell ``fetched_bytes`` and ``size_bytes``."""

    code = "arriving"


@dataclass(slots=True)
class Arrival:
    """An image on its way: bytes here and in all (0 while that is not known), and how it ended."""

    fetched_bytes: int = 0
    size_bytes: int = 0
    ended: "Future[None]" = field(default_factory=lambda: Future[None]())
    failed_at: float | None = None
    waiting: int = 0

    @property
    def error(self) -> str | None:
        """Why it did not come, in words for people."""
        if self.failed_at is None:
            return None
        error = self.ended.exception()
        return error.message if isinstance(error, CytoloopError) else "Something went wrong on the server."


class Arrivals:
    """Brings images in threads of its own."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="arrivals")
        self._is_closed = False
        self._lock = threading.Lock()
        self._coming: dict[str, Arrival] = {}

    def begin(self, key: str, bring: Callable[[Progress], None]) -> Arrival:
        """The arrival of an image, begun unless it is under way, or failed a moment ago."""
        with self._lock:
            known = self._coming.get(key)
            if known is not None and (known.failed_at is None or time.monotonic() - known.failed_at < FAILED_FOR_S):
                return known
            arrival = self._coming[key] = Arrival()
        self._pool.submit(self._bring, key, arrival, bring)
        return arrival

    def _bring(self, key: str, arrival: Arrival, bring: Callable[[Progress], None]) -> None:
        def tell(done: int, total: int) -> None:
            if self._is_closed:
                raise CancelledError("The server ends.")
            arrival.fetched_bytes, arrival.size_bytes = done, total

        try:
            bring(tell)
        except BaseException as error:
            arrival.ended.set_exception(error)
            arrival.failed_at = time.monotonic()
            return
        with self._lock:
            self._coming.pop(key, None)
        arrival.ended.set_result(None)

    def wait(self, arrival: Arrival, patience_s: float) -> None:
        """Until it is here, but not for long.

        Raises
        ------
        ArrivingError
            It is not here yet. Other errors: why it cannot come.
        """
        with self._lock:
            is_crowded = arrival.waiting >= WAITING
            arrival.waiting += 1
        try:
            has_ended = bool(wait([arrival.ended], timeout=0 if is_crowded else patience_s).done)
        finally:
            with self._lock:
                arrival.waiting -= 1
        if not has_ended:
            raise ArrivingError(
                f"The image is being fetched from the object store{_share(arrival)}. It will be shown when it is here.",
                fetched_bytes=arrival.fetched_bytes,
                size_bytes=arrival.size_bytes,
            )
        arrival.ended.result()

    def close(self) -> None:
        """Begin nothing more, and give up what is on its way."""
        self._is_closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)


def _share(arrival: Arrival) -> str:
    if arrival.size_bytes == 0:
        return ""
    percent = 100 * arrival.fetched_bytes // arrival.size_bytes
    return f": {percent} % of {arrival.size_bytes / 1e6:,.0f} MB"
