import numpy as np
import pytest

from cytoloop.core.errors import InvalidInputError, TooLargeError
from cytoloop.measurements.exploring import scaling
from cytoloop.measurements.exploring.scaling import scaled


def test_a_normal_column_gets_median_zero_and_deviation_one() -> None:
    column = np.random.default_rng(1).normal(50, 7, 20_000)
    found = scaled({"a": column})
    assert abs(float(np.median(found.values))) < 1e-9
    assert found.values.std() == pytest.approx(1, abs=0.02)
    assert (found.names, found.filled, found.rows.tolist()) == (("a",), 0, list(range(20_000)))
    assert found.remarks(20_000) == []


def test_what_is_constant_or_mostly_missing_is_left_out_and_told() -> None:
    nan = np.nan
    columns = {
        "same": np.full(6, 3.0),
        "rare": np.array([nan, nan, nan, nan, 1, 2]),
        "gap": np.array([1, 2, nan, 4, np.inf, 6]),
        "full": np.array([1.0, 2, 3, 4, 5, 6]),
    }
    found = scaled(columns)
    assert found.names == ("gap", "full")
    assert (found.constant, found.missing, found.filled) == (("same",), ("rare",), 2)
    assert np.isfinite(found.values).all()
    assert found.values[2, 0] == found.values[4, 0] == 0, "unknown values are taken as the median"
    told = " ".join(found.remarks(6))
    assert "same" in told
    assert "rare" in told
    assert "2 unknown values" in told


def test_rows_without_any_value_have_no_part() -> None:
    found = scaled({"a": np.array([1.0, np.nan, 3]), "b": np.array([1.0, np.nan, np.nan])})
    assert found.rows.tolist() == [0, 2]
    assert found.names == ("a",)
    assert "1 object without" in " ".join(found.remarks(3))


def test_one_wild_value_is_cut_and_many_equal_ones_do_not_divide_by_zero() -> None:
    wild = np.concatenate([np.random.default_rng(0).normal(size=49), [1e9]])
    mostly_equal = np.concatenate([np.zeros(49), [5.0]])
    found = scaled({"wild": wild, "mostly": mostly_equal})
    assert found.values[-1, 0] == scaling.CLIP
    assert found.values[-1, 1] == pytest.approx(5 / mostly_equal.std())


@pytest.mark.parametrize("columns", [{}, {"a": np.ones(5)}, {"a": np.array([7.0])}, {"a": np.full(4, np.nan)}])
def test_nothing_to_compare_is_said(columns: dict[str, np.ndarray]) -> None:
    with pytest.raises(InvalidInputError, match=r"[Mm]easure"):
        scaled(columns)


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "MAX_CELLS", 10)
    with pytest.raises(TooLargeError, match="more than 10 values"):
        scaled({"a": np.arange(6.0), "b": np.arange(6.0)})
