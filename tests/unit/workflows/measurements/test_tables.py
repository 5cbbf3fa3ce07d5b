import numpy as np
import pytest

from cytoloop.core.errors import InvalidInputError
from cytoloop.measurements.table import ColumnSpec
from cytoloop.workflows.measurements.tables import LayerTable, summary


def table(**columns: list[float]) -> LayerTable:
    count = len(next(iter(columns.values())))
    values = {"id": np.arange(1, count + 1), "term_id": np.zeros(count, np.int64)}
    values |= {key: np.array(value, float if key != "term_id" else np.int64) for key, value in columns.items()}
    specs = (ColumnSpec("id", "Id", ""), ColumnSpec("term_id", "Class", ""))
    specs += tuple(ColumnSpec(key, key, "") for key in columns if key != "term_id")
    return LayerTable(specs, values, np.zeros((count, 4)), None, 0)


def test_unknown_values_come_last_whichever_way_is_sorted() -> None:
    one = table(a=[3, np.nan, 1, 2])
    assert one.order("a", descending=False).tolist() == [2, 3, 0, 1]
    assert one.order("a", descending=True).tolist() == [0, 3, 2, 1]


def test_an_unknown_column_is_told_with_those_there_are() -> None:
    with pytest.raises(InvalidInputError, match="There are: id, term_id, a"):
        table(a=[1]).order("b", descending=False)


def test_statistics_are_those_of_each_class() -> None:
    one = table(a=[1, 2, 3, 10, np.nan], term_id=[7, 7, 7, 0, 0])
    _, found = summary(one)
    by_term = {stat.term_id: stat for stat in found}
    assert (by_term[7].count, by_term[7].mean["a"], by_term[7].std["a"], by_term[7].median["a"]) == (3, 2.0, 1.0, 2.0)
    assert (by_term[None].count, by_term[None].mean["a"], by_term[None].std["a"]) == (2, 10.0, None)


def test_numbers_that_json_lacks_become_null() -> None:
    assert table(a=[1.5, np.nan]).rows(np.array([0, 1])) == [[1, None, 1.5], [2, None, None]]
