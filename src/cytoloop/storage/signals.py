"""Short messages to all processes that work on the same database: what changed, what to do.

With SQLite there is one process, and they are calls. With PostgreSQL they go by NOTIFY, so that every
process hears them in the same order, a write's together with its commit.
"""

import logging
import select
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import orjson
from sqlalchemy import Connection, text

from cytoloop.core.errors import CytoloopError

from .aftercommit import after_commit
from .database import Database

if TYPE_CHECKING:
    import psycopg

logger = logging.getLogger(__name__)

Payload = dict[str, Any]
Handler = Callable[[int | None, Payload], None]
"""Called with the message's number, the same in all processes, or ``None`` where there is but one."""

CHANNEL = "cytoloop"
MAX_BYTES = 7900
"""PostgreSQL takes payloads of less than 8,000 bytes."""
CHECK_EVERY_S = 15.0
"""How often a quiet connection is asked whether it still lives."""
RETRY_S = (0.2, 5.0)
"""The first and the longest wait before a broken connection is made again."""


class Signals(Protocol):
    """Messages by topic. None is ever lost silently: after a gap the handlers of ``on_gap`` are called."""

    def on(self, topic: str, handler: Handler) -> None:
        """Call ``handler`` for each message of a topic, from a thread of the sender or of the signals."""
        ...

    def on_gap(self, handler: Callable[[], None]) -> None:
        """Call ``handler`` when messages may have been missed."""
        ...

    def send(self, topic: str, payload: Payload) -> None:
        """Tell everyone now. Never fails the work that it tells of."""
        ...

    def send_within(self, connection: Connection, topic: str, payload: Payload) -> None:
        """Tell everyone once the write that uses this connection is durable."""
        ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


class _Handlers:
    def __init__(self) -> None:
        self._by_topic: dict[str, list[Handler]] = {}
        self._on_gap: list[Callable[[], None]] = []

    def on(self, topic: str, handler: Handler) -> None:
        self._by_topic.setdefault(topic, []).append(handler)

    def on_gap(self, handler: Callable[[], None]) -> None:
        self._on_gap.append(handler)

    def _hand_on(self, topic: str, number: int | None, payload: Payload) -> None:
        for handler in self._by_topic.get(topic, []):
            try:
                handler(number, payload)
            except Exception:
                logger.exception("A message of %s could not be handled", topic)

    def _tell_gap(self) -> None:
        for handler in self._on_gap:
            handler()


class LocalSignals(_Handlers):
    """Within one process: the handlers are called where a message is sent."""

    def send(self, topic: str, payload: Payload) -> None:
        self._hand_on(topic, None, payload)

    def send_within(self, connection: Connection, topic: str, payload: Payload) -> None:
        after_commit(connection, lambda: self.send(topic, payload))

    def start(self) -> None:
        """Nothing to begin."""

    def stop(self) -> None:
        """Nothing to end."""


# The number rises with the transaction and within it, so no two messages have the same.
_NOTIFY = text(
    "SELECT pg_notify(:channel, (pg_current_xact_id()::text::bigint * 65536 + :place)::text || ' ' || :content)"
)
_PLACE = "cytoloop_messages"


def _encoded(topic: str, payload: Payload) -> str:
    content = orjson.dumps([topic, payload])
    if len(content) > MAX_BYTES:
        raise ValueError(f"A message of {topic} has {len(content)} bytes; at most {MAX_BYTES} can be sent.")
    return content.decode()


class PostgresSignals(_Handlers):
    """Between the processes of a PostgreSQL database; one connection and one thread listen."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self._stopping = threading.Event()
        self._listening = threading.Event()
        self._waker: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def send(self, topic: str, payload: Payload) -> None:
        try:
            self._database.write(lambda connection: self.send_within(connection, topic, payload))
        except CytoloopError as error:
            logger.warning("A message of %s was not sent: %s", topic, error.message)

    def send_within(self, connection: Connection, topic: str, payload: Payload) -> None:
        place = connection.info.get(_PLACE, 0)
        connection.info[_PLACE] = (place + 1) % 65536
        connection.execute(_NOTIFY, {"channel": CHANNEL, "place": place, "content": _encoded(topic, payload)})

    def start(self) -> None:
        """Listen; returns when it does, or when the database did not answer at once."""
        if self._thread is None:
            wakened, self._waker = socket.socketpair()
            self._thread = threading.Thread(target=self._run, args=(wakened,), name="signals", daemon=True)
            self._thread.start()
            self._listening.wait(timeout=10)

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is None or self._waker is None:
            return
        self._waker.send(b"x")
        self._thread.join(timeout=10)
        self._waker.close()

    def _run(self, wakened: socket.socket) -> None:
        with wakened:
            self._listen_again_and_again(wakened)

    def _listen_again_and_again(self, wakened: socket.socket) -> None:
        wait = RETRY_S[0]
        was_cut = False
        while not self._stopping.is_set():
            try:
                with self._connected() as connection:
                    wait = RETRY_S[0]
                    if was_cut:
                        self._tell_gap()
                    self._listening.set()
                    self._listen(connection, wakened)
            except Exception as error:
                if self._listening.is_set():
                    logger.warning(
                        "Messages from other processes are cut off (%s); connecting again", type(error).__name__
                    )
                self._listening.clear()
                was_cut = True
                self._stopping.wait(wait)
                wait = min(2 * wait, RETRY_S[1])

    def _connected(self) -> "psycopg.Connection[Any]":
        import psycopg

        connection = psycopg.connect(**self._database.connect_arguments, autocommit=True)
        connection.execute(f"LISTEN {CHANNEL}".encode())
        return connection

    def _listen(self, connection: "psycopg.Connection[Any]", wakened: socket.socket) -> None:
        while not self._stopping.is_set():
            ready, _, _ = select.select([connection.fileno(), wakened], [], [], CHECK_EVERY_S)
            if not ready:
                connection.execute(b"SELECT 1")
            for notice in connection.notifies(timeout=0):
                self._receive(notice.payload)

    def _receive(self, content: str) -> None:
        number, _, message = content.partition(" ")
        topic, payload = orjson.loads(message)
        self._hand_on(topic, int(number), payload)


def signals_of(database: Database) -> Signals:
    """The signals that fit a database."""
    return LocalSignals() if database.is_sqlite else PostgresSignals(database)
