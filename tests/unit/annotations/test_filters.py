"""What a filter chooses among rows it chooses among the packed records too."""

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cytoloop.annotations.details import Details
from cytoloop.annotations.filters import ObjectFilter, matching_records, matching_rows
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import ChangeSet, NewAnnotation, Status
from cytoloop.annotations.tables import annotation
from cytoloop.core.geometry import Box

from .conftest import Desk

WRITTEN = (
    None,
    Details(tags=("odd",)),
    Details(description="Number 12 of these", properties={"grade": 3}),
    Details(tags=("odd", "seen"), properties={"grade": "high", "sure": True}),
)


@pytest.fixture
def crowd(desk: Desk) -> Desk:
    rng = np.random.default_rng(3)
    creates = [
        NewAnnotation(
            shapely.Point(*rng.uniform(0, 3000, 2)).buffer(rng.choice([3, 30, 300])),
            Kind.POLYGON,
            term_id=[None, 1, 2][i % 3],
            score=[None, 0.25, 0.5, 0.75][i % 4],
            term_score=[None, 0.4, 0.9][i % 7 % 3],
            status=[Status.PREDICTED, Status.ACCEPTED, Status.REJECTED][i % 3],
            z=i % 2,
            details=WRITTEN[i % len(WRITTEN)] or Details(),
        )
        for i in range(200)
    ]
    desk.change(ChangeSet("Draw", creates=creates))
    return desk


def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(st.none(), strategy)


FILTERS = st.builds(
    ObjectFilter,
    ids=maybe(st.lists(st.integers(1, 220), max_size=60).map(tuple)),
    term_id=maybe(st.integers(0, 3)),
    z=maybe(st.integers(0, 2)),
    t=maybe(st.just(0)),
    min_score=maybe(st.sampled_from([0.0, 0.25, 0.6])),
    max_score=maybe(st.sampled_from([0.25, 0.6])),
    min_term_score=maybe(st.sampled_from([0.0, 0.5])),
    max_term_score=maybe(st.sampled_from([0.5, 0.9])),
    suggested=maybe(st.booleans()),
    min_area=maybe(st.sampled_from([0.0, 100.0, 3000.0])),
    max_area=maybe(st.sampled_from([100.0, 3000.0])),
    creator_ids=maybe(st.sampled_from([(), (1,), (99,)])),
    status=maybe(st.sampled_from(list(Status))),
    tag=maybe(st.sampled_from(["odd", "never"])),
    property_name=maybe(st.sampled_from(["grade", "sure"])),
    property_value=maybe(st.sampled_from(["3", "high", "true"])),
    text=maybe(st.sampled_from(["12", "number", "1", "x"])),
    window=maybe(st.sampled_from([Box(0, 0, 1000, 1000), Box(500, 700, 2500, 2600), Box(10, 10, 20, 20)])),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(chosen=FILTERS)
def test_records_and_rows_agree(crowd: Desk, chosen: ObjectFilter) -> None:
    with crowd.database.read() as c:
        rows = matching_rows(c, crowd.layer.id, chosen, [annotation.c[name] for name in ("id", "cx", "version", "x1")])
        points, facts = matching_records(c, crowd.layer.id, chosen)
    assert points["id"].tolist() == [row["id"] for row in rows]
    assert points["x"].tolist() == [row["cx"] for row in rows]
    assert facts["version"].tolist() == [row["version"] for row in rows]
    assert facts["x1"].tolist() == [row["x1"] for row in rows]


def test_each_condition_alone_chooses_some_and_leaves_some(crowd: Desk) -> None:
    alone = [
        ObjectFilter(term_id=0),
        ObjectFilter(min_score=0.5),
        ObjectFilter(max_area=100),
        ObjectFilter(min_term_score=0.5),
        ObjectFilter(suggested=True),
        ObjectFilter(status=Status.REJECTED),
        ObjectFilter(tag="odd"),
        ObjectFilter(property_name="grade", property_value="3"),
        ObjectFilter(text="12"),
        ObjectFilter(window=Box(0, 0, 1500, 1500)),
    ]
    with crowd.database.read() as c:
        counts = [len(matching_records(c, crowd.layer.id, one)[0]) for one in alone]
    assert all(0 < count < 200 for count in counts), counts
