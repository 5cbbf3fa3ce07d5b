import json

import numpy as np
import pytest
import shapely

from cytoloop.annotations import classraster, vectortiles
from cytoloop.annotations.classraster import SIDE, STEPS_PER_DOUBLING
from cytoloop.annotations.geometry import Kind
from cytoloop.annotations.model import ChangeSet, NewAnnotation, Status
from cytoloop.annotations.tileaddress import TileAddress
from cytoloop.annotations.vectortiles import display_tile
from cytoloop.core.geometry import Plane

from .conftest import Desk

ZOOM = 3
PLACES = np.random.default_rng(2).uniform(0, 4096, (900, 2))
TERMS = np.arange(900) % 3
STATES = [Status.REJECTED if i % 10 == 0 else Status.PREDICTED if i % 10 < 4 else Status.ACCEPTED for i in range(900)]


@pytest.fixture
def crowded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(vectortiles, "MAX_OUTLINES", 10)
    monkeypatch.setattr(vectortiles, "MAX_CLUSTERED", 20)
    creates = [
        NewAnnotation(shapely.Point(x, y), Kind.POINT, term_id=int(term) or None, status=state, z=int(x > 4000))
        for (x, y), term, state in zip(PLACES, TERMS, STATES, strict=True)
    ]
    desk.change(ChangeSet("Draw", creates=creates))
    return desk


def read(desk: Desk, address: TileAddress, z: int = 0) -> dict[tuple[int, bool], np.ndarray]:
    """Counts in the squares of each plane, as a viewer reads them."""
    with desk.database.read() as c:
        tile = display_tile(c, desk.layer.id, address, Plane(z, 0))
    if not tile.content:
        return {}
    assert tile.media_type == classraster.MEDIA_TYPE
    length = int.from_bytes(tile.content[:4], "little")
    header = json.loads(tile.content[4 : 4 + length])
    levels = np.frombuffer(tile.content[4 + length :], np.uint8).reshape(-1, header["side"], header["side"])
    counts = np.exp2(levels / STEPS_PER_DOUBLING) - 1
    return {(one["term"], one["predicted"]): counts[index] for index, one in enumerate(header["planes"])}


def expected(term: int, state: Status, z: int) -> np.ndarray:
    grid = np.zeros((SIDE, SIDE))
    for (x, y), mine, its_state in zip(PLACES, TERMS, STATES, strict=True):
        if (mine, its_state, int(x > 4000)) == (term, state, z):
            grid[int(y * SIDE / 4096), int(x * SIDE / 4096)] += 1
    return grid


def test_each_class_and_state_is_counted_where_it_lies(crowded: Desk) -> None:
    planes = read(crowded, TileAddress(ZOOM, 0, 0))
    assert set(planes) == {(term, state) for term in (0, 1, 2) for state in (False, True)}
    for (term, predicted), counts in planes.items():
        state = Status.PREDICTED if predicted else Status.ACCEPTED
        assert np.allclose(counts, expected(term, state, 0), rtol=0.05)


def test_another_plane_has_its_own_objects(crowded: Desk) -> None:
    planes = read(crowded, TileAddress(ZOOM, 0, 0), z=1)
    for (term, predicted), counts in planes.items():
        state = Status.PREDICTED if predicted else Status.ACCEPTED
        assert np.allclose(counts, expected(term, state, 1), rtol=0.05)
    assert read(crowded, TileAddress(ZOOM, 3, 3)) == {}


@pytest.mark.parametrize("zoom", [7, 8, 10])
def test_beyond_what_is_read_one_by_one_the_cells_are_spread(
    crowded: Desk, monkeypatch: pytest.MonkeyPatch, zoom: int
) -> None:
    monkeypatch.setattr(classraster, "MAX_READ", 100)
    planes = read(crowded, TileAddress(zoom, 0, 0))
    assert set(planes) == {(0, False), (1, False), (2, False)}
    for (term, _), counts in planes.items():
        assert counts.sum() == pytest.approx((term == TERMS).sum(), rel=0.05 if zoom > 7 else 0.2)
        part = SIDE * 4096 // (512 << zoom)
        assert counts[part:].sum() == counts[:, part:].sum() == 0
