import math
import threading

import numpy as np
import pytest

from cytoloop.workflows.measurements.tables import BASIC, LayerTable, RecentTables


def table(size: int) -> LayerTable:
    return LayerTable(BASIC, {"id": np.arange(size)}, np.full((size, 4), math.nan), None, 0)


def test_a_table_is_built_once_while_it_is_among_the_last() -> None:
    built: list[str] = []
    recent = RecentTables(20)

    def ask(key: str) -> LayerTable:
        return recent.get(key, lambda: built.append(key) or table(10))

    first = ask("a")
    assert ask("a") is first
    ask("b")
    assert ask("a") is first
    ask("c")
    assert ask("a") is first
    ask("b")
    assert built == ["a", "b", "c", "b"]


def test_a_table_larger_than_all_that_is_kept_is_kept_alone() -> None:
    recent = RecentTables(20)
    small = recent.get("small", lambda: table(10))
    large = recent.get("large", lambda: table(50))
    assert recent.get("large", lambda: table(1)) is large
    assert recent.get("small", lambda: table(10)) is not small


def test_who_asks_while_it_is_built_waits_for_it() -> None:
    recent = RecentTables(20)
    begun, go = threading.Event(), threading.Event()
    found: list[LayerTable] = []

    def slow() -> LayerTable:
        begun.set()
        assert go.wait(10)
        return table(3)

    def never() -> LayerTable:
        raise AssertionError("built twice")

    first = threading.Thread(target=lambda: found.append(recent.get("a", slow)))
    first.start()
    assert begun.wait(10)
    second = threading.Thread(target=lambda: found.append(recent.get("a", never)))
    second.start()
    go.set()
    for one in (first, second):
        one.join(10)
    assert len(found) == 2
    assert found[0] is found[1]


def test_a_table_that_could_not_be_built_is_tried_again() -> None:
    recent = RecentTables(20)

    def broken() -> LayerTable:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        recent.get("a", broken)
    assert len(recent.get("a", lambda: table(3))) == 3
