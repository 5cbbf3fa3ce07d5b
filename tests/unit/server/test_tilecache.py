import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cytoloop.server.metrics import Metrics
from cytoloop.server.tilecache import TileCache
from cytoloop.storage.blobs.folder import LocalBlobs
from cytoloop.storage.database import Database, sqlite_url


@pytest.fixture
def metrics(tmp_path: Path) -> Iterator[Metrics]:
    database = Database(sqlite_url(tmp_path / "counted.sqlite"))
    yield Metrics(database, LocalBlobs(tmp_path / "images"))
    database.close()


def test_what_many_ask_for_at_once_is_made_once(metrics: Metrics) -> None:
    cache = TileCache(1000, metrics)
    made: list[str] = []

    def make() -> bytes:
        made.append("x")
        time.sleep(0.2)
        return b"tile"

    answers: list[bytes] = []
    threads = [threading.Thread(target=lambda: answers.append(cache.get("one", make))) for _ in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert answers == [b"tile"] * 20
    assert made == ["x"]
    assert cache._gates == {}


def test_others_do_not_wait_for_a_slow_tile(metrics: Metrics) -> None:
    cache = TileCache(1000, metrics)
    begun, go = threading.Event(), threading.Event()

    def slow() -> bytes:
        begun.set()
        assert go.wait(10)
        return b"slow"

    waiting = threading.Thread(target=lambda: cache.get("slow", slow))
    waiting.start()
    assert begun.wait(10)
    assert cache.get("quick", lambda: b"quick") == b"quick"
    go.set()
    waiting.join(10)
    assert cache.get("slow", pytest.fail) == b"slow"


def test_an_error_is_told_and_the_next_one_tries_again(metrics: Metrics) -> None:
    cache = TileCache(1000, metrics)

    def broken() -> bytes:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cache.get("one", broken)
    assert cache.get("one", lambda: b"tile") == b"tile"


def test_the_least_recently_used_goes_first(metrics: Metrics) -> None:
    cache = TileCache(10, metrics)
    for name in ("a", "b"):
        cache.get(name, lambda: b"12345")
    cache.get("a", pytest.fail)
    cache.get("c", lambda: b"12345")
    cache.get("a", pytest.fail)
    assert cache.get("b", lambda: b"again") == b"again"
    assert cache.get("large", lambda: b"x" * 11) == b"x" * 11, "given out, not kept"
    assert cache.get("large", lambda: b"y") == b"y"
