"""Positional reads that many threads may share, and a cache bounded in bytes."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class RandomAccessFile:
    """A file read at positions, without a shared file pointer: safe for threads."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self._lock = threading.Lock()
        self._closed = False
        self.size_bytes = os.fstat(self._descriptor).st_size

    def read(self, offset: int, count: int) -> bytes:
        """``count`` bytes from ``offset``; fewer at the end of the file."""
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, count, offset)
        with self._lock:  # Windows has no pread
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.read(self._descriptor, count)

    def close(self) -> None:
        """Release the descriptor once, so that a number given to another file is never closed."""
        with self._lock:
            if not self._closed:
                self._closed = True
                os.close(self._descriptor)


class ArrayCache:
    """The arrays used last, for segments or planes that are slow to decode.

    Holds up to ``limit_bytes``, or one array where that is larger: a file of one huge compressed strip
    would otherwise be decoded again for every part of it.
    """

    def __init__(self, limit_bytes: int = 64 * 2**20) -> None:
        self._limit_bytes = limit_bytes
        self._used_bytes = 0
        self._arrays: OrderedDict[Hashable, NDArray[np.generic]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], NDArray[np.generic]]) -> NDArray[np.generic]:
        """The array of ``key``, read-only; made outside the lock where it is absent."""
        with self._lock:
            if key in self._arrays:
                self._arrays.move_to_end(key)
                return self._arrays[key]
        array = make().view()
        array.flags.writeable = False  # it is shared
        with self._lock:
            if key not in self._arrays:
                self._arrays[key] = array
                self._used_bytes += array.nbytes
                while self._used_bytes > self._limit_bytes and len(self._arrays) > 1:
                    self._used_bytes -= self._arrays.popitem(last=False)[1].nbytes
        return array

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._arrays.clear()
            self._used_bytes = 0
