"""Events: what just happened, for whoever listens (the pages of a project, above all)."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a project. ``data`` is JSON-ready."""

    id: int
    project_id: int
    kind: str
    data: dict[str, Any]


class EventSink(Protocol):
    """Takes events; never blocks and never fails the work that it tells of."""

    def publish(self, project_id: int, kind: str, data: dict[str, Any]) -> None: ...


CLOSING = "closing"
"""Kind of the last event that a listener gets: the server ends."""

Listener = Callable[[Event], None]


class EventBus:
    """Events within one process, with a short memory so that a listener that reconnects misses nothing.

    Parameters
    ----------
    remembered
        How many past events are kept for ``since``.
    """

    def __init__(self, remembered: int = 5000) -> None:
        self._lock = threading.Lock()
        self._next = 1
        self._past: deque[Event] = deque(maxlen=remembered)
        self._listeners: dict[int, tuple[int, Listener]] = {}
        self._next_listener = 1

    def publish(self, project_id: int, kind: str, data: dict[str, Any], number: int | None = None) -> None:
        """Tell every listener of the project. ``number``: the event's id, where several processes agreed on one."""
        with self._lock:
            event = Event(self._next if number is None else number, project_id, kind, data)
            self._next = max(self._next, event.id) + 1
            self._past.append(event)
            listeners = [one for project, one in self._listeners.values() if project == project_id]
        for listener in listeners:
            try:
                listener(event)
            except Exception:
                logger.exception("A listener failed; the work it was told of goes on")

    def subscribe(self, project_id: int, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` for each event from now on; returns the function that stops it."""
        with self._lock:
            key = self._next_listener
            self._next_listener += 1
            self._listeners[key] = (project_id, listener)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners.pop(key, None)

        return unsubscribe

    def close(self) -> None:
        """Tell every listener that nothing more will come, by an event of the kind ``CLOSING``."""
        with self._lock:
            listeners = list(self._listeners.values())
        for project_id, listener in listeners:
            listener(Event(0, project_id, CLOSING, {}))

    def since(self, project_id: int, event_id: int) -> list[Event]:
        """Remembered events of the project that came after ``event_id``, oldest first.

        Ids that several processes agreed on need not come in their order: the place of the event decides.
        """
        with self._lock:
            past = list(self._past)
        place = next((index for index, one in enumerate(past) if one.id == event_id), None)
        later = past[place + 1 :] if place is not None else [one for one in past if one.id > event_id]
        return [one for one in later if one.project_id == project_id]

    @property
    def last_id(self) -> int:
        """The id of the newest event, 0 before the first."""
        with self._lock:
            return self._next - 1
