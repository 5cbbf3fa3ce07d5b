import math

import numpy as np

from cytoloop.workflows.tables import BASIC, LayerTable, RecentTables


def table(size: int) -> LayerTable:
    return LayerTable(BASIC, {"id": np.arange(size)}, np.full((size, 4), math.nan), None, 0)


def test_a_table_is_built_once_while_it_is_among_the_last() -> None:
    built: list[str] = []
    recent = RecentTables(2)

    def ask(key: str) -> LayerTable:
        return recent.get(key, lambda: built.append(key) or table(len(built)))

    first = ask("a")
    assert ask("a") is first
    ask("b")
    assert ask("a") is first
    ask("c")
    assert ask("a") is first
    ask("b")
    assert built == ["a", "b", "c", "b"]
