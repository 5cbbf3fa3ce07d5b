import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from cytoloop.measurements.exploring.groups import describe
from cytoloop.measurements.exploring.wells import group_of, well_of

values = npst.arrays(np.float64, st.integers(0, 40), elements=st.floats(-1e6, 1e6) | st.just(np.nan) | st.just(np.inf))


@given(values, st.data())
def test_statistics_are_those_of_numpy(column: np.ndarray, data: st.DataObject) -> None:
    groups = data.draw(npst.arrays(np.int64, len(column), elements=st.integers(0, 3)))
    found = describe(column, groups, 4)
    for group in range(4):
        own = column[(groups == group) & np.isfinite(column)]
        assert found.n[group] == len(own)
        if len(own) == 0:
            assert np.isnan([found.mean[group], found.sd[group], found.median[group], found.maximum[group]]).all()
            continue
        quartiles = [found.minimum, found.first_quartile, found.median, found.third_quartile, found.maximum]
        expected = np.percentile(own, [0, 25, 50, 75, 100])
        np.testing.assert_allclose([one[group] for one in quartiles], expected, rtol=1e-9, atol=1e-6)
        assert found.mean[group] == pytest.approx(own.mean(), abs=1e-6)
        if len(own) > 1:
            assert found.sd[group] == pytest.approx(own.std(ddof=1), abs=1e-4)
        else:
            assert np.isnan(found.sd[group])


@pytest.mark.parametrize(
    ("name", "well", "group"),
    [
        ("plate1_B03_s1.tif", "B03", "plate1"),
        ("r02c13f01p01-ch1sk1fk1fl1.tiff", "B13", "r02c13f01p01-ch1sk1fk1fl1"),
        ("treated-A-01-2.ome.tif", "A01", "treated"),
        ("P24.png", "P24", "P24"),
        ("folder_B02/drug_2_07.tif", None, "drug_2"),
        ("control_01.tif", None, "control"),
        ("control_field3.tif", None, "control"),
        ("img (3).jpg", None, "img"),
        ("001.png", None, "001"),
        ("E99_x.tif", None, "E99_x"),
        ("Q05.tif", None, "Q"),
        ("DAB12.tif", None, "DAB"),
        ("", None, ""),
    ],
)
def test_wells_and_groups_are_read_from_names(name: str, well: str | None, group: str) -> None:
    assert (well_of(name), group_of(name)) == (well, group)
