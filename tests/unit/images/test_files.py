"""Positional reads and the bounded cache."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from cytoloop.images.files import ArrayCache, RandomAccessFile


def test_threads_read_what_they_ask_for(tmp_path: Path) -> None:
    path = tmp_path / "bytes"
    data = np.random.default_rng(0).bytes(100_000)
    path.write_bytes(data)
    file = RandomAccessFile(path)
    with ThreadPoolExecutor(8) as threads:
        parts = list(threads.map(lambda start: file.read(start, 777), range(0, 99_000, 33)))
    assert parts == [data[start : start + 777] for start in range(0, 99_000, 33)]
    assert file.read(99_990, 100) == data[-10:]
    file.close()
    file.close()


def test_the_oldest_arrays_go_first() -> None:
    cache = ArrayCache(limit_bytes=250)
    made: list[int] = []

    def get(key: int, size: int = 100) -> None:
        cache.get(key, lambda: (made.append(key), np.zeros(size, np.uint8))[1])

    get(1), get(2), get(1), get(3), get(1), get(2)
    assert made == [1, 2, 3, 2]


def test_one_array_larger_than_the_limit_is_kept() -> None:
    cache = ArrayCache(limit_bytes=10)
    first = cache.get("a", lambda: np.zeros(1000, np.uint8))
    assert cache.get("a", lambda: np.ones(1, np.uint8)) is first
    assert not first.flags.writeable
    cache.get("b", lambda: np.zeros(1000, np.uint8))
    assert cache.get("a", lambda: np.ones(1, np.uint8)).size == 1
    cache.clear()
